"""A plan carried out rung by rung on an engine that can count, order and facet a clause.

For engines without a score of their own to rank by (the embedded one). It holds the decisions that are not
the engine's: when the last resort is asked, what a total counts, why a hit is a hit. Called by
`search/embedded_index.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from schemas.documents import SearchDocument
from search.clauses import All, AnyTerm, Clause, Range
from search.hits import from_payload, hit
from search.index import FacetValue, Hit, SearchPage, SearchQuery
from search.ordering import Order, key_hash
from search.paging import Cursor, Place, decode, encode, walk
from search.plan import Band, Plan, plan, union

Address = TypeVar("Address")
Facets = Mapping[str, tuple[FacetValue, ...]]
_FIRST_GROWTH = 4


class View(Protocol[Address]):
    """One consistent state of an engine."""

    def tally(self, clause: Clause, fields: Sequence[str]) -> tuple[int, Facets]:
        """How many documents, and how many for each value of the fields, most first."""

    def first(self, clause: Clause, column: str, limit: int, *, descending: bool) -> list[tuple[int, Address]]:
        """The first documents by a number, with the number."""

    def numbers(self, column: str, addresses: list[Address]) -> list[int]: ...

    def payload(self, address: Address) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Execution(Generic[Address]):
    view: View[Address]
    query: SearchQuery
    plan: Plan

    def page(self) -> SearchPage:
        """The last resort is asked when nothing else was found; a later page stays with the choice of the first."""
        cursor = decode(self.query, self.plan)
        chosen, last_resort = self.plan.rungs, False
        total, facets = self._tally(chosen)
        if self.plan.last and (cursor.last_resort if cursor else not total):
            chosen, last_resort = self.plan.last, True
            total, facets = self._tally(chosen)
        bands = self.plan.bands(chosen)
        wanted = min(self.query.size + 1, total) if self.query.size else 0
        places = walk(self._fetch, bands, cursor, wanted)
        shown = places[: self.query.size]
        following = None
        if len(places) > len(shown):
            following = encode(self.query, Cursor(last_resort, shown[-1].band, shown[-1].numbers))
        return SearchPage(total, self._hits(shown, chosen), facets, following)

    def _tally(self, bands: tuple[Band, ...]) -> tuple[int, Facets]:
        return self.view.tally(All((self.plan.scope, union(bands))), self.query.facets)

    def _fetch(
        self, bands: Sequence[Band], band: int, after: tuple[int, ...] | None, size: int
    ) -> list[Place[Address]]:
        clause = All((self.plan.scope, bands[band].clause), without=bands[band].before)
        return [Place(band, numbers, address) for numbers, address in self._ordered(clause, after, size)]

    def _ordered(
        self, clause: Clause, after: tuple[int, ...] | None, size: int
    ) -> list[tuple[tuple[int, ...], Address]]:
        """Documents by all columns though the engine sorts by the first alone: the last group of equal numbers
        may be cut, so more is read until enough whole groups are there."""
        order = self.plan.order
        column = order.columns[0]
        if after is not None:
            clause = All((clause, Range(column, *((None, after[0]) if order.descending else (after[0], None)))))
        limit = size + 2
        while True:
            found = self.view.first(clause, column, limit, descending=order.descending)
            cut = found[-1][0] if len(found) == limit else None
            whole = self._sorted(order, found)
            following = [entry for entry in whole if after is None or _follows(entry[0], after, order.descending)]
            ready = following if cut is None else [entry for entry in following if entry[0][0] != cut]
            if cut is None or len(ready) >= size:
                return ready[:size]
            limit *= _FIRST_GROWTH

    def _sorted(self, order: Order, found: list[tuple[int, Address]]) -> list[tuple[tuple[int, ...], Address]]:
        addresses = [address for _, address in found]
        finer = [self.view.numbers(column, addresses) for column in order.columns[1:]]
        rows = [((number, *(values[i] for values in finer)), address) for i, (number, address) in enumerate(found)]
        return sorted(rows, key=lambda row: row[0], reverse=order.descending)

    def _hits(self, places: list[Place[Address]], chosen: tuple[Band, ...]) -> tuple[Hit, ...]:
        documents = [from_payload(self.view.payload(place.address)).document for place in places]
        live = [(place, document) for place, document in zip(places, documents, strict=True) if document is not None]
        rungs = self._rungs_by_key([document for _, document in live], chosen) if not self.plan.by_relevance else {}
        return tuple(
            hit(
                document,
                self.plan.asked,
                chosen[place.band].place if self.plan.by_relevance else rungs.get(_key(document)),
                mark=self.query.highlight,
            )
            for place, document in live
        )

    def _rungs_by_key(self, documents: list[SearchDocument], chosen: tuple[Band, ...]) -> dict[str, int]:
        """Which rung each document reached, where another sort put it in its place."""
        left = {key_hash(_key(document)): _key(document) for document in documents}
        rungs: dict[str, int] = {}
        for band in chosen:
            if band.place is None or not left:
                break
            here = All((AnyTerm("key", tuple(left.values())), band.clause))
            for number, _ in self.view.first(here, "hash", len(left), descending=False):
                rungs[left.pop(number)] = band.place
        return rungs


def key_number(document: SearchDocument) -> int:
    return key_hash(_key(document))


def _key(document: SearchDocument) -> str:
    return f"{document.type}:{document.id}"


def _follows(numbers: tuple[int, ...], after: tuple[int, ...], descending: bool) -> bool:
    return numbers < after if descending else numbers > after


def execute(view: View[Address], query: SearchQuery, *, names_only: bool = False) -> SearchPage:
    """Raises SearchQueryInvalid for a size, facet, filter, sort or cursor that cannot be."""
    return Execution(view, query, plan(query, names_only=names_only)).page()
