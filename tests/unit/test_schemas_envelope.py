"""The envelope: whatever the bytes are, an Envelope or a SchemaError."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import MAX_DEPTH, MAX_RECORD_BYTES, Envelope, SchemaError, parse, serialise

GOOD: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e-1",
    "source": "/organisations/AG-EXAMPLE",
    "type": "lead.submitted.v1",
    "time": "2026-01-17T09:30:00+08:00",
    "datacontenttype": "application/json",
    "data": {"source_ref": "A-1"},
}


def record(**changes: Any) -> bytes:
    return orjson.dumps({name: value for name, value in {**GOOD, **changes}.items() if value is not ...})


def field_at_fault(raw: bytes | None) -> str:
    with pytest.raises(SchemaError) as caught:
        parse(raw)
    return caught.value.field


def test_a_cloud_event_is_read() -> None:
    china = timezone(timedelta(hours=8))
    assert parse(record(subject="p-1")) == Envelope(
        id="e-1",
        source="/organisations/AG-EXAMPLE",
        type="lead.submitted.v1",
        data={"source_ref": "A-1"},
        subject="p-1",
        time=datetime(2026, 1, 17, 9, 30, tzinfo=china),
    )


def test_what_is_written_reads_the_same() -> None:
    envelope = parse(record())
    assert parse(serialise(envelope)) == envelope


def test_time_content_type_and_extensions_may_differ() -> None:
    envelope = parse(record(time=..., datacontenttype="application/json; charset=utf-8", traceparent="x"))
    assert envelope.time is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"specversion": "0.3"}, "specversion"), ({"specversion": ...}, "specversion"),
        ({"specversion": 1.0}, "specversion"),
        ({"id": ...}, "id"), ({"id": " "}, "id"), ({"id": 7}, "id"), ({"source": None}, "source"),
        ({"type": ...}, "type"),
        ({"time": "2026-01-17T09:30:00"}, "time"), ({"time": "soon"}, "time"), ({"subject": []}, "subject"),
        ({"datacontenttype": "text/xml"}, "datacontenttype"), ({"data": ...}, "data"), ({"data": []}, "data"),
        ({"data": "{}"}, "data"), ({"data": None}, "data"), ({"id": "a\x00"}, "id"),
    ],
)  # fmt: skip
def test_a_wrong_attribute_is_named(changes: dict[str, Any], field: str) -> None:
    assert field_at_fault(record(**changes)) == field


@pytest.mark.parametrize(
    "raw",
    [
        None, b"", b"{", b"[]", b"null", b"7", b'"x"', b"\xff\xfe", b"{} {}", b"{}\x00", b"\xef\xbb\xbf{}",
        b'{"a": NaN}', b'{"a": Infinity}', b'{"a": -Infinity}', b'{"a": 1e999}', b'{"a": "\\ud800"}', b"[" * 100_000,
        b'{"a":' * 5000, b"9" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(raw: bytes | None) -> None:
    assert field_at_fault(raw) == "record"


def test_nesting_beyond_the_limit_is_refused() -> None:
    deep: Any = 1
    for _ in range(MAX_DEPTH + 1):
        deep = {"a": deep}
    assert field_at_fault(record(data=deep)) == "record"


def test_a_field_given_twice_is_refused_and_named() -> None:
    assert field_at_fault(b'{"specversion":"1.0","id":"1","data":{"land":1,"land":2}}') == "land"


def test_a_field_given_twice_deep_inside_is_refused_and_named() -> None:
    assert field_at_fault(b'{"specversion":"1.0","id":"1","data":{"list":[{"deep":{"x":1,\n"x" :2}}]}}') == "x"


def test_a_text_that_looks_like_a_field_is_a_text() -> None:
    data = {"a": 'he said "b": 1, "b": 2', "c": [{'"d":': 'e": {"'}]}
    assert parse(record(data=data)).data == data


def test_a_record_over_the_limit_is_refused_on_both_ways() -> None:
    data = {"text": "x" * MAX_RECORD_BYTES}
    assert field_at_fault(record(data=data)) == "record"
    with pytest.raises(SchemaError, match="900 KB"):
        serialise(Envelope("1", "/organisations/A", "x.y.v1", data))


@pytest.mark.parametrize("value", [object(), 10**30, "\ud800", {1: 2}])
def test_what_json_cannot_carry_is_not_written(value: Any) -> None:
    with pytest.raises(SchemaError):
        serialise(Envelope("1", "/organisations/A", "x.y.v1", {"a": value}))


def test_a_message_is_chinese_and_repeats_no_control_character() -> None:
    with pytest.raises(SchemaError) as caught:
        parse(b'{"\x1b": 1}')
    assert str(caught.value).startswith("record：不是有效的 JSON")
    assert "\x1b" not in str(caught.value)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(SchemaError):
        assert isinstance(parse(raw), Envelope)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, json_values)))
def test_any_object_is_read_or_refused(attributes: dict[str, Any]) -> None:
    with suppress(SchemaError):
        assert isinstance(parse(json.dumps({**GOOD, **attributes}).encode()), Envelope)
