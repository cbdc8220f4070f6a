"""The search document: one shape for every type, written by `crm/services/documents.py`, read by `search/`.

Multi-valued fields are tuples. `access` decides who may see the document at all: tokens such as
`public`, `bureau`, `org:AG-SH`, `district:KHTD`, `user:…`. A confidential project stands here under its code name only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

DOCUMENT_TYPES = ("enterprise", "lead", "project", "park", "carrier")
FACET_FIELDS = ("type", "industries", "nodes", "park", "district", "stage", "light", "sources", "province", "city")
SORT_FIELDS = ("updated_at", "investment", "name")


@dataclass(frozen=True, slots=True)
class SearchDocument:
    """`investment` in 元; `updated_at` ISO 8601 UTC; codes are those of the reference pack."""

    type: str
    id: str
    name: str  # full name, title, or code name: what a list shows
    access: tuple[str, ...]
    uscc: str | None = None
    full_names: tuple[
        str, ...
    ] = ()  # names in force: of the enterprise, of a lead's or project's enterprise, park aliases
    former_names: tuple[str, ...] = ()
    short_names: tuple[str, ...] = ()
    english_names: tuple[str, ...] = ()
    title: str = ""
    body: str = ""  # main business, business scope, summary: product words are found here
    source_refs: tuple[str, ...] = ()
    industries: tuple[str, ...] = ()
    nodes: tuple[str, ...] = ()
    park: str | None = None
    district: str | None = None
    stage: str | None = None
    light: str | None = None
    sources: tuple[str, ...] = ()  # codes of the reporting organisations
    province: str | None = None
    city: str | None = None
    investment: int | None = None
    updated_at: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> SearchDocument:
        fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**fields)
