"""Tracking: milestones claimed with evidence and confirmed by another, activities, obstacles, the ways off the line.

The stage is never set: it follows from the confirmed milestones (`crm/domain/milestones.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from crm.domain.actors import Actor, Role
from crm.domain.clock import local_date
from crm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm.domain.milestones import NAMES, TRACKS, allowed_kinds, check_claim, confirmer_of
from crm.domain.permissions import Verb, require
from crm.domain.working_days import working_deadline
from crm.services.dispatch import ANSWER_DAYS
from crm.services.ids import new_id
from crm.services.project_work import ProjectWork, work_on
from crm.services.tools import Tools
from crm.store.unit_of_work import Row

SAMPLED = 0.1  # a random tenth of the district's confirmations is checked by the bureau
GRADES = ("key", "active", "reserve")


def claim_milestone(
    tools: Tools,
    actor: Actor,
    project_id: str,
    version: int,
    *,
    kind: str,
    occurred_on: date,
    evidence: Mapping[str, Any],
) -> str:
    """Claim that a milestone was reached; its id. Raises Invalid, Conflict, Forbidden, NotFound, Stale."""
    with work_on(tools, actor, project_id, version) as work:
        require(actor, Verb.CLAIM_MILESTONE)
        work.require_open()
        taken = {m["kind"] for m in work.milestones if m["state"] != "refused"}
        check_claim(kind, work.row["track"], evidence)
        if kind in taken:
            raise Conflict(f"“{NAMES[kind]}”已申报，不能重复", ("kind",))
        if occurred_on > local_date(work.unit.now):
            raise Invalid.of("occurred_on", "发生日期不能晚于今天")
        sampled = tools.chance() < SAMPLED
        milestone = {
            "id": new_id(),
            "project_id": work.id,
            "kind": kind,
            "occurred_on": occurred_on,
            "evidence": dict(evidence),
            "state": "claimed",
            "confirmer": confirmer_of(kind, work.row["track"], work.reached(), work.row["investment"], sampled),
            "claimed_at": work.unit.now,
            "claimed_by": actor.id,
            "decided_at": None,
            "decided_by": None,
            "reason": None,
        }
        work.milestones.append(milestone)
        work.record("milestone-claimed", rows={"milestones": [milestone]}, public=_public(milestone))
        return str(milestone["id"])


def confirm_milestone(tools: Tools, actor: Actor, project_id: str, milestone_id: str, version: int) -> None:
    """Confirm another's claim: only now does it count."""
    with work_on(tools, actor, project_id, version) as work:
        milestone = _decided(work, milestone_id, "confirmed", None)
        verdict = str(milestone["evidence"]["verdict"])[:200] if milestone["kind"] == "screening" else None
        work.record(
            "milestone-confirmed",
            rows={"milestones": [milestone]},
            public=_public(milestone),
            verdict=verdict,
        )


def refuse_milestone(
    tools: Tools, actor: Actor, project_id: str, milestone_id: str, version: int, *, reason: str
) -> None:
    """Refuse a claim with a reason; it may be claimed again with better evidence."""
    with work_on(tools, actor, project_id, version) as work:
        milestone = _decided(work, milestone_id, "refused", reason)
        work.record("milestone-refused", rows={"milestones": [milestone]}, public=_public(milestone), reason=reason)


def _decided(work: ProjectWork, milestone_id: str, state: str, reason: str | None) -> Row:
    actor = work.actor
    require(actor, Verb.CONFIRM_MILESTONE)
    milestone = next((m for m in work.milestones if m["id"] == milestone_id), None)
    if milestone is None:
        raise NotFound("没有这个节点")
    if milestone["state"] != "claimed":
        raise Conflict("该节点已处理")
    if milestone["claimed_by"] == actor.id:
        raise Conflict("本人申报的节点须由他人确认")
    if milestone["confirmer"] == "bureau" and actor.role is Role.DISTRICT:
        raise Forbidden("该节点由市商务局确认")
    milestone.update(state=state, decided_at=work.unit.now, decided_by=actor.id, reason=reason)
    return milestone


def _public(milestone: Row) -> dict[str, Any]:
    """What outsiders read of a milestone: no evidence, which may name people and documents."""
    return {
        "milestone": milestone["id"],
        "kind": milestone["kind"],
        "happened_on": milestone["occurred_on"].isoformat(),
        "state": milestone["state"],
    }


def log_activity(
    tools: Tools,
    actor: Actor,
    project_id: str,
    *,
    kind: str,
    occurred_on: date,
    summary: str,
    two_sided: bool,
    next_step: str | None,
    next_on: date | None,
) -> str:
    """Record a contact, visit or talk."""
    with work_on(tools, actor, project_id, None) as work:
        require(actor, Verb.LOG_ACTIVITY)
        activity = {
            "id": new_id(),
            "project_id": work.id,
            "kind": kind,
            "occurred_on": occurred_on,
            "summary": summary,
            "two_sided": two_sided,
            "next_step": next_step,
            "next_on": next_on,
            "recorded_at": work.unit.now,
            "recorded_by": actor.id,
        }
        public = {"activity": activity["id"], "happened_on": occurred_on.isoformat(), "two_sided": two_sided}
        work.record(
            "activity-logged",
            changes={"last_activity_at": work.unit.now},
            rows={"activities": [activity]},
            public=public,
        )
        return str(activity["id"])


