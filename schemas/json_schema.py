"""marshmallow schemas as JSON Schema 2020-12, so that outsiders can check events without Python.

Small on purpose: it knows the field types of `schemas/fields.py` and nothing else; an unknown one is an error, not a
gap in the documents. Called by `schemas/registry.py` for docs/events.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from schemas.amounts import Amount, Count
from schemas.texts import Text

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_KEPT = ("description", "maxLength", "enum", "format", "minimum", "maximum", "maxItems")


def schema_document(schema: Schema) -> dict[str, Any]:
    """The JSON Schema of an object `schema` loads, as it is written (texts such as "5亿元" are read too)."""
    properties = {field.data_key or name: _field(field) for name, field in schema.load_fields.items()}
    required = sorted(field.data_key or name for name, field in schema.load_fields.items() if field.required)
    document: dict[str, Any] = {"type": "object", "properties": properties}
    if required:
        document["required"] = required
    return document


def _field(field: fields.Field[Any]) -> dict[str, Any]:
    described = {name: value for name, value in field.metadata.items() if name in _KEPT}
    shape = _shape(field) | described
    if field.allow_none:
        shape["type"] = [*_as_list(shape["type"]), "null"]
        if "enum" in shape:
            shape["enum"] = [*shape["enum"], None]
    return shape


def _as_list(kind: str | list[str]) -> list[str]:
    return [kind] if isinstance(kind, str) else kind


def _shape(field: fields.Field[Any]) -> dict[str, Any]:
    match field:
        case fields.Nested():
            return schema_document(field.schema)
        case fields.List():
            return {"type": "array", "items": _field(field.inner)}
        case Count():
            return {"type": "integer"}
        case Amount():
            return {"type": "number"}
        case fields.Boolean():
            return {"type": "boolean"}
        case fields.Dict():
            return {"type": "object"}
        case Text() | fields.String():
            return {"type": "string"}
    raise TypeError(f"no JSON Schema for {type(field).__name__}")
