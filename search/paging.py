"""Pages: cursors that name the last document shown, and the walk over the bands of a plan.

A cursor holds the band and the sort numbers of that document, so a page starts after it whatever was
written meanwhile; it also holds a mark of the query, because a cursor of another query means nothing.
Called by the adapters.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Generic, TypeVar

from search.index import SearchQuery, SearchQueryInvalid
from search.plan import Band, Plan

Address = TypeVar("Address")


@dataclass(frozen=True, slots=True)
class Place(Generic[Address]):
    """A document in order: its band, its sort numbers, and where the engine keeps it."""

    band: int
    numbers: tuple[int, ...]
    address: Address


@dataclass(frozen=True, slots=True)
class Cursor:
    last_resort: bool
    band: int
    numbers: tuple[int, ...]


def _mark(query: SearchQuery) -> str:
    filters = sorted((field, *sorted(values)) for field, values in query.filters.items())
    asked = json.dumps([query.text, query.sort, sorted(query.types), filters])
    return blake2b(asked.encode(), digest_size=6).hexdigest()


def encode(query: SearchQuery, cursor: Cursor) -> str:
    fields = [_mark(query), int(cursor.last_resort), cursor.band, *cursor.numbers]
    return base64.urlsafe_b64encode(json.dumps(fields, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(query: SearchQuery, plan: Plan) -> Cursor | None:
    """Raises SearchQueryInvalid for a cursor that was altered or belongs to another query."""
    if query.cursor is None:
        return None
    try:
        padded = query.cursor + "=" * (-len(query.cursor) % 4)
        mark, last_resort, band, *numbers = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error) as error:
        raise SearchQueryInvalid("cursor：翻页标记无法识别") from error
    whole = all(isinstance(number, int) and 0 <= number < 1 << 63 for number in (last_resort, band, *numbers))
    if mark != _mark(query) or not whole or len(numbers) != len(plan.order.columns):
        raise SearchQueryInvalid("cursor：翻页标记不属于这次查询")
    return Cursor(bool(last_resort), band, tuple(numbers))


Fetch = Callable[[Sequence[Band], int, tuple[int, ...] | None, int], list[Place[Address]]]
"""(bands, which of them, after these numbers, how many) → documents of that band and of none before it, in order."""


def walk(fetch: Fetch[Address], bands: Sequence[Band], cursor: Cursor | None, size: int) -> list[Place[Address]]:
    """Up to `size` documents from the cursor on, over as many bands as it takes."""
    places: list[Place[Address]] = []
    for band in range(cursor.band if cursor else 0, len(bands)):
        if len(places) >= size:
            break
        after = cursor.numbers if cursor and band == cursor.band else None
        places += fetch(bands, band, after, size - len(places))
    return places