def raise_obstacle(
    tools: Tools, actor: Actor, project_id: str, *, department: str, description: str, due_on: date | None
) -> str:
    """Ask a department to clear something; it then sees the project."""
    with work_on(tools, actor, project_id, None) as work:
        require(actor, Verb.RAISE_OBSTACLE)
        found = tools.reference.pack().organisations.get(department)
        if found is None or found.kind not in ("department", "bureau", "office"):
            raise Invalid.of("department", f"没有代码为 {department} 的部门")
        obstacle = {
            "id": new_id(),
            "project_id": work.id,
            "department": department,
            "description": description,
            "due_on": due_on,
            "state": "open",
            "raised_at": work.unit.now,
            "raised_by": actor.id,
            "answer": None,
            "answered_at": None,
            "answered_by": None,
        }
        work.record(
            "obstacle-raised",
            rows={"obstacles": [obstacle]},
            public={"obstacle": obstacle["id"], "department": department},
        )
        return str(obstacle["id"])


def edit_project(
    tools: Tools, actor: Actor, project_id: str, version: int, *, track: str | None, grade: str | None
) -> None:
    """Set the track by hand, or the grade."""
    with work_on(tools, actor, project_id, version) as work:
        require(actor, Verb.EDIT_PROJECT)
        work.require_open()
        changes: dict[str, Any] = {}
        if track is not None:
            _check_track(work, track)
            changes |= {"track": track, "track_by_hand": True}
        if grade is not None:
            if grade not in GRADES:
                raise Invalid.of("grade", f"没有名为 {grade} 的分级")
            changes["grade"] = grade
        if not changes:
            raise Invalid.of("track", "没有要修改的内容")
        work.record("updated", changes=changes)


def _check_track(work: ProjectWork, track: str) -> None:
    if track not in TRACKS:
        raise Invalid.of("track", f"没有名为 {track} 的路径")
    lost = [m["kind"] for m in work.milestones if m["state"] == "confirmed" and m["kind"] not in allowed_kinds(track)]
    if lost:
        raise Conflict(f"已确认的“{NAMES[lost[0]]}”不在该路径上，不能改", ("track",))


def shelve(tools: Tools, actor: Actor, project_id: str, version: int, *, reason: str, wake_on: date) -> None:
    """Put aside until a date; clocks pause."""
    with work_on(tools, actor, project_id, version) as work:
        require(actor, Verb.END_PROJECT)
        work.require_open()
        if wake_on <= local_date(work.unit.now):
            raise Invalid.of("wake_on", "唤醒日期须晚于今天")
        changes = {"off_line": "shelved", "off_line_reason": reason, "wake_on": wake_on}
        work.record("shelved", changes=changes, public={"wake_on": wake_on.isoformat()}, reason=reason)


def resume(tools: Tools, actor: Actor, project_id: str, version: int) -> None:
    """Take a shelved project up again, where it stood."""
    with work_on(tools, actor, project_id, version) as work:
        require(actor, Verb.END_PROJECT)
        if work.row["off_line"] != "shelved":
            raise Conflict("只有搁置的项目可以恢复")
        rows: dict[str, list[Row]] = {}
        current = work.current
        if current and current["state"] == "pending":  # the clock stood still: the district gets its days anew
            due = working_deadline(work.unit.now, ANSWER_DAYS, tools.calendar)
            current.update(due_at=due.at, due_provisional=due.provisional)
            rows["assignments"] = [current]
        work.record("resumed", changes={"off_line": None, "off_line_reason": None, "wake_on": None}, rows=rows)


def lose(tools: Tools, actor: Actor, project_id: str, version: int, *, reason: str) -> None:
    """Lost before signing."""
    with work_on(tools, actor, project_id, version) as work:
        require(actor, Verb.END_PROJECT)
        work.require_open()
        if work.row["signed_on"]:
            raise Conflict("已签约的项目不能记为流失，请办理终止")
        _end(work, "lost", reason)


def terminate(tools: Tools, actor: Actor, project_id: str, version: int, *, reason: str) -> None:
    """Ended after signing: a reversing line in the month it happens, old bulletins stand."""
    with work_on(tools, actor, project_id, version) as work:
        require(actor, Verb.END_PROJECT)
        work.require_open()
        if not work.row["signed_on"]:
            raise Conflict("未签约的项目不能终止，请记为流失")
        _end(work, "terminated", reason)


def _end(work: ProjectWork, state: str, reason: str) -> None:
    """Off the line for good; a dispatch that waits for its answer ends with it."""
    current = work.current
    rows: dict[str, list[Row]] = {}
    if current and current["state"] == "pending":
        current.update(state="ended", reason=reason)
        rows["assignments"] = [current]
    work.record(state, changes={"off_line": state, "off_line_reason": reason}, rows=rows, reason=reason)
