"""One project as its page shows it: read in scope, with what this actor may do to it now.

What may be done is asked of `crm/domain/permissions.py` and of the state; the services decide again when it is done.
Used by the page itself and by every refused action, which shows the page again with what was entered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from flask import flash, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from crm.domain.actors import Actor, Role
from crm.domain.clock import SHANGHAI
from crm.domain.errors import CrmError
from crm.domain.match_result import from_stored
from crm.domain.milestones import NAMES, allowed_kinds
from crm.domain.permissions import Verb, may
from crm.domain.scope import Scope
from crm.services.lights import lights_of
from crm.services.match_words import Piece, marked, words_of
from crm.store.models import Assignment, Lead, Milestone, ParkCheck, Project
from crm.store.queries.organisations import departments
from crm.store.queries.park_checks import checks_of_project
from crm.store.queries.projects import ProjectDetail, contacts_of, history_of, project_detail
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages import evidence
from crm.web.pages.chronicle import people, tell
from crm.web.pages.clocks import Clock, first_response, until
from crm.web.pages.forms import faults, sentence
from crm.web.pages.frame import names, show, today, tools

BEFORE_TALKS = ("reported", "dispatched")


def show_project(project_id: str, *, refused: CrmError | None = None, form: str = "", status: int = 200) -> Response:
    """The page. `refused`: the action `form` was refused; what was entered stands in it again. Raises NotFound."""
    actor = current_actor()
    with tools().database.read() as session:
        scope = scope_of(session, actor)
        detail = project_detail(session, scope, project_id)
        context = _context(session, scope, detail)
    if refused is not None:
        flash(sentence(refused), "error")
    kind = request.values.get("kind", "")
    claimable = _claimable(detail)
    chosen = kind if kind in claimable else _next_claim(detail, claimable)
    return show(
        "project.html",
        status=status,
        claimable=[(code, NAMES[code]) for code in claimable],
        claim_kind=chosen,
        asked=evidence.asked(chosen),
        entered=request.form if form else {},
        form=form,
        errors=faults(refused) if refused is not None else {},
        today=today().isoformat(),
        **context,
    )


def _context(session: Session, scope: Scope, detail: ProjectDetail) -> dict[str, Any]:
    project, actor = detail.project, scope.actor
    lines = history_of(session, scope, project.id)
    current = detail.assignments[-1] if detail.assignments else None
    return {
        "d": detail,
        "p": project,
        "current": current,
        "light": lights_of(session, [project], today())[project.id],
        "clock": _clock(project, current),
        "chronicle": tell(lines, names()),
        "people": people(lines, names()),
        "steps": _steps(detail),
        "can": _can(actor, scope, project, current),
        "decidable": {m.id for m in detail.milestones if _decidable(actor, m)},
        "contacts": _contacts(session, actor, detail.leads),
        "city_wide": scope.city_wide,
        "own_leads": [lead for lead in detail.leads if scope.city_wide or lead.organisation == actor.organisation],
        "departments": departments(session),
        "shown_evidence": evidence.shown,
        "enterprise_link": may(actor, Verb.READ_ENTERPRISES),
        **_proposal(session, detail),
    }


def _proposal(session: Session, detail: ProjectDetail) -> dict[str, Any]:
    """What the page shows beside the proposal: the words it rests on, each rejected park, questions asked of parks."""
    checks: dict[str, list[ParkCheck]] = {}
    for check in checks_of_project(session, detail.project.id):
        checks.setdefault(check.park, []).append(check)
    result = detail.match.result if detail.match else None
    return {
        "checks": checks,
        "rejected": from_stored(result)["rejected"] if result else [],
        "rests_on": _rests_on(detail, words_of(result)) if result else [],
    }


def _rests_on(detail: ProjectDetail, words: Sequence[str]) -> list[tuple[str, Sequence[Piece]]]:
    """The texts that were read, with the words that decided; texts without any are left out."""
    enterprise, project = detail.enterprise, detail.project
    texts = [("项目", project.summary)]
    if enterprise is not None:
        texts = [("主营", enterprise.main_business), *texts, ("经营范围", enterprise.business_scope)]
    told = [(label, marked(text, words)) for label, text in texts if text]
    return [(label, pieces) for label, pieces in told if any(hit for _, hit in pieces)]


def _can(actor: Actor, scope: Scope, project: Project, current: Assignment | None) -> Mapping[str, bool]:
    """What to offer. A district answers only what was sent to it or its children."""
    state = current.state if current else ""
    is_open = project.off_line is None
    mine = current is not None and current.district in scope.districts
    return {
        "dispatch": is_open and may(actor, Verb.DISPATCH) and state not in ("pending", "accepted"),
        "answer": is_open and may(actor, Verb.ANSWER_DISPATCH) and state == "pending" and mine,
        "transfer": is_open and may(actor, Verb.TRANSFER) and state == "accepted",
        "claim": is_open and may(actor, Verb.CLAIM_MILESTONE),
        "log": may(actor, Verb.LOG_ACTIVITY),
        "ask": is_open and may(actor, Verb.ASK_PARKS),
        "obstacle": may(actor, Verb.RAISE_OBSTACLE),
        "edit": is_open and may(actor, Verb.EDIT_PROJECT),
        "end": is_open and may(actor, Verb.END_PROJECT),
        "resume": project.off_line == "shelved" and may(actor, Verb.END_PROJECT),
    }


def _decidable(actor: Actor, milestone: Milestone) -> bool:
    if milestone.state != "claimed" or not may(actor, Verb.CONFIRM_MILESTONE) or milestone.claimed_by == actor.id:
        return False
    return milestone.confirmer != "bureau" or actor.role is not Role.DISTRICT


def _claimable(detail: ProjectDetail) -> list[str]:
    taken = {m.kind for m in detail.milestones if m.state != "refused"}
    return [kind for kind in allowed_kinds(detail.project.track) if kind not in taken]


def _next_claim(detail: ProjectDetail, claimable: Sequence[str]) -> str:
    """The milestone most likely claimed next: the first after the furthest there is."""
    order = allowed_kinds(detail.project.track)
    there = {m.kind for m in detail.milestones if m.state != "refused"} | {detail.project.stage}
    furthest = max((order.index(kind) for kind in there if kind in order), default=-1)
    after = [
        kind for kind in claimable if order.index(kind) > furthest and kind != "negotiating"
    ]  # follows from accepting
    return next(iter([*after, *claimable]), "")


def _steps(detail: ProjectDetail) -> list[dict[str, str]]:
    """The track's milestones: confirmed with their day, claimed, or open."""
    confirmed = {m.kind: m for m in detail.milestones if m.state == "confirmed"}
    claimed = {m.kind for m in detail.milestones if m.state == "claimed"}
    steps = []
    for kind in allowed_kinds(detail.project.track):
        step = {"label": NAMES[kind], "state": "open", "date": ""}
        if kind in confirmed:
            step |= {"state": "done", "date": confirmed[kind].occurred_on.isoformat()}
        elif kind in claimed:
            step |= {"state": "now", "date": "待确认"}
        elif kind == "negotiating" and detail.project.district and detail.project.stage not in BEFORE_TALKS:
            step |= {"state": "done", "date": "已接洽"}
        steps.append(step)
    return steps


def _clock(project: Project, current: Assignment | None) -> Clock | None:
    now = tools().clock.now()
    if project.off_line == "shelved" and project.wake_on:
        wakes = until(datetime.combine(project.wake_on, time.min, tzinfo=SHANGHAI), now)
        return Clock(f"搁置至 {project.wake_on}", "paused", wakes.text)
    if project.off_line is not None:
        return None
    if current is not None and current.state == "pending":
        return until(current.due_at, now, "区镇答复：3 个工作日内")
    if project.district is None:
        return first_response(project, now, tools().calendar)
    return None


def _contacts(session: Session, actor: Actor, leads: Sequence[Lead]) -> list[dict[str, Any]]:
    """The people of the reports, opened for those who work on the project; departments give opinions without them."""
    if actor.role is Role.DEPARTMENT:
        return []
    found: list[dict[str, Any]] = []
    for row in contacts_of(session, leads):
        person = tools().vault.open_person(row.id, row.sealed_key, row.secret)
        if person is not None and person not in found:
            found.append(person)
    return found
