"""`/projects/{id}/…`, doing: each step names the version it saw in If-Match and answers the project as it is then.

The services decide whether row, role and state allow it; here a body becomes a call. A step may end the caller's own
view (a declined dispatch): the answer still shows what the step made of the project, once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from crm.domain.actors import system
from crm.services import dispatch as dispatching
from crm.services import progress
from crm.store.queries.projects import get_project
from crm.store.queries.scope import scope_of
from crm.web.api.described import VERSION_HEADER, Resource, answers, takes
from crm.web.api.projects import Answer, project_answer
from crm.web.api.requests import seen_version
from crm.web.auth import current_actor, deployment
from schemas.api.project_requests import (
    Activity,
    Dispatch,
    MilestoneClaim,
    Obstacle,
    ProjectPatch,
    Reason,
    Shelve,
    Transfer,
)
from schemas.api.projects import Project

Body = Mapping[str, Any]
resource = Resource("api_steps", __name__, url_prefix="/api/v1/projects", description="项目的各步操作")
_AFTERWARDS = system("answer")


def _versioned(view: Callable[..., Answer]) -> Callable[..., Answer]:
    """Describe a step that needs If-Match."""
    described: Callable[..., Answer] = answers(resource, Project, 403, 404, 409, 412, 422, 428)(view)
    return resource.doc(parameters=[VERSION_HEADER])(described)


def _done(step: Callable[..., object], project_id: str, *more: Any, **values: Any) -> Answer:
    """Take a versioned step and answer the project."""
    tools, actor = deployment().tools, current_actor()
    step(tools, actor, project_id, *more, _version(project_id), **values)
    return project_answer(tools, _AFTERWARDS, project_id)


def _version(project_id: str) -> int:
    """The version the caller saw; `*` is whatever it is now, in the caller's scope."""
    version = seen_version()
    if version is not None:
        return version
    tools, actor = deployment().tools, current_actor()
    with tools.database.read() as session:
        return get_project(session, scope_of(session, actor), project_id).version


@resource.route("/<project_id>", methods=["PATCH"])
@takes(resource, ProjectPatch)
@_versioned
def edit(body: Body, project_id: str) -> Answer:
    """修改路径或分级"""
    return _done(progress.edit_project, project_id, track=body.get("track"), grade=body.get("grade"))


@resource.route("/<project_id>/dispatch", methods=["POST"])
@takes(resource, Dispatch)
@_versioned
def dispatch(body: Body, project_id: str) -> Answer:
    """派发至区镇"""
    place = {"district": body["district"], "park": body.get("park")}
    return _done(dispatching.dispatch, project_id, **place, note=body.get("note"))


@resource.route("/<project_id>/accept", methods=["POST"])
@_versioned
def accept(project_id: str) -> Answer:
    """区镇接受派发"""
    return _done(dispatching.accept, project_id)


@resource.route("/<project_id>/decline", methods=["POST"])
@takes(resource, Reason)
@_versioned
def decline(body: Body, project_id: str) -> Answer:
    """区镇退回派发"""
    return _done(dispatching.decline, project_id, reason=body["reason"])


@resource.route("/<project_id>/transfer", methods=["POST"])
@takes(resource, Transfer)
@_versioned
def transfer(body: Body, project_id: str) -> Answer:
    """流转至另一区镇"""
    split = body.get("split")
    return _done(dispatching.transfer, project_id, district=body["district"], split=split, reason=body["reason"])


@resource.route("/<project_id>/milestones", methods=["POST"])
@takes(resource, MilestoneClaim)
@_versioned
def claim(body: Body, project_id: str) -> Answer:
    """申报节点"""
    occurred_on = date.fromisoformat(body["occurred_on"])
    return _done(
        progress.claim_milestone, project_id, kind=body["kind"], occurred_on=occurred_on, evidence=body["evidence"]
    )


@resource.route("/<project_id>/milestones/<milestone_id>/confirm", methods=["POST"])
@_versioned
def confirm(project_id: str, milestone_id: str) -> Answer:
    """确认他人申报的节点"""
    return _done(progress.confirm_milestone, project_id, milestone_id)


@resource.route("/<project_id>/milestones/<milestone_id>/refuse", methods=["POST"])
@takes(resource, Reason)
@_versioned
def refuse(body: Body, project_id: str, milestone_id: str) -> Answer:
    """不予确认"""
    return _done(progress.refuse_milestone, project_id, milestone_id, reason=body["reason"])


@resource.route("/<project_id>/shelve", methods=["POST"])
@takes(resource, Shelve)
@_versioned
def shelve(body: Body, project_id: str) -> Answer:
    """搁置至某日"""
    return _done(progress.shelve, project_id, reason=body["reason"], wake_on=date.fromisoformat(body["wake_on"]))


@resource.route("/<project_id>/resume", methods=["POST"])
@_versioned
def resume(project_id: str) -> Answer:
    """恢复搁置的项目"""
    return _done(progress.resume, project_id)


@resource.route("/<project_id>/lose", methods=["POST"])
@takes(resource, Reason)
@_versioned
def lose(body: Body, project_id: str) -> Answer:
    """签约前流失"""
    return _done(progress.lose, project_id, reason=body["reason"])


@resource.route("/<project_id>/terminate", methods=["POST"])
@takes(resource, Reason)
@_versioned
def terminate(body: Body, project_id: str) -> Answer:
    """签约后终止"""
    return _done(progress.terminate, project_id, reason=body["reason"])


@resource.route("/<project_id>/activities", methods=["POST"])
@takes(resource, Activity)
@answers(resource, Project, 403, 404, 422)
def log_activity(body: Body, project_id: str) -> Answer:
    """记录一次对接（不需 If-Match）"""
    tools, actor = deployment().tools, current_actor()
    progress.log_activity(
        tools,
        actor,
        project_id,
        kind=body.get("kind") or "contact",
        occurred_on=date.fromisoformat(body["occurred_on"]),
        summary=body["summary"],
        two_sided=bool(body.get("two_sided")),
        next_step=body.get("next_step"),
        next_on=_day(body.get("next_on")),
    )
    return project_answer(tools, _AFTERWARDS, project_id)


@resource.route("/<project_id>/obstacles", methods=["POST"])
@takes(resource, Obstacle)
@answers(resource, Project, 403, 404, 422)
def raise_obstacle(body: Body, project_id: str) -> Answer:
    """提出需部门协调的事项（不需 If-Match）"""
    tools, actor = deployment().tools, current_actor()
    progress.raise_obstacle(
        tools,
        actor,
        project_id,
        department=body["department"],
        description=body["description"],
        due_on=_day(body.get("due_on")),
    )
    return project_answer(tools, _AFTERWARDS, project_id)


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
