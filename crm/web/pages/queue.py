"""The dispatcher's first screen: what to dispatch now, with two districts and a reason each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from crm.domain.permissions import Verb, may, require
from crm.services.lights import lights_of
from crm.store.models import Assignment, Enterprise, Match, Project
from crm.store.queries.enterprises import enterprises_of
from crm.store.queries.queue import latest_assignments, latest_matches, queue_counts, queue_page
from crm.store.queries.scope import scope_of
from crm.web.auth import current_actor
from crm.web.pages.clocks import Clock, first_response, until, waited
from crm.web.pages.frame import pages_blueprint, show, today, tools
from crm.web.pages.listing import Listing

blueprint = pages_blueprint("queue")
TABS = (("waiting", "待派发"), ("returned", "已退回或逾期"), ("dispatched", "派发中"), ("all", "全部"))


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A line of the queue."""

    project: Project
    enterprise: Enterprise | None
    match: Match | None
    assignment: Assignment | None
    clock: Clock
    waited: str
    light: Any
    can_dispatch: bool

    @property
    def product(self) -> str:
        """What they make, in a sentence; nothing of a confidential project."""
        return product_of(self.project, self.enterprise)

    @property
    def prefilled(self) -> str:
        """The best district but the one that has just sent it back."""
        sent_back = self.assignment.district if self.assignment else None
        return next((str(one["code"]) for one in self.proposals if one["code"] != sent_back), "")

    @property
    def proposals(self) -> list[dict[str, Any]]:
        """The two best districts, each with the first of its reasons."""
        found: list[dict[str, Any]] = self.match.result["districts"][:2] if self.match else []
        return found


@blueprint.get("/queue")
def queue() -> Response:
    actor = current_actor()
    require(actor, Verb.DISPATCH)
    listing = Listing.of(request, filters=("tab",), default_sort="received_at")
    tab = listing.single("tab") or "waiting"
    with tools().database.read() as session:
        scope = scope_of(session, actor)
        page = queue_page(session, scope, tab, cursor=listing.cursor, size=listing.size)
        counts = queue_counts(session, scope)
        ids = [project.id for project in page.items]
        enterprises = enterprises_of(session, page.items)
        matches, assignments = latest_matches(session, ids), latest_assignments(session, ids)
        lights = lights_of(session, page.items, today())
    rows = [
        _row(p, enterprises.get(p.enterprise_id or ""), matches.get(p.id), assignments.get(p.id), lights.get(p.id))
        for p in page.items
    ]
    tabs = [
        {"label": label, "href": f"/queue?tab={code}", "active": code == tab, "badge": counts[code]}
        for code, label in TABS
    ]
    return show(
        "queue.html", part="parts/queue_rows.html", tab=tab, tabs=tabs, rows=rows, page=page, listing=listing,
        may_dispatch=may(actor, Verb.DISPATCH),
    )  # fmt: skip


def product_of(project: Project, enterprise: Enterprise | None) -> str:
    """The project's summary, else what its enterprise makes."""
    if project.confidential:
        return ""
    made = enterprise.main_business or enterprise.name if enterprise else ""
    return project.summary or made


def _row(
    project: Project, enterprise: Enterprise | None, match: Match | None, assignment: Assignment | None, light: Any
) -> QueueRow:
    now = tools().clock.now()
    pending = assignment is not None and assignment.state == "pending"
    if assignment is not None and pending:
        clock = until(assignment.due_at, now, "区镇答复：3 个工作日内")
    elif project.district is None and project.off_line is None:
        clock = first_response(project, now, tools().calendar)
    else:
        clock = Clock("—", "ok")
    busy = assignment is not None and assignment.state in ("pending", "accepted")
    return QueueRow(
        project=project,
        enterprise=enterprise,
        match=match,
        assignment=assignment,
        clock=clock,
        waited=waited(project.received_at, now),
        light=light,
        can_dispatch=project.off_line is None and not busy,
    )
