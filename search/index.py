"""PORT SearchIndex: what the product asks of a search engine, in words of its own.

Adapters: `search/embedded_index.py` (tantivy) and `search/elastic_index.py`. One contract suite,
`tests/contract/test_search_index.py`, holds for both. Tokens are made once, in `search/tokens.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from schemas.documents import SearchDocument


class SearchError(Exception):
    """Root of the port's errors."""


class SearchUnavailable(SearchError):
    """The engine cannot be reached, or refuses work for now (429, disk full)."""


class SearchRefused(SearchUnavailable):
    """The engine does not accept our credentials, or they do not suffice: trying again at once does not help."""


class SearchQueryInvalid(SearchError):
    """A filter, sort or cursor that the index does not know; the message names it."""


@dataclass(frozen=True, slots=True)
class VersionedDocument:
    """A document at a revision of `search_documents`; `document` None is a tombstone."""

    type: str
    id: str
    revision: int
    document: SearchDocument | None


@dataclass(frozen=True, slots=True)
class UpsertResult:
    written: int
    stale: int  # older revisions refused; an equal revision counts as written


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A query inside a scope. `access` holds the caller's access tokens: a document is seen, counted and
    faceted only when it carries one of them; an empty tuple sees nothing. Filters are AND between
    fields, OR inside one. `sort`: `relevance`, or a field name, `-` before it for descending."""

    text: str = ""
    access: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = "relevance"
    size: int = 20
    cursor: str | None = None
    facets: tuple[str, ...] = ()
    highlight: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """One hit. `why` names the rung of the ladder (名称 曾用名 简称 拼音 首字母 信用代码 经营范围 …); `highlight` is
    escaped HTML in which only <mark> is markup, or None."""

    type: str
    id: str
    name: str
    score: float
    uscc: str | None
    source_refs: tuple[str, ...]
    why: str
    highlight: str | None
    document: SearchDocument


@dataclass(frozen=True, slots=True)
class FacetValue:
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class SearchPage:
    """A page; `total` counts all matches inside the scope, `next` is the cursor of the next page."""

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[FacetValue, ...]]
    next: str | None


@dataclass(frozen=True, slots=True)
class IndexedRevision:
    type: str
    id: str
    revision: int
    deleted: bool


class Rebuild(Protocol):
    """A rebuild under way: the old index stays readable, writes go to both, until `finish` swaps."""

    def put(self, documents: Sequence[VersionedDocument]) -> None: ...

    def finish(self) -> None:
        """Swap: from here on the new index answers; nothing written meanwhile is lost."""

    def abandon(self) -> None: ...


class SearchIndex(Protocol):
    """A search engine.

    Promises: an upsert is idempotent; an older revision never replaces a newer one; a tombstone stays
    (a late upsert of an older revision does not bring the row back); facets, totals and hits obey
    `SearchQuery.access`; paging by cursor neither repeats nor skips a document that did not change.
    """

    def ensure(self) -> None:
        """Create what is missing. Raises SearchUnavailable."""

    def upsert(self, documents: Iterable[VersionedDocument]) -> UpsertResult:
        """Write documents and tombstones in one bulk request. Durable and visible to `search` on return of
        `refresh`, at the latest one second later. Raises SearchUnavailable."""

    def refresh(self) -> None:
        """Make everything written visible to `search`."""

    def search(self, query: SearchQuery) -> SearchPage: ...

    def suggest(self, text: str, access: tuple[str, ...], size: int = 8) -> tuple[Hit, ...]:
        """Hits by name only while typing, inside the scope."""

    def revisions(self) -> Iterator[IndexedRevision]:
        """Every document and tombstone with its revision, for check and repair."""

    def begin_rebuild(self) -> Rebuild: ...

    def ping(self) -> None:
        """Raises SearchUnavailable when the engine does not answer."""

    def close(self) -> None: ...
