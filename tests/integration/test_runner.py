"""The consumer's loop: poison is isolated, what is away is waited for, nothing polled is ever skipped."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from consumers.runner import ATTEMPTS_ALONE, FAILURES_TO_STOP, ConsumerStopped, Handler, Runner
from crm.bus.port import Delivered, LostPartitions, Record, Subscription
from crm.domain.errors import Unavailable
from crm.services.outage import LONGEST_PAUSE
from schemas.topics import LEADS_SUBMITTED
from tests.factories.cities import City
from tests.factories.leads import cloud_event, lead_data


class Recording:
    """A handler that notes what it did and fails where it is told to."""

    name = "recording"
    most = 500

    def __init__(self, *, poison: Sequence[bytes] = (), away: int = 0) -> None:
        self.poison = set(poison)
        self.away = away
        self.done: list[bytes] = []
        self.tries: list[int] = []
        self.aside: list[tuple[bytes, str]] = []

    def handle(self, records: Sequence[Delivered]) -> None:
        self.tries.append(len(records))
        if self.away:
            self.away -= 1
            raise Unavailable("away")
        if any(record.value in self.poison for record in records):
            raise KeyError("poison")
        self.done += [record.value for record in records]

    def set_aside(self, record: Delivered, error_id: str) -> None:
        self.aside.append((record.value, error_id))


class Shaky:
    """A subscription whose calls fail now and then, as over a network."""

    def __init__(self, subscription: Subscription, **failures: list[Exception]) -> None:
        self._subscription = subscription
        self._failures = failures

    def _maybe_fail(self, call: str) -> None:
        if self._failures.get(call):
            raise self._failures[call].pop(0)

    def poll(self, max_records: int, timeout: float) -> list[Delivered]:
        self._maybe_fail("poll")
        return self._subscription.poll(max_records, timeout)

    def commit(self) -> None:
        self._maybe_fail("commit")
        self._subscription.commit()

    def rewind(self) -> None:
        self._maybe_fail("rewind")
        self._subscription.rewind()

    def close(self) -> None:
        self._maybe_fail("close")
        self._subscription.close()


def publish(city: City, *numbers: int) -> list[bytes]:
    values = [f"{number:03d}".encode() for number in numbers]
    city.bus.publish([Record(LEADS_SUBMITTED, "k", value) for value in values])
    return values


def runner(city: City, handler: Handler, **failures: list[Exception]) -> tuple[Runner, list[float]]:
    pauses: list[float] = []
    subscription = Shaky(city.bus.subscribe("test", [LEADS_SUBMITTED], "m"), **failures)
    return Runner(handler, subscription, threading.Event(), wait=pauses.append), pauses


def lag(city: City) -> int:
    return city.bus.lag("test", [LEADS_SUBMITTED]).records


def test_a_batch_is_handled_once_and_committed(city: City) -> None:
    values, handler = publish(city, 1, 2, 3), Recording()
    running, _ = runner(city, handler)
    assert running.step(0) == 3
    assert running.step(0) == 0
    assert (handler.done, handler.tries, lag(city)) == (values, [3], 0)


def test_a_poison_record_is_tried_three_times_alone_and_set_aside(city: City) -> None:
    values = publish(city, 1, 2, 3)
    handler = Recording(poison=[values[1]])
    running, _ = runner(city, handler)
    running.step(0)
    assert handler.done == [values[0], values[2]]
    assert handler.tries == [3, 1, *[1] * ATTEMPTS_ALONE, 1]
    ((aside, error_id),) = handler.aside
    assert aside == values[1]
    assert len(error_id) == 12
    assert lag(city) == 0


def test_many_in_a_row_failing_alike_stop_the_consumer(city: City) -> None:
    values = publish(city, *range(FAILURES_TO_STOP + 5))
    handler = Recording(poison=values)
    running, _ = runner(city, handler)
    with pytest.raises(ConsumerStopped, match=str(FAILURES_TO_STOP)):
        running.step(0)
    assert len(handler.aside) == FAILURES_TO_STOP - 1
    assert lag(city) == len(values)


def test_failures_with_good_ones_between_do_not_stop_it(city: City) -> None:
    values = publish(city, *range(2 * FAILURES_TO_STOP + 10))
    handler = Recording(poison=values[::2])
    running, _ = runner(city, handler)
    running.step(0)
    assert handler.done == values[1::2]
    assert len(handler.aside) == len(values[::2])


def test_what_is_unavailable_is_waited_for_longer_and_longer_and_then_done(city: City) -> None:
    values, handler = publish(city, 1, 2), Recording(away=3)
    running, pauses = runner(city, handler)
    assert [running.step(0) for _ in range(4)] == [0, 0, 0, 2]
    assert handler.done == values
    assert pauses == [0.5, 1.0, 2.0]
    assert lag(city) == 0
    assert handler.aside == []


def test_the_pause_has_a_limit_and_starts_anew_after_success(city: City) -> None:
    publish(city, 1)
    handler = Recording(away=9)
    running, pauses = runner(city, handler)
    for _ in range(10):
        running.step(0)
    assert pauses[-1] == LONGEST_PAUSE
    handler.away = 1
    publish(city, 2)
    running.step(0)
    assert pauses[-1] == 0.5


def test_records_are_not_skipped_when_rewinding_fails_too(city: City) -> None:
    values, handler = publish(city, 1, 2), Recording(away=1)
    running, _ = runner(city, handler, rewind=[Unavailable("still away")])
    running.step(0)
    values += publish(city, 3)
    for _ in range(3):
        running.step(0)
    assert handler.done == values


def test_records_are_not_skipped_when_polling_fails_in_between(city: City) -> None:
    values, handler = publish(city, 1, 2), Recording()
    running, _ = runner(city, handler, poll=[Unavailable("away")])
    assert [running.step(0) for _ in range(2)] == [0, 2]
    assert handler.done == values


def test_a_failed_commit_has_the_batch_handled_again(city: City) -> None:
    values, handler = publish(city, 1), Recording()
    running, _ = runner(city, handler, commit=[Unavailable("away")])
    running.step(0)
    running.step(0)
    assert handler.done == values * 2
    assert lag(city) == 0


def test_lost_partitions_are_no_error(city: City) -> None:
    publish(city, 1)
    running, pauses = runner(city, Recording(), commit=[LostPartitions("gone")])
    assert running.step(0) == 0
    assert pauses == []


def test_told_to_stop_it_finishes_the_batch_commits_and_leaves(city: City) -> None:
    stop = threading.Event()

    class Stopping(Recording):
        def handle(self, records: Sequence[Delivered]) -> None:
            stop.set()
            super().handle(records)

    values, handler = publish(city, 1, 2), Stopping()
    Runner(handler, city.bus.subscribe("test", [LEADS_SUBMITTED], "m"), stop).run()
    assert handler.done == values
    assert lag(city) == 0
    assert city.count("bus_members", group="test") == 0


def test_a_group_that_cannot_be_told_is_left_all_the_same(city: City) -> None:
    stop = threading.Event()
    stop.set()
    subscription = Shaky(city.bus.subscribe("test", [LEADS_SUBMITTED], "m"), close=[Unavailable("away")])
    Runner(Recording(), subscription, stop).run()


def test_an_outage_is_said_once_and_its_end_too(city: City, capsys: pytest.CaptureFixture[str]) -> None:
    publish(city, 1)
    running, _ = runner(city, Recording(away=5))
    for _ in range(7):
        running.step(0)
    said = capsys.readouterr().out
    assert (said.count("unavailable, waiting"), said.count("available again")) == (1, 1)


def test_it_leaves_the_group_when_it_stops_for_failures_too(city: City) -> None:
    values = publish(city, *range(FAILURES_TO_STOP))
    with pytest.raises(ConsumerStopped):
        Runner(Recording(poison=values), city.bus.subscribe("test", [LEADS_SUBMITTED], "m"), threading.Event()).run()
    assert city.count("bus_members", group="test") == 0


def test_a_record_intake_cannot_digest_becomes_a_dead_letter_with_its_error_id(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    from crm.services.intake import Intake

    take = Intake.take

    def failing(self: Intake, report: object) -> object:
        if getattr(report, "data", {}).get("source_ref") == "T-2026-00002":
            raise RuntimeError("a bug nobody thought of")
        return take(self, report)  # type: ignore[arg-type]

    monkeypatch.setattr(Intake, "take", failing)
    values = [cloud_event("AG-BJ", f"e{number}", lead_data(number)) for number in (1, 2, 3)]
    city.bus.publish([Record(LEADS_SUBMITTED, "k", value) for value in values])
    city.pump()
    letter = city.one("dead_letters")
    assert (letter["value"], letter["field"]) == (values[1], "record")
    assert letter["error_id"] in letter["reason"]
    assert city.count("leads") == 2
