"""Where projects go: parks (public facts of the pack, projects in scope) and carriers (in scope)."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request
from werkzeug.wrappers import Response

from crm.domain.errors import NotFound
from crm.domain.permissions import Verb, may
from crm.domain.reference import Park
from crm.services.lights import lights_of
from crm.store.queries.parks import CarrierFilter, list_carriers
from crm.store.queries.projects import ProjectFilter, list_projects
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages.frame import pages_blueprint, show, today, tools
from crm.web.pages.listing import Listing

blueprint = pages_blueprint("places")
STATES = {"free": "空置", "held": "暂留", "let": "已出租"}
STALE_DAYS = 30


@blueprint.get("/parks")
def park_list() -> Response:
    current_actor()
    listing = Listing.of(request, filters=("district", "industry", "q"), default_sort="code")
    every = tools().reference.pack().parks.values()
    return show(
        "parks.html",
        part="parts/park_rows.html",
        parks=[park for park in every if _fits(park, listing)],
        listing=listing,
        total=len(every),
    )


def _fits(park: Park, listing: Listing) -> bool:
    districts, industries, text = listing.values("district"), listing.values("industry"), listing.single("q")
    if districts and park.district not in districts:
        return False
    if industries and not set(industries) & set(park.industries):
        return False
    return not text or any(text in words for words in (park.name, park.focus, *park.aliases, *park.anchors))


@blueprint.get("/parks/<code>")
def park_detail(code: str) -> Response:
    actor = current_actor()
    pack = tools().reference.pack()
    park = pack.parks.get(code)
    if park is None:
        raise NotFound("没有这个园区")
    inside = _inside(code, list(pack.parks.values()))
    with tools().database.read() as session:
        scope = scope_of(session, actor)
        carriers = list_carriers(session, scope, CarrierFilter(parks=(code, *(p.code for p in inside)), size=200))
        projects = list_projects(session, scope, ProjectFilter(parks=(code,), size=100))
        lights = lights_of(session, projects.items, today())
    return show(
        "park.html",
        park=park,
        inside=inside,
        carriers=carriers.items,
        projects=projects.items,
        lights=lights,
        states=STATES,
        sees_projects=may(actor, Verb.READ_PROJECTS),
    )


def _inside(code: str, parks: Sequence[Park]) -> list[Park]:
    return [park for park in parks if park.part_of == code]


@blueprint.get("/carriers")
def carrier_list() -> Response:
    actor = current_actor()
    listing = Listing.of(request, filters=("district", "state", "area"), default_sort="code")
    least = listing.single("area")
    with tools().database.read() as session:
        wanted = CarrierFilter(
            districts=listing.values("district"),
            states=listing.values("state"),
            least_area=float(least) if least.isdigit() else None,
            cursor=listing.cursor,
        )
        page = list_carriers(session, scope_of(session, actor), wanted)
    return show(
        "carriers.html",
        part="parts/carrier_rows.html",
        page=page,
        listing=listing,
        states=STATES,
        day=today(),
        stale_days=STALE_DAYS,
    )
