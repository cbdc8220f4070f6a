"""Leads: a reporter's own reports and their fate; the bureau's view of all; the correction of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from crm.domain.errors import Conflict, Invalid, Stale
from crm.domain.milestones import NAMES as STAGES
from crm.domain.permissions import Verb, may, require
from crm.services.corrections import correct, reported_data
from crm.store.queries.leads import LeadFilter, get_lead, list_leads
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages.forms import faults, sentence, version
from crm.web.pages.frame import pages_blueprint, show, tools
from crm.web.pages.listing import Listing
from crm.web.pages.report_form import LABELS, as_data, as_values, posted_values
from crm.web.pages.wording import wording

blueprint = pages_blueprint("leads")
FIXED = ("source_ref", "confidential")


@blueprint.get("/leads")
def lead_list() -> Response:
    listing = Listing.of(request, filters=("stage", "source"), default_sort="-received_at")
    actor = current_actor()
    with tools().database.read() as session:
        scope = scope_of(session, actor)
        wanted = LeadFilter(
            organisations=listing.values("source"),
            stages=listing.values("stage"),
            source_ref=listing.single("ref") or None,
            sort=listing.sort,
            cursor=listing.cursor,
            size=listing.size,
        )
        page = list_leads(session, scope, wanted)
    return show(
        "leads.html",
        part="parts/lead_rows.html",
        page=page,
        listing=listing,
        stages=[(code, STAGES[code]) for code in STAGES],
        everyone=scope.city_wide,
        may_report=may(actor, Verb.REPORT),
    )


@blueprint.get("/leads/<lead_id>")
def lead_detail(lead_id: str) -> Response:
    actor = current_actor()
    with tools().database.read() as session:
        scope = scope_of(session, actor)
        lead = get_lead(session, scope, lead_id)
        data = reported_data(session, tools().vault, lead)
    return show(
        "lead.html",
        lead=lead,
        data=data,
        values=as_values(data),
        labels=LABELS,
        may_correct=may(actor, Verb.REPORT),
        to_project=scope.city_wide and lead.project_id,
    )


@blueprint.get("/leads/<lead_id>/correct")
def correction_form(lead_id: str) -> Response:
    require(current_actor(), Verb.REPORT)
    lead, data = _reported(lead_id)
    return _form(lead, as_values(data) | _person(data), {}, 200)


@blueprint.post("/leads/<lead_id>/correct")
def correction(lead_id: str) -> Response:
    lead, before = _reported(lead_id)
    values = posted_values(request.form)
    patch = _patch(as_data({k: v for k, v in values.items() if k not in FIXED}), before)
    try:
        taken = correct(tools(), current_actor(), lead_id, version(), patch, "form")
    except Invalid as refusal:
        return _form(lead, values, dict(faults(refusal)), 422)
    except (Conflict, Stale) as refusal:
        flash(sentence(refusal), "error")
        return _form(lead, values, {}, 409 if isinstance(refusal, Conflict) else 412)
    flash("内容没有变化" if taken.duplicate else "更正已收到，几秒后生效；回执号不变", "success")
    return redirect(f"/leads/{lead_id}", 303)


def _reported(lead_id: str) -> tuple[Any, dict[str, Any]]:
    with tools().database.read() as session:
        lead = get_lead(session, scope_of(session, current_actor()), lead_id)
        return lead, reported_data(session, tools().vault, lead)


def _person(data: Mapping[str, Any]) -> dict[str, str]:
    """The first contact as form values."""
    people = data.get("contacts") or [{}]
    return {f"contacts.0.{name}": str(value) for name, value in people[0].items() if value}


def _patch(after: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """A merge patch that sets what the form says and removes what was cleared in it; the rest of the report stays."""
    patch: dict[str, Any] = {}
    for name in LABELS:
        part, _, field = name.partition(".")
        if name in FIXED or part == "contacts":
            continue
        value = (after.get(part) or {}).get(field)
        if value is not None or (before.get(part) or {}).get(field) is not None:
            patch.setdefault(part, {})[field] = value
    people = [*after.get("contacts", ()), *(before.get("contacts") or ())[1:]]
    return patch | {"contacts": people or None}


def _form(lead: Any, values: Mapping[str, str], errors: Mapping[str, str], status: int) -> Response:
    return show("lead_correct.html", status=status, lead=lead, values=values, errors=errors, labels=LABELS, t=wording())
