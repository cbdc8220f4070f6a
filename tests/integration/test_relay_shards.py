"""Relays beside each other: who sends which shard, who follows whom, and that no key's order breaks over it."""

from __future__ import annotations

import threading
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.dialects import postgresql

from crm.bus.port import EventBus, Record
from crm.domain.clock import SystemClock
from crm.store.database import Database
from crm.store.unit_of_work import OUTBOX_SHARDS, unit_of_work
from crm.store.vault import Vault
from producers.outbox_relay import BATCH, OutboxRelay, oldest_marks
from producers.relay_shards import LEASE, LOOKED_AFTER
from schemas.topics import LEADS_SUBMITTED, Topic
from tests.contract.kafka_under_test import KafkaUnderTest
from tests.factories.cities import City, CityMaker, published
from tests.factories.leads import lead_data
from tests.servers import ON_POSTGRESQL

KEYS = [f"k{number}" for number in range(40)]


def relay(city: City, holder: str, *, bus: object = None, vault: Vault | None = None) -> OutboxRelay:
    made = OutboxRelay(city.tools.database, bus or city.bus, city.clock, vault or city.tools.vault, holder)  # type: ignore[arg-type]
    made.shards.sharing = True
    return made


def mark(database: Database, values: Sequence[tuple[str, str]]) -> None:
    with unit_of_work(database, SystemClock()) as unit:
        for key, value in values:
            unit.publish(LEADS_SUBMITTED, key, value=value.encode())


def settle(city: City, *relays: OutboxRelay) -> list[int]:
    """Some looks later: how many shards each one holds."""
    for _ in range(3):
        city.clock.move(LEASE / 3)
        for each in relays:
            each.step()
    return [len(each.shards.held) for each in relays]


def shard_of(key: str) -> int:
    return zlib.crc32(key.encode()) % OUTBOX_SHARDS


class During:
    """The city's bus, on which something happens while a batch is being published."""

    def __init__(self, bus: EventBus, happens: Callable[[], object]) -> None:
        self.bus = bus
        self.happens = happens

    def publish(self, records: Sequence[Record]) -> None:
        self.bus.publish(records)
        self.happens()


def test_one_relay_has_all_shards(city: City) -> None:
    assert settle(city, relay(city, "a")) == [OUTBOX_SHARDS]


@pytest.mark.parametrize(("relays", "parts"), [(2, [2, 2]), (3, [2, 1, 1]), (4, [1, 1, 1, 1]), (5, [1, 1, 1, 1, 0])])
def test_relays_share_the_shards(city: City, relays: int, parts: list[int]) -> None:
    first, *others = [relay(city, f"r{number}") for number in range(relays)]
    settle(city, first)
    assert settle(city, first, *others) == parts
    assert len(frozenset.union(first.shards.held, *(other.shards.held for other in others))) == OUTBOX_SHARDS


def test_those_who_stay_take_over_from_one_that_leaves(city: City) -> None:
    first, second = relay(city, "a"), relay(city, "b")
    settle(city, first, second)
    second.leave()
    city.clock.move(LEASE / 3)
    first.step()
    assert len(first.shards.held) == OUTBOX_SHARDS


def test_the_shards_of_a_dead_relay_wait_for_the_end_of_its_lease(city: City) -> None:
    dead, other = relay(city, "host1-outbox-relay-1#1"), relay(city, "host2-outbox-relay-1#1")
    settle(city, dead, other)
    city.clock.move(LEASE / 3)
    other.step()
    assert len(other.shards.held) == 2
    city.clock.move(LEASE)
    other.step()
    assert len(other.shards.held) == OUTBOX_SHARDS


def test_a_relay_that_comes_back_in_its_slot_has_its_shards_at_once(city: City) -> None:
    dead, other = relay(city, "host1-outbox-relay-1#1"), relay(city, "host2-outbox-relay-1#1")
    settle(city, dead, other)
    mark(city.tools.database, [(key, key) for key in KEYS])
    heir = relay(city, "host1-outbox-relay-1#2")
    assert heir.step() == sum(shard_of(key) in dead.shards.held for key in KEYS)
    assert heir.shards.held == dead.shards.held
    heir.leave()
    assert {row["holder"] for row in city.rows("leases")} == {other.shards.holder}


def test_the_process_that_was_thought_dead_sends_no_more_and_takes_nothing_off(city: City) -> None:
    alive = relay(city, "host1-outbox-relay-1#1")
    alive.step()
    heir = relay(city, "host1-outbox-relay-1#2")
    assert heir.step() == 0
    mark(city.tools.database, [("k", "1")])
    assert alive.step() == 0  # held in its memory only
    assert city.count("outbox") == 1
    assert heir.step() == 1


def test_a_command_passing_by_takes_nothing_from_those_who_run(city: City) -> None:
    running = relay(city, "a")
    settle(city, running)
    passing = relay(city, "submit")
    passing.shards.sharing = False
    assert settle(city, passing, running) == [0, OUTBOX_SHARDS]


