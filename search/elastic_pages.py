"""A plan carried out in one request a page: bands as constant scores, order as a sort, the cursor as `search_after`.

The highest band a document reaches is its score (`dis_max`), so the first band that holds decides, as the
plan says. A second request is made only for the last resort, when the first found nothing. Totals and
facets come with the hits. Called by `search/elastic_index.py`, which sends the bodies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from search.elastic_language import Json
from search.elastic_language import query as said
from search.hits import from_values, hit
from search.index import FacetValue, Hit, SearchPage, SearchQuery
from search.ordering import LARGEST
from search.paging import Cursor, decode, encode
from search.plan import Band, Plan, plan

Ask = Callable[[Json], Json]
"""Send a search body, get the response."""
_FACET_VALUES = 1000
_SMALLEST = -(1 << 63)


@dataclass(frozen=True, slots=True)
class _Request:
    """One search over the bands chosen: the rungs, or the last resort."""

    query: SearchQuery
    plan: Plan
    chosen: tuple[Band, ...]
    last_resort: bool
    counted: bool

    @property
    def _by_score(self) -> bool:
        return self.plan.by_relevance and self.plan.asked is not None

    @property
    def _missing(self) -> int:
        """The number by which the server sorts a document without a value: last, whichever the direction."""
        return _SMALLEST if self.plan.order.descending else LARGEST

    def body(self, cursor: Cursor | None) -> Json:
        """The search. Sorted otherwise than by rung the score is still made: it says why a hit is a hit."""
        matched = {"must": [self._bands()]} if self.plan.asked is not None else {}
        request: Json = {
            "query": {"bool": {"filter": [said(self.plan.scope)], **matched}},
            "size": self.query.size + 1 if self.query.size else 0,
            "sort": self._sort(),
            "track_scores": self.plan.asked is not None,
            "track_total_hits": self.counted,
        }
        if cursor is not None:
            request["search_after"] = self._after(cursor)
        if self.query.facets:
            request["aggs"] = {field: {"terms": {"field": field, "size": _FACET_VALUES}} for field in self.query.facets}
        return request

    def _bands(self) -> Json:
        scored = [
            {"constant_score": {"filter": said(band.clause), "boost": self._score(place)}}
            for place, band in enumerate(self.chosen)
        ]
        return {"dis_max": {"queries": scored}}

    def _score(self, place: int) -> int:
        """Whole numbers, so that no rounding parts a band or joins two."""
        return len(self.chosen) - place

    def _sort(self) -> list[Json]:
        direction = "desc" if self.plan.order.descending else "asc"
        columns = [{column: {"order": direction, "missing": "_last"}} for column in self.plan.order.columns]
        return [{"_score": {"order": "desc"}}, *columns] if self._by_score else columns

    def _after(self, cursor: Cursor) -> list[float]:
        if self._by_score:
            return [self._score(cursor.band), *cursor.numbers]
        return [self._missing, *cursor.numbers[1:]] if cursor.band else list(cursor.numbers)

    def _cursor(self, found: Json) -> Cursor:
        numbers = tuple(int(number) for number in found["sort"])
        if self._by_score:
            return Cursor(self.last_resort, self._place(found), numbers[1:])
        if self.plan.order.present and numbers[0] == self._missing:
            return Cursor(self.last_resort, 1, (0, *numbers[1:]))
        return Cursor(self.last_resort, 0, numbers)

    def _place(self, found: Json) -> int:
        return len(self.chosen) - int(found["_score"])

    def page(self, response: Json) -> SearchPage:
        hits: list[Json] = response["hits"]["hits"]
        shown = hits[: self.query.size]
        following = encode(self.query, self._cursor(shown[-1])) if len(hits) > len(shown) else None
        total = response["hits"]["total"]["value"] if self.counted else len(hits)
        buckets = response.get("aggregations", {})
        facets = {field: _facet_values(buckets[field]["buckets"]) for field in self.query.facets}
        return SearchPage(total, tuple(map(self._hit, shown)), facets, following)

    def _hit(self, found: Json) -> Hit:
        document = from_values(found["_source"]["payload"]).document
        if document is None:  # tombstones carry no access token: none is in scope
            raise ValueError(f"{found['_id']}: a tombstone among the hits")
        rung = self.chosen[self._place(found)].place if self.plan.asked is not None else None
        return hit(document, self.plan.asked, rung, mark=self.query.highlight)


def _facet_values(buckets: list[dict[str, Any]]) -> tuple[FacetValue, ...]:
    counted = [FacetValue(bucket["key"], bucket["doc_count"]) for bucket in buckets]
    return tuple(sorted(counted, key=lambda value: (-value.count, value.value)))


def execute(ask: Ask, query: SearchQuery, *, names_only: bool = False) -> SearchPage:
    """Raises SearchQueryInvalid. The last resort is asked when nothing else was found; a later page stays with the
    choice of the first. `names_only`: suggestions, whose total nobody reads."""
    planned = plan(query, names_only=names_only)
    cursor = decode(query, planned)
    in_last = bool(planned.last) and cursor is not None and cursor.last_resort
    page = _ask(
        ask, _Request(query, planned, planned.last if in_last else planned.rungs, in_last, not names_only), cursor
    )
    if cursor is None and planned.last and not page.total:
        return _ask(ask, _Request(query, planned, planned.last, True, not names_only), None)
    return page


def _ask(ask: Ask, request: _Request, cursor: Cursor | None) -> SearchPage:
    if not request.chosen:
        return SearchPage(0, (), dict.fromkeys(request.query.facets, ()), None)
    return request.page(ask(request.body(cursor)))
