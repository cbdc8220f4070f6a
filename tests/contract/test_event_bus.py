"""The contract of the port EventBus (`crm/bus/port.py`), for every adapter in `buses.py`."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from crm.bus.port import Delivered, EventBus, LostPartitions, Record, RecordTooLarge, Subscription
from schemas.envelope import MAX_RECORD_BYTES
from schemas.topics import LEADS_CHANGED, LEADS_SUBMITTED, TOPICS, feed_topic
from tests.contract.buses import ADAPTERS, BusUnderTest

GROUP = "readers"
PATIENCE = 15.0  # seconds a group may take to settle who reads what


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BusUnderTest]:
    made = ADAPTERS[request.param](tmp_path)
    yield made
    made.erase()


@pytest.fixture
def bus(adapter: BusUnderTest) -> EventBus:
    return adapter.bus()


def record(number: int, key: str | None = "k", topic: str = LEADS_SUBMITTED) -> Record:
    return Record(topic, key, f"{number:05d}".encode())


def publish(bus: EventBus, *numbers: int, key: str | None = "k") -> None:
    bus.publish([record(number, key) for number in numbers])


def subscribe(bus: EventBus, member: str = "m1", group: str = GROUP) -> Subscription:
    return bus.subscribe(group, [LEADS_SUBMITTED], member)


def read(subscription: Subscription, count: int, *, commit: bool = False) -> list[Delivered]:
    """Poll until `count` records are there."""
    found: list[Delivered] = []
    deadline = time.monotonic() + PATIENCE
    while len(found) < count and time.monotonic() < deadline:
        found += subscription.poll(max(count - len(found), 1), 0.2)
        if commit:
            subscription.commit()
    return found


def numbers(records: Sequence[Delivered]) -> list[int]:
    return [int(item.value) for item in records]


def nothing_more(subscription: Subscription) -> bool:
    return subscription.poll(100, 0.3) == []


def test_what_is_published_is_read(bus: EventBus) -> None:
    publish(bus, 1, 2, 3)
    assert numbers(read(subscribe(bus), 3)) == [1, 2, 3]


def test_a_group_that_comes_late_still_gets_everything(bus: EventBus) -> None:
    publish(bus, 1)
    subscription = subscribe(bus, group="late")
    publish(bus, 2)
    assert numbers(read(subscription, 2)) == [1, 2]


def test_records_of_one_key_keep_their_order(bus: EventBus) -> None:
    for number in range(60):
        publish(bus, number, key=f"key-{number % 7}")
    by_key: dict[bytes | None, list[int]] = defaultdict(list)
    for item in read(subscribe(bus), 60):
        by_key[item.key].append(int(item.value))
    assert sum(map(len, by_key.values())) == 60
    assert all(found == sorted(found) for found in by_key.values())


def test_records_of_one_key_stay_in_one_partition(bus: EventBus) -> None:
    for number in range(10):
        publish(bus, number, key="one")
    assert len({item.partition for item in read(subscribe(bus), 10)}) == 1


def test_offsets_rise_without_gaps_in_a_partition(bus: EventBus) -> None:
    publish(bus, *range(20))
    assert [item.offset for item in read(subscribe(bus), 20)] == list(range(20))


def test_each_group_gets_every_record(bus: EventBus) -> None:
    publish(bus, 1, 2)
    assert numbers(read(subscribe(bus, group="one"), 2, commit=True)) == [1, 2]
    assert numbers(read(subscribe(bus, group="other"), 2, commit=True)) == [1, 2]


def test_a_subscription_reads_its_own_topics_only(bus: EventBus) -> None:
    bus.publish([record(1, topic=LEADS_CHANGED), record(2)])
    subscription = subscribe(bus)
    assert numbers(read(subscription, 1)) == [2]
    assert nothing_more(subscription)


def test_a_feed_nobody_wrote_to_yet_can_be_read_beside_others(bus: EventBus) -> None:
    subscription = bus.subscribe(GROUP, [LEADS_SUBMITTED, feed_topic("AG-SH")], "m1")
    bus.publish([record(1), record(2, topic=feed_topic("AG-SH"))])
    assert sorted(numbers(read(subscription, 2))) == [1, 2]


def test_a_feed_that_is_named_later_is_read_without_a_restart(adapter: BusUnderTest) -> None:
    named = [LEADS_SUBMITTED]
    subscription = adapter.bus().subscribe(GROUP, lambda: named, "m1")
    publish(adapter.bus(), 1)
    assert numbers(read(subscription, 1, commit=True)) == [1]
    adapter.bus().publish([record(2, topic=feed_topic("AG-SH"))])
    named.append(feed_topic("AG-SH"))
    assert numbers(read(subscription, 1, commit=True)) == [2]
    publish(adapter.bus(), 3)
    assert numbers(read(subscription, 1, commit=True)) == [3]


def test_what_was_not_committed_is_given_again_after_a_restart(adapter: BusUnderTest) -> None:
    first = subscribe(adapter.bus())
    publish(adapter.bus(), 1, 2, 3)
    assert len(read(first, 3)) == 3
    adapter.let_members_expire()
    assert numbers(read(subscribe(adapter.bus()), 3)) == [1, 2, 3]


def test_what_was_committed_is_not_given_again_after_a_restart(adapter: BusUnderTest) -> None:
    first = subscribe(adapter.bus())
    publish(adapter.bus(), 1, 2, 3)
    read(first, 2)
    first.commit()
    read(first, 1)
    first.close()
    again = subscribe(adapter.bus())
    assert numbers(read(again, 1)) == [3]
    assert nothing_more(again)


def test_a_committed_group_that_pauses_gets_what_came_meanwhile(adapter: BusUnderTest) -> None:
    publish(adapter.bus(), 1)
    first = subscribe(adapter.bus())
    read(first, 1, commit=True)
    first.close()
    publish(adapter.bus(), 2)
    assert numbers(read(subscribe(adapter.bus()), 1)) == [2]


def test_rewind_gives_again_what_was_polled_since_the_commit(bus: EventBus) -> None:
    publish(bus, 1, 2, 3, 4)
    subscription = subscribe(bus)
    read(subscription, 2)
    subscription.commit()
    read(subscription, 2)
    subscription.rewind()
    assert numbers(read(subscription, 2)) == [3, 4]


def test_rewind_without_a_commit_gives_everything_again(bus: EventBus) -> None:
    publish(bus, 1, 2)
    subscription = subscribe(bus)
    read(subscription, 2)
    subscription.rewind()
    assert numbers(read(subscription, 2)) == [1, 2]


def test_a_poll_gives_no_more_than_asked_for(bus: EventBus) -> None:
    publish(bus, *range(10))
    subscription = subscribe(bus)
    assert len(read(subscription, 1)) == 1
    assert len(subscription.poll(4, 1)) == 4


def test_a_poll_of_nothing_comes_back_in_time(bus: EventBus) -> None:
    subscription = subscribe(bus)
    subscription.poll(10, 0)
    started = time.monotonic()
    assert subscription.poll(10, 0.3) == []
    assert time.monotonic() - started < 5


def test_members_of_a_group_share_its_records(adapter: BusUnderTest) -> None:
    one, other = subscribe(adapter.bus(), "m1"), subscribe(adapter.bus(), "m2")
    other.poll(1, 0)
    one.poll(1, 0)
    other.poll(1, 0)
    for number in range(40):
        publish(adapter.bus(), number, key=f"key-{number}")
    found: dict[str, list[int]] = {"one": [], "other": []}
    deadline = time.monotonic() + PATIENCE
    while len({*found["one"], *found["other"]}) < 40 and time.monotonic() < deadline:
        found["one"] += numbers(one.poll(100, 0.1))
        one.commit()
        found["other"] += numbers(other.poll(100, 0.1))
        other.commit()
    assert {*found["one"], *found["other"]} == set(range(40))
    assert found["one"]
    assert found["other"]


def test_another_member_takes_over_from_one_that_left(adapter: BusUnderTest) -> None:
    leaving, staying = subscribe(adapter.bus(), "m1"), subscribe(adapter.bus(), "m2")
    leaving.poll(1, 0)
    staying.poll(1, 0)
    for number in range(24):
        publish(adapter.bus(), number, key=f"key-{number}")
    taken = numbers(leaving.poll(5, 1))
    leaving.commit()
    leaving.close()
    assert set(numbers(read(staying, 24 - len(taken), commit=True))) | set(taken) == set(range(24))


def test_another_member_takes_over_from_one_that_died_and_nothing_is_lost(adapter: BusUnderTest) -> None:
    dying = subscribe(adapter.bus(), "m1")
    for number in range(24):
        publish(adapter.bus(), number, key=f"key-{number}")
    done = numbers(read(dying, 6))
    dying.commit()
    read(dying, 6)  # polled, never committed
    adapter.let_members_expire()
    heir = subscribe(adapter.bus(), "m2")
    assert set(numbers(read(heir, 18, commit=True))) == set(range(24)) - set(done)


def test_a_member_thought_dead_may_not_commit_what_another_took_over(adapter: BusUnderTest) -> None:
    publish(adapter.bus(), 1, 2)
    slow = subscribe(adapter.bus(), "m1")
    read(slow, 2)
    adapter.let_members_expire()
    heir = subscribe(adapter.bus(), "m2")
    assert numbers(read(heir, 2, commit=True)) == [1, 2]
    with pytest.raises(LostPartitions):
        slow.commit()


def test_a_member_that_lost_its_partitions_may_join_again(adapter: BusUnderTest) -> None:
    publish(adapter.bus(), 1)
    slow = subscribe(adapter.bus(), "m1")
    read(slow, 1)
    adapter.let_members_expire()
    heir = subscribe(adapter.bus(), "m2")
    read(heir, 1, commit=True)
    with pytest.raises(LostPartitions):
        slow.commit()
    heir.close()
    publish(adapter.bus(), 2)
    assert numbers(read(slow, 1)) == [2]


def test_publish_is_durable_when_it_returns(adapter: BusUnderTest) -> None:
    publish(adapter.bus(), 1)
    adapter.close()
    assert numbers(read(subscribe(adapter.bus()), 1)) == [1]


def test_a_poller_never_skips_a_record_that_committed_late(adapter: BusUnderTest) -> None:
    drawn, go_on = threading.Event(), threading.Event()
    subscription = subscribe(adapter.bus())
    subscription.poll(1, 0)
    late = threading.Thread(target=adapter.publish_slowly, args=(record(1), drawn, go_on))
    late.start()
    assert drawn.wait(10)
    overtaking = threading.Thread(target=publish, args=(adapter.bus(), 2))
    overtaking.start()
    seen = numbers(subscription.poll(10, 0.3))
    go_on.set()
    late.join()
    overtaking.join()
    subscription.commit()
    seen += numbers(read(subscription, 2 - len(seen), commit=True))
    assert sorted(seen) == [1, 2]


def test_concurrent_publishers_lose_nothing(adapter: BusUnderTest) -> None:
    buses = [adapter.bus() for _ in range(4)]

    def work(first: int) -> None:
        for number in range(first, first + 200, 4):
            publish(buses[first // 200], *range(number, number + 4), key=f"key-{number % 9}")

    threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 800, 200)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers(read(subscribe(adapter.bus()), 800))) == list(range(800))


def test_reading_while_others_publish_loses_nothing(adapter: BusUnderTest) -> None:
    subscription = subscribe(adapter.bus())
    subscription.poll(1, 0)

    def work(bus: EventBus, first: int) -> None:
        for number in range(first, first + 50):
            publish(bus, number, key=str(number))

    publishers = [threading.Thread(target=work, args=(adapter.bus(), first)) for first in (0, 50)]
    for thread in publishers:
        thread.start()
    found = numbers(read(subscription, 100, commit=True))
    for thread in publishers:
        thread.join()
    assert sorted(found) == list(range(100))


def test_a_record_too_large_is_an_error_naming_the_limit_and_nothing_is_written(bus: EventBus) -> None:
    large = Record(LEADS_SUBMITTED, "k", b"x" * (MAX_RECORD_BYTES + 1))
    with pytest.raises(RecordTooLarge, match=str(MAX_RECORD_BYTES)):
        bus.publish([record(1), large, record(2)])
    assert nothing_more(subscribe(bus))


def test_a_record_of_exactly_the_limit_goes_through(bus: EventBus) -> None:
    bus.publish([Record(LEADS_SUBMITTED, "k", b"x" * MAX_RECORD_BYTES)])
    assert len(read(subscribe(bus), 1)[0].value) == MAX_RECORD_BYTES


def test_value_key_and_headers_survive(bus: EventBus) -> None:
    bus.publish([Record(LEADS_SUBMITTED, "键/1", b"\x00\xff bytes", {"crm-reason": "缺少名称", "crm-offset": "7"})])
    (item,) = read(subscribe(bus), 1)
    assert (item.topic, item.key, item.value) == (LEADS_SUBMITTED, "键/1".encode(), b"\x00\xff bytes")
    assert dict(item.headers) == {"crm-reason": "缺少名称", "crm-offset": "7"}


def test_a_record_may_have_no_key(bus: EventBus) -> None:
    bus.publish([record(number, key=None) for number in range(5)])
    found = read(subscribe(bus), 5)
    assert sorted(numbers(found)) == list(range(5))
    assert {item.key for item in found} == {None}


def test_the_log_gives_each_record_its_time(bus: EventBus) -> None:
    publish(bus, 1, 2)
    first, second = read(subscribe(bus), 2)
    assert first.appended_at.tzinfo is not None
    assert first.appended_at <= second.appended_at


def test_lag_counts_what_a_group_has_not_committed(bus: EventBus) -> None:
    assert (bus.lag(GROUP, [LEADS_SUBMITTED]).records, bus.lag(GROUP, [LEADS_SUBMITTED]).oldest) == (0, None)
    publish(bus, 1, 2, 3)
    subscription = subscribe(bus)
    read(subscription, 2)
    assert bus.lag(GROUP, [LEADS_SUBMITTED]).records == 3
    subscription.commit()
    lag = bus.lag(GROUP, [LEADS_SUBMITTED])
    assert lag.records == 1
    assert lag.oldest is not None
    read(subscription, 1, commit=True)
    assert bus.lag(GROUP, [LEADS_SUBMITTED]).records == 0


def test_lag_is_the_groups_own(bus: EventBus) -> None:
    publish(bus, 1)
    read(subscribe(bus), 1, commit=True)
    assert bus.lag("others", [LEADS_SUBMITTED]).records == 1


def test_ensuring_topics_says_what_was_made_and_nothing_the_second_time(bus: EventBus) -> None:
    first = bus.ensure_topics()
    assert [line for line in first if line.startswith(f"建立 {LEADS_SUBMITTED}：")] != []
    assert len(first) == len(TOPICS)
    assert bus.ensure_topics() == []


def test_topics_can_be_ensured_again_and_again(bus: EventBus) -> None:
    bus.ensure_topics()
    publish(bus, 1)
    bus.ensure_topics()
    assert numbers(read(subscribe(bus), 1)) == [1]
    assert bus.lag("nobody", [topic.name for topic in TOPICS]).records == 1


def test_a_bus_that_answers_says_so(bus: EventBus) -> None:
    bus.ping()
