"""A query made into what any engine has to do: the scope, the bands best first, the order inside a band.

Every adapter executes a `Plan`; none decides for itself what is visible, what matches or what comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from schemas.documents import FACET_FIELDS
from search.asked import Asked, read, split
from search.clauses import All, AnyTerm, Clause, Range, Some, Term, every, some
from search.index import SearchQuery, SearchQueryInvalid
from search.ladder import LADDER, Rung, When, clause_of
from search.ordering import RELEVANCE, SORTS, Order

DEAD = Range("deleted", 1, 1)
EVERYTHING = All()
LARGEST_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Band:
    """Documents that stand together: those of one rung (its place on the ladder), or those with a sort value.
    What `before` reaches belongs to an earlier band."""

    clause: Clause
    place: int | None = None
    before: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """`rungs` are tried together, `last` only when they found nothing in scope; a document belongs to the first
    band that holds. `asked` is None when the query has no text."""

    scope: Clause
    asked: Asked | None
    rungs: tuple[Band, ...]
    last: tuple[Band, ...]
    order: Order
    by_relevance: bool

    def bands(self, chosen: tuple[Band, ...]) -> tuple[Band, ...]:
        """The bands in order of display: the rungs themselves, or one pool cut by whether the sort value is there."""
        if self.by_relevance:
            return chosen
        pool = union(chosen)
        if self.order.present is None:
            return (Band(pool),)
        there = Term("present", self.order.present)
        return Band(All((pool, there))), Band(pool, before=(there,))


def union(bands: Sequence[Band]) -> Clause:
    """What any of the bands reaches."""
    return Some((*bands[-1].before, bands[-1].clause)) if bands else Some()


def plan(query: SearchQuery, *, names_only: bool = False) -> Plan:
    """Raises SearchQueryInvalid, naming the size, facet, filter or sort that cannot be."""
    if not 0 <= query.size <= LARGEST_PAGE:
        raise SearchQueryInvalid(f"page_size：应在 0 到 {LARGEST_PAGE} 之间")
    for field in query.facets:
        if field not in FACET_FIELDS:
            raise SearchQueryInvalid(f"{field}：不能按它分组计数")
    name = query.sort.removeprefix("-")
    if name != "relevance" and name not in SORTS:
        raise SearchQueryInvalid(f"sort：不能按“{name}”排序")
    order = SORTS.get(name, RELEVANCE)
    if query.sort.startswith("-") and name in SORTS:
        order = Order(order.columns, True, order.present)
    if not query.text.strip():
        return Plan(scope(query), None, (Band(EVERYTHING),), (), order, name not in SORTS)
    asked = read(query.text)
    first = tuple(_bands(asked, names_only, last=False))
    return Plan(scope(query), asked, first, tuple(_bands(asked, names_only, last=True)), order, name not in SORTS)


def scope(query: SearchQuery) -> Clause:
    """What the caller may see, cut down by the filters: built in once, for hits, totals, facets and suggestions.
    Tombstones carry no access token, so nobody sees one."""
    clauses: list[Clause] = [AnyTerm("access", query.access) if query.access else Some()]
    if query.types:
        clauses.append(AnyTerm("type", query.types))
    for field, values in query.filters.items():
        if field not in FACET_FIELDS:
            raise SearchQueryInvalid(f"{field}：没有这个筛选条件")
        if values:
            clauses.append(AnyTerm(field, tuple(values)))
    return All(tuple(clauses))


def _bands(asked: Asked, names_only: bool, *, last: bool) -> Iterator[Band]:
    parts = split(asked)
    reached: list[Rung] = []
    before: dict[str, Clause] = {}
    words_before: Clause | None = None
    for place, rung in enumerate(LADDER):
        if (rung.when is When.LAST) is not last or (names_only and not rung.names):
            continue
        if rung.by_word:
            reached = [*(higher for higher in reached if higher.code not in rung.covers), rung]
        whole = clause_of(rung, asked)
        by_word = _each_word(parts, reached) if parts and rung.by_word else None
        if clause := some(whole, by_word):
            yield Band(clause, place, (*before.values(), *((words_before,) if words_before else ())))
        if whole:
            before = {code: clause for code, clause in before.items() if code not in rung.covers} | {rung.code: whole}
        words_before = by_word or words_before  # words on this rung include those on the rungs above


def _each_word(parts: tuple[Asked, ...], reached: list[Rung]) -> Clause | None:
    """Every word on one of the rungs reached so far: the weakest word decides how high the document stands."""
    return every(*(some(*(clause_of(rung, part) for rung in reached)) for part in parts))
