"""Order: numbers by which both engines sort, and the bands that put a missing value last.

Every order is total: its last number is a 63-bit hash of `type:id` (among a million documents two share
one once in 20 million indexes). So a page can start after any document, without offsets.
Written by `search/tokens.py`, read by `search/plan.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b

from schemas.documents import DOCUMENT_TYPES, SearchDocument
from search.folding import fold_text
from search.names import parse_name
from search.pinyin import readings_of

LARGEST = (1 << 63) - 1
_LETTERS = {character: place for place, character in enumerate("0123456789abcdefghijklmnopqrstuvwxyz", start=1)}
_PACKED = 12  # letters in one number: 37**12 < 2**63


@dataclass(frozen=True, slots=True)
class Order:
    """Sort by the numbers of `columns`; `present` names the value without which a document comes last."""

    columns: tuple[str, ...]
    descending: bool = False
    present: str | None = None


RELEVANCE = Order(("rank", "hash"))
SORTS = {
    "updated_at": Order(("sort_updated_at", "hash"), present="updated_at"),
    "investment": Order(("sort_investment", "hash"), present="investment"),
    "name": Order(("sort_name", "sort_name_rest", "hash")),
}


def key_hash(key: str) -> int:
    """63 bits of `type:id`, the same in every process."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") >> 1


def _packed(letters: str) -> int:
    number = 0
    for character in letters[:_PACKED].ljust(_PACKED):
        number = number * 37 + _LETTERS.get(character, 0)
    return number


def _seconds(moment: str) -> int | None:
    try:
        parsed = datetime.fromisoformat(moment)
    except ValueError:
        return None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    return max(0, int(aware.timestamp() * 1000))


def _rank(document: SearchDocument, key: str) -> int:
    """Inside a rung: enterprises first, then the shorter name, then a fixed arbitrary order (48 bits)."""
    kind = DOCUMENT_TYPES.index(document.type) if document.type in DOCUMENT_TYPES else len(DOCUMENT_TYPES)
    return (kind << 56 | min(len(document.name), 255) << 48) | key_hash(key) & ((1 << 48) - 1)


def _spoken(name: str) -> str:
    """Pinyin of a name in its own order, read part by part (a bracketed region stands after the brand)."""
    parsed = parse_name(name)
    leads = fold_text(name).startswith(parsed.region)
    parts = (parsed.brand, parsed.industry) if not leads else (parsed.region, parsed.brand, parsed.industry)
    found = readings_of((*parts, parsed.form, parsed.branch, "" if leads else parsed.region))
    return "".join(found[0]) if found else ""


def sort_numbers(document: SearchDocument) -> dict[str, list[int] | list[str]]:
    """The numeric fields of a document. Chinese names sort by pinyin; money in 元, below zero counts as zero."""
    key = f"{document.type}:{document.id}"
    moment = _seconds(document.updated_at)
    money = document.investment
    spoken = _spoken(document.name)
    return {
        "rank": [_rank(document, key)],
        "sort_updated_at": [moment or 0],
        "sort_investment": [min(max(money or 0, 0), LARGEST)],
        "sort_name": [_packed(spoken)],
        "sort_name_rest": [_packed(spoken[_PACKED:])],
        "present": [name for name, value in (("updated_at", moment), ("investment", money)) if value is not None],
    }
