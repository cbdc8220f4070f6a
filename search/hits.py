"""Documents as they lie in the index (payload) and as they come back (Hit). Called by the adapters."""

from __future__ import annotations

from typing import Any

import orjson

from schemas.documents import SearchDocument
from search.asked import Asked
from search.highlight import highlight
from search.index import Hit, VersionedDocument
from search.ladder import LADDER, weight


def to_payload(versioned: VersionedDocument) -> bytes:
    """The versioned document whole, so that an index can be made anew from what it stores."""
    return orjson.dumps(versioned)


def from_payload(payload: bytes) -> VersionedDocument:
    return from_values(orjson.loads(payload))


def from_values(values: dict[str, Any]) -> VersionedDocument:
    """A payload already read as JSON."""
    document = values["document"]
    return VersionedDocument(
        type=values["type"],
        id=values["id"],
        revision=values["revision"],
        document=SearchDocument.from_dict(document) if document is not None else None,
    )


def hit(document: SearchDocument, asked: Asked | None, place: int | None, *, mark: bool) -> Hit:
    """A hit on the rung at `place`; without a text nothing was hit: score 0, no reason, no highlight."""
    rung = LADDER[place] if place is not None else None
    return Hit(
        type=document.type,
        id=document.id,
        name=document.name,
        score=weight(place) if place is not None else 0.0,
        uscc=document.uscc,
        source_refs=document.source_refs,
        why=rung.why if rung else "",
        highlight=highlight(document, asked, rung) if mark and asked and rung else None,
        document=document,
    )