def test_a_relay_whose_lease_ended_while_it_published_leaves_the_marks_to_the_next(city: City) -> None:
    mark(city.tools.database, [("k", "1")])
    other = relay(city, "b")

    def next_one_looks() -> None:
        city.clock.move(LEASE + timedelta(seconds=1))
        other.shards.hold()

    slow = relay(city, "a", bus=During(city.bus, next_one_looks))
    assert slow.step() == 0
    assert slow.shards.held == frozenset()
    assert city.count("outbox") == 1
    mark(city.tools.database, [("k", "2")])
    assert other.step() == 2
    assert [row["value"] for row in published(city, [LEADS_SUBMITTED])] == [b"1", b"1", b"2"]


def test_a_relay_whose_lease_ended_before_it_published_sends_nothing(city: City) -> None:
    city.take("AG-BJ", lead_data(1))

    class Slow(Vault):
        def open(self, sealed: bytes, purpose: str) -> bytes:
            city.clock.move(LEASE)
            return city.tools.vault.open(sealed, purpose)

    assert relay(city, "a", vault=Slow("")).step() == 0
    assert published(city, [LEADS_SUBMITTED]) == []
    assert city.count("outbox") == 1


@ON_POSTGRESQL
def test_the_oldest_marks_are_read_along_an_index_however_many_wait(make_city: CityMaker) -> None:
    database = make_city("long").tools.database
    with database.write() as session:
        session.execute(
            text(
                "INSERT INTO outbox (shard, topic, key, value, documents, created_at)"
                " SELECT CASE WHEN n % 100 = 0 THEN 1 ELSE 0 END, 't', 'k' || n, 'v', '[]', now()"
                " FROM generate_series(1, 200000) n"
            )
        )
        session.execute(text("ANALYZE outbox"))
    for shards in ([1], [1, 3], [0, 1, 2, 3]):
        statement = oldest_marks(shards).compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
        with database.read() as session:
            plan = session.execute(text(f"EXPLAIN (ANALYZE, COSTS OFF, FORMAT JSON) {statement}")).scalar_one()
        nodes = list(_nodes(plan[0]["Plan"]))
        assert not {node["Node Type"] for node in nodes} & {"Seq Scan", "Sort", "Bitmap Heap Scan"}
        read = [int(node["Actual Rows"]) + int(node.get("Rows Removed by Filter", 0)) for node in nodes]
        assert max(read) < 1.1 * BATCH


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", ()):
        yield from _nodes(child)


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[KafkaUnderTest]:
    made = KafkaUnderTest(tmp_path)
    yield made
    made.erase()


@pytest.mark.kafka
def test_two_relays_under_load_keep_every_keys_order_while_one_dies_and_comes_back(
    city: City, kafka: KafkaUnderTest
) -> None:
    rounds, last = 60, "59"
    kafka.bus().ensure_topics([Topic(LEADS_SUBMITTED, 3, "key", "test")])
    stops = {holder: threading.Event() for holder in ("h-relay-1#1", "h-relay-2#1", "h-relay-1#2")}
    database, vault = city.tools.database, city.tools.vault

    def start(holder: str, *, dies: bool = False) -> threading.Thread:
        sender = OutboxRelay(database, kafka.bus(), SystemClock(), vault, holder)
        if dies:
            sender.leave = lambda: None  # type: ignore[method-assign]
        thread = threading.Thread(target=sender.run, args=[stops[holder]])
        thread.start()
        return thread

    threads = [start("h-relay-1#1", dies=True), start("h-relay-2#1")]
    for number in range(rounds):
        mark(database, [(key, f"{number:02d}") for key in KEYS])
        if number == rounds // 2:
            stops["h-relay-1#1"].set()
            threads[0].join()
            threads.append(start("h-relay-1#2"))
    reader = kafka.bus().subscribe("reader", [LEADS_SUBMITTED], "m")
    seen: dict[bytes | None, list[str]] = defaultdict(list)
    waiting = threading.Event()
    for _ in range(600):
        for record in reader.poll(1000, 0.1):
            seen[record.key].append(record.value.decode())
        if len(seen) == len(KEYS) and all(values[-1] == last for values in seen.values()):
            break
        waiting.wait(0.05)
    for stop in stops.values():
        stop.set()
    for thread in threads:
        thread.join()
    assert {key: list(dict.fromkeys(values)) for key, values in seen.items()} == {
        key.encode(): [f"{number:02d}" for number in range(rounds)] for key in KEYS
    }
    assert all(values == sorted(values) for values in seen.values())


def test_a_second_look_comes_soon_for_a_relay_that_has_less_than_its_part(city: City) -> None:
    first, second = relay(city, "a"), relay(city, "b")
    settle(city, first)
    second.step()
    assert second.shards.held == frozenset()
    city.clock.move(LEASE / 3)
    first.step()
    city.clock.move(LOOKED_AFTER)
    second.step()
    assert len(second.shards.held) == 2
