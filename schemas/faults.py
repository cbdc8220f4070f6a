"""The schemas' own error, and the way from marshmallow's nested messages to dotted fields.

Kept apart from `crm.domain.errors` because this room stands below `crm` and knows nothing of it: `crm`, consumers and
producers translate `SchemaError` into `Invalid` at their edge. Every module of this room raises only this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MAX_FAULTS = 50  # a hostile record must not turn its answer into a flood
_WHOLE = "_schema"  # where marshmallow files the faults of an object as a whole


class SchemaError(Exception):
    """Input that breaks a contract. `errors` are (dotted field, Chinese sentence) pairs, never empty."""

    def __init__(self, *errors: tuple[str, str]) -> None:
        self.errors: tuple[tuple[str, str], ...] = errors[:MAX_FAULTS]
        super().__init__("；".join(f"{field}：{message}" for field, message in self.errors))

    @property
    def field(self) -> str:
        """The first field at fault: what a dead letter's `crm-field` and a command's error line carry."""
        return self.errors[0][0]


def printable(text: object, limit: int = 100) -> str:
    """`text` cut short and free of what UTF-8 or a terminal cannot carry, to be quoted in a message."""
    safe = str(text)[:limit].encode("utf-8", "replace").decode("utf-8")
    return "".join(ch if ch.isprintable() else "?" for ch in safe)


def dotted_faults(messages: object, whole: str = "data", path: str = "") -> tuple[tuple[str, str], ...]:
    """marshmallow's nested messages as (dotted field, message); `whole` names a fault of the input itself."""
    return tuple(_walk(messages, whole, path))


def _walk(messages: object, whole: str, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for key, below in messages.items():
            yield from _walk(below, whole, path if key == _WHOLE else _join(path, key))
    elif isinstance(messages, list | tuple):
        for below in messages:
            yield from _walk(below, whole, path)
    else:
        yield path or whole, str(messages)


def _join(path: str, key: Any) -> str:
    return f"{path}.{printable(key)}" if path else printable(key)
