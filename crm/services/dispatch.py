"""Dispatch: the bureau sends a project to a district, the district accepts or declines in time, or it comes back.

Rules propose, people decide: the choice is kept beside the proposal with its reason. Deadlines are legal working days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select

from crm.domain.actors import Actor, system
from crm.domain.errors import Conflict, Forbidden, Invalid
from crm.domain.permissions import Verb, require
from crm.domain.working_days import working_deadline
from crm.services.ids import new_id
from crm.services.known import plain_rows
from crm.services.project_work import ProjectWork, work_on
from crm.services.tools import Tools
from crm.store.models import Assignment, Match, Project
from crm.store.unit_of_work import Row

ANSWER_DAYS = 3  # legal working days in which a district answers


def dispatch(
    tools: Tools, actor: Actor, project_id: str, version: int, *, district: str, park: str | None, note: str | None
) -> None:
    """Send a project to a district. Raises NotFound, Forbidden, Stale, Conflict, Invalid."""
    with work_on(tools, actor, project_id, version) as work:
        require(actor, Verb.DISPATCH)
        work.require_open()
        if work.current and work.current["state"] in ("pending", "accepted"):
            name = tools.reference.pack().districts[work.current["district"]].name
            raise Conflict(f"项目已在{name}，改派请先由区镇退回，或办理流转")
        check_place(tools, district, park)
        _assign(work, district, park, note, kind="dispatched")


def check_place(tools: Tools, district: str, park: str | None) -> None:
    """Raises Invalid when there is no such district or park, or the park cannot take a project there."""
    pack = tools.reference.pack()
    if district not in pack.districts:
        raise Invalid.of("district", f"没有代码为 {district} 的区镇")
    if park is None:
        return
    found = pack.parks.get(park)
    if found is None:
        raise Invalid.of("park", f"没有代码为 {park} 的园区")
    if not found.accepts_projects:
        raise Invalid.of("park", f"{found.name}不承接项目")
    if found.district not in (None, district):
        raise Invalid.of("park", f"{found.name}不在{pack.districts[district].name}")


def _assign(work: ProjectWork, district: str, park: str | None, note: str | None, *, kind: str) -> None:
    due = working_deadline(work.unit.now, ANSWER_DAYS, work.tools.calendar)
    assignment = {
        "id": new_id(),
        "project_id": work.id,
        "district": district,
        "park": park,
        "note": note,
        "state": "pending",
        "dispatched_at": work.unit.now,
        "dispatched_by": work.actor.id,
        "due_at": due.at,
        "due_provisional": due.provisional,
        "answered_at": None,
        "answered_by": None,
        "reason": None,
    }
    work.assignments.append(assignment)
    work.record(
        kind,
        changes={"district": district, "park": park},
        rows={"assignments": [assignment], "matches": _choice(work, district, park, note)},
        public={"district": district, "park": park, "due_on": due.at.date().isoformat()},
        reason=note,
    )


def _choice(work: ProjectWork, district: str, park: str | None, note: str | None) -> list[Row]:
    """The choice kept beside the latest proposal."""
    statement = (
        select(Match.__table__).where(Match.project_id == work.id).order_by(Match.created_at.desc(), Match.id.desc())
    )
    latest = next(iter(plain_rows(work.unit.session, statement.limit(1), Match.__table__)), None)
    if latest is None:
        return []
    chosen = {
        "chosen_district": district,
        "chosen_park": park,
        "choice_reason": note,
        "district_rank": _rank(district, latest["result"]["districts"]),
        "park_rank": _rank(park, latest["result"]["parks"]) if park else None,
    }
    return [latest | chosen]


def _rank(code: str, proposed: Sequence[Mapping[str, Any]]) -> int | None:
    """Place in the proposal, from 1; 0 for one that was not proposed; None where nothing was."""
    if not proposed:
        return None
    return next((place for place, one in enumerate(proposed, 1) if one["code"] == code), 0)


def accept(tools: Tools, actor: Actor, project_id: str, version: int) -> None:
    """The district takes it: talks begin."""
    with work_on(tools, actor, project_id, version) as work:
        answer = _answered(work, "accepted", None)
        work.record("accepted", rows={"assignments": [answer]}, public={"district": answer["district"]})


def decline(tools: Tools, actor: Actor, project_id: str, version: int, *, reason: str) -> None:
    """The district sends it back, with a reason the dispatcher can act on."""
    with work_on(tools, actor, project_id, version) as work:
        answer = _answered(work, "declined", reason)
        work.record(
            "declined",
            changes={"district": None, "park": None},
            rows={"assignments": [answer]},
            public={"district": answer["district"]},
            reason=reason,
        )


def _answered(work: ProjectWork, state: str, reason: str | None) -> Row:
    require(work.actor, Verb.ANSWER_DISPATCH)
    work.require_open()
    current = work.current
    if current is None or current["district"] not in work.scope.districts:
        raise Forbidden("项目没有派发给本区镇")
    if current["state"] != "pending":
        raise Conflict("该派发已答复")
    current.update(state=state, answered_at=work.unit.now, answered_by=work.actor.id, reason=reason)
    return current


def transfer(
    tools: Tools,
    actor: Actor,
    project_id: str,
    version: int,
    *,
    district: str,
    split: Mapping[str, Any] | None,
    reason: str,
) -> None:
    """Move an accepted project to another district; the first keeps its history up to here. Default split 30:70."""
    with work_on(tools, actor, project_id, version) as work:
        require(actor, Verb.TRANSFER)
        work.require_open()
        check_place(tools, district, None)
        current = work.current
        if current is None or current["state"] != "accepted":
            raise Conflict("只有区镇已接受的项目可以流转；未接受的请等待答复后改派")
        if current["district"] == district:
            raise Conflict("项目已在该区镇")
        shares = split or {"first_talk": 30, "landing": 70}
        current.update(state="ended", reason=reason)
        moved = current | {
            "id": new_id(),
            "district": district,
            "park": None,
            "state": "accepted",
            "note": f"由{tools.reference.pack().districts[current['district']].name}流转",
            "dispatched_at": work.unit.now,
            "dispatched_by": actor.id,
            "answered_at": work.unit.now,
            "answered_by": actor.id,
        }
        work.assignments.append(moved)
        work.record(
            "transferred",
            changes={"district": district, "park": None},
            rows={"assignments": [current, moved]},
            public={
                "from_district": current["district"],
                "district": district,
                "first_talk_share": shares["first_talk"],
                "landing_share": shares["landing"],
            },
            reason=reason,
        )


def expire_unanswered(tools: Tools, now: datetime, limit: int = 200) -> int:
    """Take back dispatches whose deadline passed: each exactly once, whatever the scheduler missed. How many."""
    actor = system("dispatch-clock")
    with tools.database.read() as session:
        due = session.execute(
            select(Assignment.id, Assignment.project_id)
            .join(Project, Project.id == Assignment.project_id)
            .where(Assignment.state == "pending", Assignment.due_at <= now, Project.off_line.is_(None))
            .order_by(Assignment.due_at, Assignment.id)
            .limit(limit)
        ).all()
    taken = 0
    for assignment_id, project_id in due:
        with work_on(tools, actor, project_id, None) as work:
            current = work.current
            if current is None or current["id"] != assignment_id or current["state"] != "pending":
                continue
            current.update(state="expired", answered_at=now, reason="逾期未答复")
            work.record(
                "dispatch-expired",
                changes={"district": None, "park": None},
                rows={"assignments": [current]},
                public={"district": current["district"]},
                reason="区镇逾期未答复，退回调度科",
            )
            taken += 1
    return taken
