"""Questions to parks: the operator answers with one tap; bureau and districts follow those of their projects.

An operator sees the need and never whose it is.
"""

from __future__ import annotations

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from crm.domain.errors import Conflict, Invalid
from crm.domain.permissions import Verb, may, require
from crm.services import park_checks
from crm.store.queries.park_checks import checks_in_scope
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages.forms import done, sentence, text
from crm.web.pages.frame import pages_blueprint, show, tools

blueprint = pages_blueprint("checks")
STATES = {"open": "待核实", "meets": "可以", "breaks": "不行", "withdrawn": "已撤回"}


@blueprint.get("/checks")
def check_list() -> Response:
    actor = current_actor()
    require(actor, Verb.FOLLOW_CHECKS)
    everything = request.args.get("all") == "1"
    with tools().database.read() as session:
        rows = checks_in_scope(session, scope_of(session, actor), open_only=not everything)
    return show(
        "checks.html",
        rows=rows,
        everything=everything,
        states=STATES,
        sees_projects=may(actor, Verb.READ_PROJECTS),
        answers=may(actor, Verb.ANSWER_CHECKS),
    )


@blueprint.post("/checks/<check_id>/<verdict>")
def answer(check_id: str, verdict: str) -> Response:
    try:
        note = text("note", longest=500) or None
        park_checks.answer(tools(), current_actor(), check_id, verdict=verdict, note=note)
    except (Invalid, Conflict) as refusal:
        flash(sentence(refusal), "error")
        return redirect("/checks", 303)
    return done("已答复，商务局和区镇随即可见", "/checks")
