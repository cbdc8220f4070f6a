"""A district officer's day: what to answer, whom to contact, what to confirm. And the bureau's confirmations."""

from __future__ import annotations

from werkzeug.wrappers import Response

from crm.domain.actors import Role
from crm.domain.errors import NotFound
from crm.domain.permissions import Verb, require
from crm.services.lights import lights_of
from crm.store.queries.awaiting import claims_waiting, pending_dispatches, working_projects
from crm.store.queries.enterprises import enterprises_of
from crm.store.queries.queue import latest_matches
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages import evidence
from crm.web.pages.clocks import until
from crm.web.pages.frame import pages_blueprint, show, today, tools
from crm.web.pages.queue import product_of

blueprint = pages_blueprint("district")
ANSWER = "3 个工作日内答复"
WORST_FIRST = ("red", "yellow", "green")


@blueprint.get("/district")
def district_day() -> Response:
    actor = current_actor()
    if actor.role is not Role.DISTRICT:
        raise NotFound("没有这个页面")
    now = tools().clock.now()
    with tools().database.read() as session:
        scope = scope_of(session, actor)
        pending = pending_dispatches(session, scope)
        working = working_projects(session, scope)
        claims = claims_waiting(session, scope, "district")
        lights = lights_of(session, working, today())
        matches = latest_matches(session, [project.id for _, project in pending])
        enterprises = enterprises_of(session, [*working, *(project for _, project in pending)])
    order = {colour: place for place, colour in enumerate(WORST_FIRST)}
    return show(
        "district.html",
        pending=[
            (
                a,
                p,
                until(a.due_at, now, ANSWER),
                matches.get(p.id),
                product_of(p, enterprises.get(p.enterprise_id or "")),
            )
            for a, p in pending
        ],
        working=sorted(working, key=lambda p: order[lights[p.id].colour]),
        lights=lights,
        counts={colour: sum(light.colour == colour for light in lights.values()) for colour in WORST_FIRST},
        claims=claims,
        enterprises=enterprises,
        shown_evidence=evidence.shown,
    )


@blueprint.get("/confirmations")
def confirmations() -> Response:
    """Claims that wait for the bureau: signed, from 1亿 on, those that complete landing, the random tenth."""
    actor = current_actor()
    require(actor, Verb.DISPATCH)
    with tools().database.read() as session:
        claims = claims_waiting(session, scope_of(session, actor), "bureau")
    return show("confirmations.html", claims=claims, shown_evidence=evidence.shown)
