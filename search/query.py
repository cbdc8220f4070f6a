"""Request parameters → SearchQuery: one reading for the page, the API and the command line.

Parameters are those of `GET /search` (interface.md). The caller's access tokens are passed in, never read
from the request. Called by `crm/web/api/`, `crm/web/pages/` and `crm/cli.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from schemas.documents import DOCUMENT_TYPES
from search.asked import LONGEST
from search.index import SearchQuery, SearchQueryInvalid
from search.ordering import SORTS

FILTERS = {
    "industry": "industries",
    "node": "nodes",
    "park": "park",
    "district": "district",
    "stage": "stage",
    "light": "light",
    "source": "sources",
}
"""Parameter → field of the document. Several values of one parameter: repeated, or with commas between."""
FACETS = ("type", "industries", "nodes", "park", "district", "stage", "light", "sources")
LARGEST_REQUEST = 200
"""Hits a request may ask for; an export pages on."""
_SINGLE = ("q", "sort", "cursor", "page_size", "size")
_MOST_VALUES = 50
_DEFAULT_SIZE = 20

Parameters = Mapping[str, str | Iterable[str]]


def read_query(parameters: Parameters, access: tuple[str, ...], *, facets: tuple[str, ...] = FACETS) -> SearchQuery:
    """Raises SearchQueryInvalid whose message opens with the parameter at fault: unknown, too long, out of range."""
    for name in parameters:
        if name not in FILTERS and name not in _SINGLE and name != "type":
            raise SearchQueryInvalid(f"{name}：没有这个查询参数")
    return SearchQuery(
        text=_text(_single(parameters, "q")),
        access=access,
        types=_types(parameters),
        filters={field: values for name, field in FILTERS.items() if (values := _values(parameters, name))},
        sort=_sort(_single(parameters, "sort")),
        size=_size(parameters),
        cursor=_single(parameters, "cursor") or None,
        facets=facets,
    )


def _values(parameters: Parameters, name: str) -> tuple[str, ...]:
    given = parameters.get(name, ())
    parts = [part.strip() for value in ([given] if isinstance(given, str) else given) for part in value.split(",")]
    values = tuple(dict.fromkeys(part for part in parts if part))
    if len(values) > _MOST_VALUES:
        raise SearchQueryInvalid(f"{name}：最多 {_MOST_VALUES} 个取值")
    return values


def _single(parameters: Parameters, name: str) -> str:
    given = parameters.get(name, "")
    values = [given] if isinstance(given, str) else list(given)
    if len(values) > 1:
        raise SearchQueryInvalid(f"{name}：只能给一次")
    return values[0] if values else ""


def _text(text: str) -> str:
    if len(text) > LONGEST:
        raise SearchQueryInvalid(f"q：最长 {LONGEST} 个字")
    return text.strip()


def _types(parameters: Parameters) -> tuple[str, ...]:
    types = _values(parameters, "type")
    for value in types:
        if value not in DOCUMENT_TYPES:
            raise SearchQueryInvalid(f"type：没有“{value}”这种对象，可选 {'、'.join(DOCUMENT_TYPES)}")
    return types


def _sort(sort: str) -> str:
    if not sort or sort == "relevance":
        return "relevance"
    if sort.removeprefix("-") not in SORTS:
        raise SearchQueryInvalid(f"sort：不能按“{sort}”排序，可选 relevance、{'、'.join(SORTS)}，前加 - 为倒序")
    return sort


def _size(parameters: Parameters) -> int:
    name = "page_size" if _single(parameters, "page_size") else "size"
    given = _single(parameters, name)
    if not given:
        return _DEFAULT_SIZE
    if not (given.isascii() and given.isdigit()) or not 1 <= int(given[:9]) <= LARGEST_REQUEST:
        raise SearchQueryInvalid(f"{name}：应为 1 到 {LARGEST_REQUEST} 的整数")
    return int(given)
