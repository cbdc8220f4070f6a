"""`/search` and `/suggest`: one box over everything, inside the caller's scope; the index's lag is said with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from crm.domain.scope import access_of
from crm.store.queries.scope import scope_of
from crm.web.api.described import Resource, answers, takes
from crm.web.auth import current_actor, deployment
from crm.web.freshness import index_lag_seconds
from schemas.api.search import SearchArguments, SearchPage, SuggestArguments, Suggestions
from search.index import Hit
from search.query import FILTERS, read_query

PARAMETER_OF = {field: parameter for parameter, field in FILTERS.items()}
resource = Resource("api_search", __name__, url_prefix="/api/v1", description="检索")


@resource.route("/search")
@resource.doc(parameters=[{"in": "query", "schema": SearchArguments}])
@answers(resource, SearchPage, 422)
def search() -> Mapping[str, Any]:
    """检索企业、线索、项目、园区、载体"""
    here = deployment()
    query = read_query(request.args.to_dict(flat=False), _access())
    page = here.tools.index.search(query)
    return {
        "total": page.total,
        "items": [hit_values(hit) for hit in page.hits],
        "facets": {
            PARAMETER_OF.get(field, field): {value.value: value.count for value in values}
            for field, values in page.facets.items()
        },
        "index_lag_seconds": index_lag_seconds(here),
        "next": page.next,
    }


@resource.route("/suggest")
@takes(resource, SuggestArguments, query=True)
@answers(resource, Suggestions, 422)
def suggest(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """边输边找，按名称"""
    hits = deployment().tools.index.suggest(wanted["q"], _access())
    return {"items": [hit_values(hit) for hit in hits]}


def _access() -> tuple[str, ...]:
    with deployment().tools.database.read() as session:
        return access_of(scope_of(session, current_actor()))


def hit_values(hit: Hit) -> dict[str, Any]:
    """A hit with what a list shows of its document."""
    document = hit.document
    return {
        "type": hit.type,
        "id": hit.id,
        "name": hit.name,
        "score": hit.score,
        "uscc": hit.uscc,
        "source_refs": hit.source_refs,
        "why": hit.why,
        "highlight": hit.highlight,
        "title": document.title or None,
        "district": document.district,
        "park": document.park,
        "stage": document.stage,
        "light": document.light,
    }
