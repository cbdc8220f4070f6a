"""What counts as the content of a lead: nothing empty, one spelling, one hash, named differences.

The same `source_ref` with equal content gets the same receipt, with other content a conflict naming the fields
(interface.md); both answers come from here. Called by `schemas/events/leads.py` and by intake.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson


def without_empty(loaded: Mapping[str, Any]) -> dict[str, Any]:
    """`loaded` without null, empty texts, lists and objects, and false: absent and empty are equal content."""
    return {name: value for name, value in ((n, _tidy(v)) for n, v in loaded.items()) if value is not None}


def _tidy(value: Any) -> Any:
    if isinstance(value, dict):
        return without_empty(value) or None
    if isinstance(value, list):
        kept = [item for item in map(_tidy, value) if item is not None]
        return kept or None
    return None if value is False else value


def content_hash(data: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the canonical JSON of a normalised lead (`LoadedLead.data`)."""
    return hashlib.sha256(orjson.dumps(data, option=orjson.OPT_SORT_KEYS)).hexdigest()


def differing_fields(one: Mapping[str, Any], other: Mapping[str, Any]) -> tuple[str, ...]:
    """Dotted names of what two normalised leads say differently, sorted; items by place when there are equally many."""
    return tuple(sorted(_differences(one, other, "")))


def _differences(one: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in {*one, *other}:
            yield from _differences(one.get(name), other.get(name), f"{path}.{name}" if path else name)
    elif _rows(one) and _rows(other) and len(one) == len(other):
        for place, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(left, right, f"{path}.{place}")
    elif one != other:
        yield path


def _rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, Mapping) for item in value)
