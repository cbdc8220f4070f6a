"""The two manners of reading an object: strict for people's requests, open for events and leads.

A request with an unknown field is a mistake its sender can mend now, so it is refused. An event may come from a newer
version of its producer, so unknown fields are left out (architecture, trap 8). All schemas here are one of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError

from schemas.faults import SchemaError, dotted_faults


class StrictSchema(Schema):
    """Refuses unknown fields. `example` stands in the API's description."""

    example: ClassVar[Mapping[str, Any]] = {}

    error_messages = {"unknown": "不认识的字段", "type": "须为 JSON 对象"}

    class Meta:
        unknown = RAISE


class OpenSchema(Schema):
    """Leaves unknown fields out. `example` stands in the API's description."""

    example: ClassVar[Mapping[str, Any]] = {}

    error_messages = {"type": "须为 JSON 对象"}

    class Meta:
        unknown = EXCLUDE


def load_strictly(schema: Schema, data: object, whole: str = "data") -> dict[str, Any]:
    """`data` as `schema` reads it. Raises SchemaError alone; a fault of the whole input is filed under `whole`."""
    if not isinstance(data, Mapping):
        raise SchemaError((whole, "须为 JSON 对象"))
    try:
        loaded: dict[str, Any] = schema.load(data)
    except ValidationError as error:
        raise SchemaError(*dotted_faults(error.messages, whole)) from error
    return loaded
