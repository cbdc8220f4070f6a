"""Matters to coordinate: a department's own, everybody's for the bureau and the leading group's office."""

from __future__ import annotations

from flask import request
from werkzeug.wrappers import Response

from crm.domain.permissions import Verb, require
from crm.store.queries.awaiting import obstacles
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages.frame import pages_blueprint, show, today, tools

blueprint = pages_blueprint("obstacles")


@blueprint.get("/obstacles")
def obstacle_list() -> Response:
    actor = current_actor()
    require(actor, Verb.READ_PROJECTS)
    everything = request.args.get("all") == "1"
    with tools().database.read() as session:
        rows = obstacles(session, scope_of(session, actor), open_only=not everything)
    return show("obstacles.html", rows=rows, everything=everything, day=today())
