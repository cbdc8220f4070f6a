"""The fields of the index and how each is analysed: declared once, read by every adapter.

Analysis is always by whitespace, since tokens are made in Python (`search/tokens.py`); codes are taken
whole. An adapter builds its schema from `FIELDS` and changes its index when `digest()` changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

from schemas.documents import FACET_FIELDS


class Kind(StrEnum):
    """WORDS: whitespace, with positions, for phrases. TERMS: whitespace, no positions. KEYWORD: the value whole.
    FACET: a keyword that can be counted. NUMBER: unsigned, for sorting and ranges. STORED: kept, not searched."""

    WORDS = "words"
    TERMS = "terms"
    KEYWORD = "keyword"
    FACET = "facet"
    NUMBER = "number"
    STORED = "stored"


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    kind: Kind


TOKENS_VERSION = 1
"""Raised whenever `search/tokens.py` or the name model yields other tokens for the same document."""

_KEYS = (
    "uscc",
    "numbers",
    "full_keys",
    "former_keys",
    "short_keys",
    "english_keys",
    "cores",
    "brands",
    "shorthands",
    "trade",
    "near",
)
_SOUNDS = ("pinyin", "pinyin_inner", "initials", "initials_inner")
_TEXTS = ("names", "formers", "title", "place", "body_head", "body")
_NUMBERS = ("hash", "revision", "deleted", "rank", "sort_updated_at", "sort_investment", "sort_name", "sort_name_rest")

FIELDS = (
    Field("key", Kind.KEYWORD),  # type:id, unique
    Field("access", Kind.KEYWORD),
    Field("present", Kind.KEYWORD),  # sort fields that have a value: a missing one sorts last both ways
    *(Field(name, Kind.FACET) for name in FACET_FIELDS),
    *(Field(name, Kind.TERMS) for name in (*_KEYS, *_SOUNDS)),
    *(Field(name, Kind.WORDS) for name in _TEXTS),
    *(Field(name, Kind.NUMBER) for name in _NUMBERS),
    Field("payload", Kind.STORED),  # the versioned document as JSON
)


def digest() -> str:
    """Changes whenever an index built before can no longer be read by this code."""
    described = ";".join(f"{field.name}={field.kind}" for field in FIELDS) + f";tokens={TOKENS_VERSION}"
    return blake2b(described.encode(), digest_size=4).hexdigest()
