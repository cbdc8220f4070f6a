"""The relay: marks leave in order, one relay at a time, and a crash between sending and taking off does no harm."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from crm.bus.port import EventBus, Record, RecordTooLarge
from crm.domain.errors import Unavailable
from crm.store.unit_of_work import unit_of_work
from producers.outbox_relay import OutboxRelay
from producers.relay_shards import LEASE
from schemas.envelope import MAX_RECORD_BYTES
from schemas.topics import LEADS_DEAD, LEADS_SUBMITTED
from tests.factories.cities import City, published
from tests.factories.leads import cloud_event, delivered, lead_data


class Crash(Exception):
    """The process is killed here."""


class FailingAfter:
    """The city's bus, failing right after the records are durable."""

    def __init__(self, bus: EventBus, error: Exception) -> None:
        self.bus = bus
        self.error = error

    def publish(self, records: Sequence[Record]) -> None:
        self.bus.publish(records)
        raise self.error


def relay(city: City, holder: str, bus: object = None) -> OutboxRelay:
    return OutboxRelay(city.tools.database, bus or city.bus, city.clock, city.tools.vault, holder)  # type: ignore[arg-type]


def mark(city: City, *keys: str) -> None:
    with unit_of_work(city.tools.database, city.clock) as unit:
        for number, key in enumerate(keys):
            unit.publish(LEADS_SUBMITTED, key, value=f"{key}/{number:03d}".encode())


def test_marks_leave_in_order_and_are_taken_off(city: City) -> None:
    mark(city, *(f"k{number % 5}" for number in range(50)))
    assert relay(city, "a").step() == 50
    assert city.count("outbox") == 0
    for key in (b"k0", b"k1", b"k2", b"k3", b"k4"):
        values = [row["value"] for row in published(city, [LEADS_SUBMITTED]) if row["key"] == key]
        assert len(values) == 10
        assert values == sorted(values)


def test_an_empty_outbox_sends_nothing(city: City) -> None:
    assert relay(city, "a").step() == 0


def test_only_the_holder_of_the_leases_sends(city: City) -> None:
    first, second = relay(city, "a"), relay(city, "b")
    mark(city, "k")
    assert first.step() == 1
    mark(city, "k")
    assert second.step() == 0
    assert first.step() == 1


def test_leases_of_a_dead_relay_pass_on(city: City) -> None:
    relay(city, "a").step()
    mark(city, "k")
    city.clock.move(LEASE + timedelta(seconds=1))
    assert relay(city, "b").step() == 1


def test_a_relay_that_lost_its_leases_stops_sending(city: City) -> None:
    first = relay(city, "a")
    first.step()
    city.clock.move(LEASE + timedelta(seconds=1))
    assert relay(city, "b").step() == 0
    mark(city, "k")
    assert first.step() == 0


def test_a_failed_send_leaves_the_marks(city: City) -> None:
    mark(city, "k")
    with pytest.raises(Unavailable):
        relay(city, "a", FailingAfter(city.bus, Unavailable("away"))).step()
    assert city.count("outbox") == 1


def test_a_crash_between_publishing_and_taking_off_has_no_second_effect(city: City) -> None:
    receipt = city.take("AG-BJ", lead_data(1))
    with pytest.raises(Crash):
        relay(city, "dead", FailingAfter(city.bus, Crash())).step()
    assert city.count("outbox") == 1
    city.clock.move(LEASE + timedelta(seconds=1))
    city.pump()
    assert [lead["receipt_no"] for lead in city.rows("leads")] == [receipt.receipt_no]
    assert city.count("history", aggregate="lead") == 1
    assert city.count("dead_letters") == 0
    assert city.count("outbox") == 0


def test_a_submission_processed_meanwhile_is_not_sent_again(city: City) -> None:
    city.take("AG-BJ", lead_data(1))
    with pytest.raises(Crash):
        relay(city, "dead", FailingAfter(city.bus, Crash())).step()
    city._intake_runner.step(0)
    sent = len(published(city, [LEADS_SUBMITTED]))
    city.clock.move(LEASE + timedelta(seconds=1))
    city.pump()
    assert len(published(city, [LEADS_SUBMITTED])) == sent


def test_events_sent_twice_leave_the_index_right(searchable: City) -> None:
    searchable.take("AG-BJ", lead_data(1))
    searchable.relay.step()
    searchable._intake_runner.step(0)
    with pytest.raises(Crash):
        relay(searchable, "test-relay", FailingAfter(searchable.bus, Crash())).step()
    searchable.pump()
    revisions = {(row["type"], row["id"]): row["revision"] for row in searchable.rows("search_documents")}
    indexed = {(item.type, item.id): item.revision for item in searchable.tools.index.revisions()}
    assert indexed.items() <= revisions.items()
    assert {"lead", "project", "enterprise"} <= {kind for kind, _ in indexed}


def test_a_submitted_report_goes_out_in_the_clear_only_on_the_bus(city: City) -> None:
    city.take("AG-BJ", lead_data(1))
    assert all(b"13900001234" not in row["sealed_envelope"] for row in city.rows("submissions"))
    city.relay.step()
    (record,) = published(city, [LEADS_SUBMITTED])
    assert b"13900001234" in record["value"]


def test_a_dead_letter_over_the_limit_does_not_block_the_relay(city: City) -> None:
    """Kafka's own limit is above ours: such a record can come in, but not go out again."""
    value = cloud_event("AG-BJ", "e1", {"source_ref": "R", "x": "x" * MAX_RECORD_BYTES})
    city.intake.handle([delivered(value)])
    mark(city, "k")
    try:
        city.relay.step()
    except RecordTooLarge:
        pytest.fail("the relay stands still for good")
    (record,) = published(city, [LEADS_DEAD])
    assert dict(record["headers"])["crm-field"] == "record"
    assert city.one("dead_letters")["value"] == value
    assert city.count("outbox") == 0
