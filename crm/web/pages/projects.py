"""Projects: the list with its filters, and the page of one."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from crm.domain.milestones import STAGES
from crm.domain.permissions import Verb, require
from crm.services.lights import lights_of
from crm.store.queries.projects import (
    MOST_COUNTED,
    ProjectFilter,
    counts_by_stage,
    enterprise_names,
    list_projects,
)
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages.frame import pages_blueprint, show, today, tools
from crm.web.pages.listing import Listing
from crm.web.pages.project_page import show_project

blueprint = pages_blueprint("projects")
FILTERS = ("stage", "district", "track", "grade")
OFF_LINE = ("shelved", "lost", "terminated", "unchosen", "merged")


@blueprint.get("/projects")
def project_list() -> Response:
    actor = current_actor()
    require(actor, Verb.READ_PROJECTS)
    listing = Listing.of(request, filters=FILTERS, default_sort="-received_at")
    with tools().database.read() as session:
        scope = scope_of(session, actor)
        wanted = ProjectFilter(
            stages=listing.values("stage"),
            districts=listing.values("district"),
            tracks=listing.values("track"),
            grades=listing.values("grade"),
            sort=listing.sort,
            cursor=listing.cursor,
            size=listing.size,
        )
        page = list_projects(session, scope, wanted)
        enterprises = enterprise_names(session, page.items)
        lights = lights_of(session, page.items, today())
        counts = counts_by_stage(session, scope)
    return show(
        "projects.html",
        part="parts/project_rows.html",
        page=page,
        listing=listing,
        enterprises=enterprises,
        lights=lights,
        stages=[(code, _at_most(counts[code])) for code in (*STAGES, *OFF_LINE) if counts.get(code)],
    )


def _at_most(count: int) -> str:
    return str(count) if count < MOST_COUNTED else f"{MOST_COUNTED - 1}+"


@blueprint.get("/projects/<project_id>")
def project(project_id: str) -> Response:
    require(current_actor(), Verb.READ_PROJECTS)
    return show_project(project_id)
