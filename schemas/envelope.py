"""The CloudEvents 1.0 envelope every record on the bus wears, from bytes and to bytes.

Reading is defensive: whatever the bytes are, the answer is an Envelope or a SchemaError, so that a consumer can set a
poison record aside without guessing. Used by `producers/`, `consumers/` and the outbox; `data` is checked by
`schemas/registry.py`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import orjson
from marshmallow import fields

from schemas.faults import SchemaError, printable
from schemas.fields import ShortText, ZonedTime
from schemas.quick_reader import NotFaultless, QuickReader
from schemas.shapes import OpenSchema, load_strictly

__all__ = ["MAX_DEPTH", "MAX_RECORD_BYTES", "Envelope", "SchemaError", "parse", "read_json", "serialise"]

MAX_RECORD_BYTES = 900 * 1024  # interface.md: 900 KB; below Kafka's default message.max.bytes
MAX_DEPTH = 32  # a lead is four deep; the stdlib's reader needs the stack for each level
SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
_NAME = re.compile(rb'"\s*:')


@dataclass(frozen=True, slots=True)
class Envelope:
    """One event. `id` is unique per `source`; `time` is the producer's claim, with zone; `data` is unchecked yet."""

    id: str
    source: str
    type: str
    data: dict[str, Any]
    subject: str | None = None
    time: datetime | None = None
    traceparent: str | None = None


class EnvelopeSchema(OpenSchema):
    """Context attributes of CloudEvents 1.0, clause 3.1; of its extensions that of distributed tracing."""

    specversion = fields.String(required=True)
    id = ShortText(required=True, filled=True)
    source = ShortText(required=True, filled=True)
    type = ShortText(required=True, filled=True)
    subject = ShortText(allow_none=True)
    time = ZonedTime(allow_none=True, zone_required=True)
    datacontenttype = ShortText(allow_none=True)
    traceparent = ShortText(allow_none=True)


@cache
def _schema() -> EnvelopeSchema:
    """One instance a process: building a schema costs more than using it."""
    return EnvelopeSchema()


@cache
def _quick_reader() -> QuickReader:
    return QuickReader.of(_schema())


def _attributes(raw: dict[str, Any]) -> dict[str, Any]:
    try:
        return _quick_reader().load({name: value for name, value in raw.items() if name != "data"})[0]
    except NotFaultless:
        return load_strictly(_schema(), raw, "record")


def parse(record: bytes | None) -> Envelope:
    """The envelope in `record`. Raises SchemaError for anything else, an empty (tombstone) record included."""
    raw = read_json(record or b"")
    if not isinstance(raw, dict):
        raise SchemaError(("record", "须为 JSON 对象"))
    if raw.get("specversion") != SPEC_VERSION:
        raise SchemaError(("specversion", "须为 1.0"))
    attributes = _attributes(raw)
    if (attributes.get("datacontenttype") or CONTENT_TYPE).partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise SchemaError(("datacontenttype", "须为 application/json"))
    data = raw.get("data")
    if not isinstance(data, dict):
        raise SchemaError(("data", "须为 JSON 对象"))
    time = attributes.get("time")
    return Envelope(
        id=attributes["id"],
        source=attributes["source"],
        type=attributes["type"],
        data=data,
        subject=attributes.get("subject"),
        time=None if time is None else datetime.fromisoformat(time),
        traceparent=attributes.get("traceparent"),
    )


def serialise(envelope: Envelope) -> bytes:
    """The record of `envelope`. Raises SchemaError when it is over MAX_RECORD_BYTES or holds what JSON cannot carry."""
    value = {
        "specversion": SPEC_VERSION,
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "subject": envelope.subject,
        "time": None if envelope.time is None else envelope.time.isoformat(),
        "datacontenttype": CONTENT_TYPE,
        "traceparent": envelope.traceparent,
        "data": envelope.data,
    }
    try:
        record = orjson.dumps({name: part for name, part in value.items() if part is not None})
    except (TypeError, ValueError) as error:
        raise SchemaError(("data", f"不能写成 JSON：{printable(error)}")) from error
    _refuse_too_large(record)
    return record


def read_json(text: bytes) -> Any:
    """One JSON value of at most MAX_RECORD_BYTES and MAX_DEPTH, each name once in its object. Raises SchemaError."""
    _refuse_too_large(text)
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise SchemaError(("record", f"不是有效的 JSON：{printable(error)}")) from error
    names = _names_in(value)
    if names is None:
        raise SchemaError(("record", f"嵌套超过 {MAX_DEPTH} 层"))
    # orjson keeps the last of two equal names; which of them the sender meant is a guess we do not make. A name that
    # came twice, or a text that looks like one, leaves more names in the text than in the value: then look closely.
    if len(_NAME.findall(text)) != names:
        json.loads(text, object_pairs_hook=_refuse_repeated_names, parse_int=float)
    return value


def _refuse_too_large(record: bytes) -> None:
    if len(record) > MAX_RECORD_BYTES:
        raise SchemaError(("record", f"记录 {len(record)} 字节，超过上限 {MAX_RECORD_BYTES} 字节（900 KB）"))


def _names_in(value: Any) -> int | None:
    """How many names the objects in `value` have; None when it is nested too deep."""
    names = 0
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                names += len(item)
                below += [child for child in item.values() if isinstance(child, dict | list)]
            elif isinstance(item, list):
                below += [child for child in item if isinstance(child, dict | list)]
        if not below:
            return names
        level = below
    return None


def _refuse_repeated_names(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise SchemaError((printable(repeated), "同一对象中字段重复"))
