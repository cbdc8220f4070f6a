"""`/parks` and `/carriers`: public facts of parks for everybody signed in, units as far as the caller may see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.domain.errors import Invalid, NotFound
from crm.domain.reference import Park as ParkFacts
from crm.store.queries.paging import cursor_of, read_cursor
from crm.store.queries.parks import CarrierFilter, list_carriers
from crm.store.queries.scope import scope_of
from crm.web.api.described import Resource, answers, takes
from crm.web.auth import current_actor, deployment
from schemas.api.parks import CarrierArguments, CarrierPage, Park, ParkArguments, ParkPage

resource = Resource("api_parks", __name__, url_prefix="/api/v1", description="园区与载体")


@resource.route("/parks")
@takes(resource, ParkArguments, query=True)
@answers(resource, ParkPage, 422)
def all_parks(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """特色园区，按代码排列"""
    current_actor()
    _refuse_sort(wanted, "code")
    found = [park for _, park in sorted(deployment().tools.reference.pack().parks.items()) if _fits(park, wanted)]
    if wanted.get("cursor"):
        last, _ = read_cursor(wanted["cursor"], str)
        found = [park for park in found if park.code > last]
    size = wanted["page_size"]
    more = cursor_of(found[size - 1].code, "") if len(found) > size else None
    return {"items": found[:size], "next": more}


def _fits(park: ParkFacts, wanted: Mapping[str, Any]) -> bool:
    asked = (
        (wanted["district"], (park.district,)),
        (wanted["industry"], park.industries),
        (wanted["node"], park.nodes),
    )
    return all(not values or set(values) & set(own) for values, own in asked)


def _refuse_sort(wanted: Mapping[str, Any], only: str) -> None:
    if wanted.get("sort") not in (None, only):
        raise Invalid.of("sort", f"只能按 {only} 排序")


@resource.route("/parks/<code>")
@answers(resource, Park, 404)
def park(code: str) -> ParkFacts:
    """一个园区"""
    current_actor()
    found = deployment().tools.reference.pack().parks.get(code)
    if found is None:
        raise NotFound("没有这个园区")
    return found


@resource.route("/carriers")
@takes(resource, CarrierArguments, query=True)
@answers(resource, CarrierPage, 422)
def carriers(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """看得到的载体，按编号排列"""
    tools, actor = deployment().tools, current_actor()
    _refuse_sort(wanted, "id")
    asked = CarrierFilter(
        parks=tuple(wanted["park"]),
        districts=tuple(wanted["district"]),
        states=tuple(wanted["state"]),
        least_area=wanted.get("least_area"),
        cursor=wanted.get("cursor"),
        size=wanted["page_size"],
    )
    with tools.database.read() as session:
        page = list_carriers(session, scope_of(session, actor), asked)
    return {"items": page.items, "next": page.next}
