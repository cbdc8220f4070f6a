"""Search over everything in scope, and the page of an enterprise. Query, filters and counts: one reading, `search/query.py`."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from crm.domain.permissions import Verb, may, require
from crm.domain.scope import access_of
from crm.services.lights import lights_of
from crm.store.queries.enterprises import get_enterprise, projects_of
from crm.store.queries.leads import LeadFilter, list_leads
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor, deployment
from crm.web.freshness import index_lag_seconds
from crm.web.pages.frame import pages_blueprint, show, today, tools
from crm.web.pages.listing import Listing
from search.query import FILTERS, read_query

blueprint = pages_blueprint("searching")
FACETS = (
    ("type", "type", "对象"), ("industry", "industries", "产业"), ("node", "nodes", "产业链环节"),
    ("district", "district", "区镇"), ("stage", "stage", "阶段"), ("light", "light", "灯"),
    ("park", "park", "园区"), ("source", "sources", "来源"),
)  # fmt: skip
PLACES = {"enterprise": "enterprises", "lead": "leads", "project": "projects", "park": "parks"}
ASKED = ("q", "sort", "cursor", "type", *FILTERS)
SORTS = (("relevance", "相关度"), ("-updated_at", "最近更新"), ("-investment", "投资额"), ("name", "名称"))


@blueprint.get("/search")
def search() -> Response:
    actor = current_actor()
    with tools().database.read() as session:
        access = access_of(scope_of(session, actor))
    given = {name: request.args.getlist(name) for name in ASKED if request.args.getlist(name)}
    result = tools().index.search(read_query(given, access))
    listing = Listing.of(request, filters=("q", "type", *FILTERS), default_sort="relevance")
    return show(
        "search.html",
        part="parts/search_results.html",
        query=listing.single("q"),
        result=result,
        listing=listing,
        facets=[(name, label, result.facets.get(field, ())) for name, field, label in FACETS],
        chosen=[(name, label, value) for name, _, label in FACETS for value in listing.values(name)],
        sorts=SORTS,
        places=PLACES,
        index_lag=index_lag_seconds(deployment()),
    )


@blueprint.get("/enterprises/<enterprise_id>")
def enterprise(enterprise_id: str) -> Response:
    actor = current_actor()
    require(actor, Verb.READ_ENTERPRISES)
    with tools().database.read() as session:
        scope = scope_of(session, actor)
        found = get_enterprise(session, scope, enterprise_id)
        projects = projects_of(session, scope, enterprise_id)
        leads = list_leads(session, scope, LeadFilter(enterprise_id=enterprise_id, size=100))
        lights = lights_of(session, projects, today())
    return show(
        "enterprise.html",
        e=found,
        projects=projects,
        leads=leads.items,
        lights=lights,
        to_projects=may(actor, Verb.READ_PROJECTS),
    )
