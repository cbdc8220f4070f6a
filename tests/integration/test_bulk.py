"""Rows written in bulk are what SQLAlchemy would have written, whatever the database and however many they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from crm.store import bulk
from crm.store.bulk import insert_rows, table_of, upsert
from crm.store.models import BusRecord, DeadLetter, HistoryLine, InboxMessage
from tests.factories.cities import START, City


def letter(number: int, **changes: Any) -> dict[str, Any]:
    row = {"id": f"L{number}", "topic": "leads.submitted", "partition": 0, "offset": number, "received_at": START}
    row |= {"receipt_no": None, "key": None, "value": b"\x00\xff\\x41", "mended_value": None, "reason": "理由'\"%s:x\\"}
    row |= {"field": "data", "error_id": "e", "state": "open", "attempts": 1, "created_at": START, "updated_at": START}
    return row | changes


def line(**changes: Any) -> dict[str, Any]:
    row = {"aggregate": "lead", "aggregate_id": "A", "version": 1, "type": "t", "occurred_at": START}
    row |= {"recorded_at": START, "actor": {}, "reason": None, "rule_version": "r", "trace_id": None}
    return row | {"change": {}, "rows": {}} | changes


def write(city: City, model: Any, *rows: dict[str, Any]) -> None:
    with city.tools.database.write() as session:
        insert_rows(session, model, rows)


def test_bytes_texts_and_numbers_come_back_as_they_were(city: City) -> None:
    write(city, DeadLetter, letter(2**40, key=b""))
    found = city.one("dead_letters", id=f"L{2**40}")
    assert (found["value"], found["key"], found["mended_value"]) == (b"\x00\xff\\x41", b"", None)
    assert (found["reason"], found["offset"]) == ("理由'\"%s:x\\", 2**40)


def test_a_moment_of_any_zone_is_kept_in_utc_to_the_microsecond(city: City) -> None:
    beijing = datetime(2026, 3, 2, 9, 30, 0, 123456, tzinfo=timezone(timedelta(hours=8)))
    write(city, DeadLetter, letter(1, received_at=beijing))
    assert city.one("dead_letters", id="L1")["received_at"] == beijing.astimezone(UTC)


def test_a_moment_without_a_zone_is_refused(city: City) -> None:
    with pytest.raises(ValueError, match="without a time zone"):
        write(city, DeadLetter, letter(1), letter(2, received_at=datetime(2026, 3, 2)))  # noqa: DTZ001
    assert city.count("dead_letters") == 0


def test_json_keeps_its_nesting_its_nulls_and_its_digits(city: City) -> None:
    change = {"空": None, "b": [1, 2.5, {"深": [True, []]}], "big": 2**53}
    write(city, HistoryLine, line(change=MappingProxyType(change)))
    assert city.one("history", aggregate_id="A")["change"] == change


def test_rows_that_carry_other_columns_go_in_one_call(city: City) -> None:
    bare = line(aggregate_id="B")
    del bare["reason"]
    write(city, HistoryLine, line(reason="说明"), bare)
    assert [city.one("history", aggregate_id=name)["reason"] for name in "AB"] == ["说明", None]


def test_a_row_that_is_there_already_is_an_error_and_nothing_is_written(city: City) -> None:
    message = {"consumer": "c", "source": "s", "event_id": "1", "content_hash": "h", "processed_at": START}
    write(city, InboxMessage, message)
    with pytest.raises(IntegrityError):
        write(city, InboxMessage, message | {"event_id": "2"}, message)
    assert city.count("inbox", consumer="c") == 1


def test_an_upsert_leaves_alone_what_a_row_does_not_carry(city: City) -> None:
    write(city, DeadLetter, letter(1, receipt_no="R1"))
    with city.tools.database.write() as session:
        upsert(session, table_of(DeadLetter), [letter(1, state="mended", receipt_no="R2"), letter(2)])
        partly = letter(1, reason="新")
        del partly["receipt_no"]
        upsert(session, table_of(DeadLetter), [partly])
    assert [(row["receipt_no"], row["reason"]) for row in city.rows("dead_letters", id="L1")] == [("R2", "新")]
    assert city.count("dead_letters") == 2


def test_what_is_too_large_for_one_statement_goes_in_several(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "CHUNK_BYTES", 2_000)
    value = b"x" * 700
    rows = [
        {"topic": "t", "partition": 0, "offset": n, "key": None, "value": value, "headers": [], "appended_at": START}
        for n in range(9)
    ]
    write(city, BusRecord, *rows)
    assert [row["offset"] for row in city.rows("bus_records", topic="t")] == list(range(9))
