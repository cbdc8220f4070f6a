"""What people do to a project: one POST an action, one service call each.

Done: back to where it was asked, with a sentence. Refused (state, version, role, input): the project's page again with
the reason and everything that was entered. A project outside one's scope stays 404.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import request
from werkzeug.wrappers import Response

from crm.domain.actors import Actor
from crm.domain.errors import Conflict, CrmError, Forbidden, Invalid, NotFound, Stale
from crm.domain.permissions import Verb, may
from crm.services import dispatch as dispatching
from crm.services import park_checks, progress
from crm.services.tools import Tools
from crm.store.queries.projects import latest_match
from crm.web.auth import current_actor
from crm.web.pages.evidence import posted_evidence
from crm.web.pages.forms import day, done, own_path, required_day, text, version
from crm.web.pages.frame import pages_blueprint, tools
from crm.web.pages.project_page import show_project

blueprint = pages_blueprint("project-actions")
STATUS = {Invalid: 422, Conflict: 409, Stale: 412, Forbidden: 403}


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for what of which project."""

    tools: Tools
    actor: Actor
    project_id: str


def _dispatch(asked: Asked) -> str:
    district, park, note = text("district", required=True), text("park") or None, text("note", longest=2000) or None
    if note is None and may(asked.actor, Verb.DISPATCH) and not _followed(asked, district):
        raise Invalid.of("note", "与系统建议的前三个区镇不同，请在附言写明理由")
    dispatching.dispatch(asked.tools, asked.actor, asked.project_id, version(), district=district, park=park, note=note)
    return f"已派发给{asked.tools.reference.pack().districts[district].name}，须在 3 个工作日内答复"


def _followed(asked: Asked, district: str) -> bool:
    """Whether a district is among the first three proposed; anything goes where nothing was."""
    with asked.tools.database.read() as session:
        match = latest_match(session, asked.project_id)
    proposed = [one["code"] for one in match.result["districts"][:3]] if match else []
    return not proposed or district in proposed


def _accept(asked: Asked) -> str:
    dispatching.accept(asked.tools, asked.actor, asked.project_id, version())
    return "已接受，请在 5 个工作日内首次联系"


def _decline(asked: Asked) -> str:
    reason = text("reason", required=True, longest=2000)
    dispatching.decline(asked.tools, asked.actor, asked.project_id, version(), reason=reason)
    return "已退回调度科"


def _transfer(asked: Asked) -> str:
    district, reason = text("district", required=True), text("reason", required=True, longest=2000)
    dispatching.transfer(
        asked.tools, asked.actor, asked.project_id, version(), district=district, split=None, reason=reason
    )
    return "已流转，首谈与落地按 30：70 记"


def _claim(asked: Asked) -> str:
    kind = text("kind", required=True)
    occurred_on = required_day("occurred_on")
    progress.claim_milestone(
        asked.tools, asked.actor, asked.project_id, version(),
        kind=kind, occurred_on=occurred_on, evidence=posted_evidence(kind),
    )  # fmt: skip
    return "节点已申报，等待确认"


def _log(asked: Asked) -> str:
    progress.log_activity(
        asked.tools, asked.actor, asked.project_id,
        kind=text("kind_of_activity", required=True, longest=24),
        occurred_on=required_day("activity_on"),
        summary=text("summary", required=True),
        two_sided=bool(request.form.get("two_sided")),
        next_step=text("next_step", longest=2000) or None,
        next_on=day("next_on"),
    )  # fmt: skip
    return "活动已记录"


def _obstacle(asked: Asked) -> str:
    progress.raise_obstacle(
        asked.tools, asked.actor, asked.project_id,
        department=text("department", required=True),
        description=text("description", required=True),
        due_on=day("due_on"),
    )  # fmt: skip
    return "协调事项已提出"


def _edit(asked: Asked) -> str:
    progress.edit_project(
        asked.tools, asked.actor, asked.project_id, version(), track=text("track") or None, grade=text("grade") or None
    )
    return "项目已修改"


def _shelve(asked: Asked) -> str:
    reason, wake_on = text("reason", required=True, longest=2000), required_day("wake_on")
    progress.shelve(asked.tools, asked.actor, asked.project_id, version(), reason=reason, wake_on=wake_on)
    return "已搁置，到期提醒"


def _resume(asked: Asked) -> str:
    progress.resume(asked.tools, asked.actor, asked.project_id, version())
    return "已恢复推进"


def _lose(asked: Asked) -> str:
    reason = text("reason", required=True, longest=200)
    progress.lose(asked.tools, asked.actor, asked.project_id, version(), reason=reason)
    return "已记为流失"


def _terminate(asked: Asked) -> str:
    reason = text("reason", required=True, longest=200)
    progress.terminate(asked.tools, asked.actor, asked.project_id, version(), reason=reason)
    return "已终止"


def _ask_park(asked: Asked) -> str:
    count = park_checks.ask(asked.tools, asked.actor, asked.project_id, text("park", required=True))
    return f"已请园区核实 {count} 项，答复后在此可见"


ACTIONS: Mapping[str, Callable[[Asked], str]] = {
    "dispatch": _dispatch, "accept": _accept, "decline": _decline, "transfer": _transfer, "claim": _claim,
    "activities": _log, "obstacles": _obstacle, "edit": _edit, "shelve": _shelve, "resume": _resume, "lose": _lose,
    "terminate": _terminate, "ask-park": _ask_park,
}  # fmt: skip


@blueprint.post("/projects/<project_id>/<action>")
def act(project_id: str, action: str) -> Response:
    """One of ACTIONS."""
    if action not in ACTIONS:
        raise NotFound("没有这个操作")
    return _answer(project_id, action, ACTIONS[action])


@blueprint.post("/projects/<project_id>/milestones/<milestone_id>/<decision>")
def decide(project_id: str, milestone_id: str, decision: str) -> Response:
    """Confirm or refuse another's claim."""

    def confirm(asked: Asked) -> str:
        progress.confirm_milestone(asked.tools, asked.actor, asked.project_id, milestone_id, version())
        return "节点已确认"

    def refuse(asked: Asked) -> str:
        reason = text("reason", required=True, longest=2000)
        progress.refuse_milestone(asked.tools, asked.actor, project_id, milestone_id, version(), reason=reason)
        return "节点已退回，可补充佐证后重新申报"

    actions = {"confirm": confirm, "refuse": refuse}
    if decision not in actions:
        raise NotFound("没有这个操作")
    return _answer(project_id, f"{decision}-{milestone_id}", actions[decision])


def _answer(project_id: str, form: str, action: Callable[[Asked], str]) -> Response:
    try:
        message = action(Asked(tools(), current_actor(), project_id))
    except CrmError as refusal:
        status = STATUS.get(type(refusal))
        if status is None:
            raise
        return show_project(project_id, refused=refusal, form=form, status=status)
    otherwise = "/district" if form == "decline" else f"/projects/{project_id}"  # who declined sees it no more
    return done(message, own_path(request.form.get("back", ""), otherwise))
