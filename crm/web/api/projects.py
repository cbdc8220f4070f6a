"""`/projects`, reading: the list, one project, its matches, its history. Steps are in `project_steps.py`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.domain.actors import Actor
from crm.services.tools import Tools
from crm.store.queries.projects import ProjectFilter, history_of, list_projects, matches_of, project_detail
from crm.store.queries.scope import scope_of
from crm.web.api.described import Resource, answers, takes
from crm.web.api.project_view import detail_values, history_values, match_values, page_values
from crm.web.api.requests import version_tag
from crm.web.auth import current_actor, deployment
from schemas.api.projects import HistoryPage, MatchPage, Project, ProjectArguments, ProjectPage

Answer = tuple[Mapping[str, Any], int, dict[str, str]]
resource = Resource("api_projects", __name__, url_prefix="/api/v1", description="项目：查看与推进")


@resource.route("/projects")
@takes(resource, ProjectArguments, query=True)
@answers(resource, ProjectPage, 422)
def projects_in_scope(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """看得到的项目"""
    tools, actor = deployment().tools, current_actor()
    with tools.database.read() as session:
        page = list_projects(session, scope_of(session, actor), _filter(wanted))
        return {"items": page_values(tools, session, page.items), "next": page.next}


def _filter(wanted: Mapping[str, Any]) -> ProjectFilter:
    return ProjectFilter(
        stages=tuple(wanted["stage"]),
        districts=tuple(wanted["district"]),
        parks=tuple(wanted["park"]),
        tracks=tuple(wanted["track"]),
        grades=tuple(wanted["grade"]),
        origins=tuple(wanted["origin"]),
        enterprise_id=wanted.get("enterprise"),
        open_only=wanted["open"],
        unassigned=wanted["unassigned"],
        suitable=wanted.get("suitable"),
        sort=wanted.get("sort") or "-received_at",
        cursor=wanted.get("cursor"),
        size=wanted["page_size"],
    )


@resource.route("/projects/<project_id>")
@answers(resource, Project, 404)
def project(project_id: str) -> Answer:
    """一个项目"""
    return project_answer(deployment().tools, current_actor(), project_id)


def project_answer(tools: Tools, actor: Actor, project_id: str) -> Answer:
    """The project with its version as ETag. Raises NotFound outside the actor's scope."""
    with tools.database.read() as session:
        detail = project_detail(session, scope_of(session, actor), project_id)
        return detail_values(tools, session, detail), 200, {"ETag": version_tag(detail.project.version)}


@resource.route("/projects/<project_id>/matches")
@answers(resource, MatchPage, 404)
def matches(project_id: str) -> Mapping[str, Any]:
    """匹配建议，新的在前"""
    tools, actor = deployment().tools, current_actor()
    with tools.database.read() as session:
        found = matches_of(session, scope_of(session, actor), project_id)
    return {"items": [match_values(match) for match in found], "next": None}


@resource.route("/projects/<project_id>/history")
@answers(resource, HistoryPage, 404)
def history(project_id: str) -> Mapping[str, Any]:
    """项目的全部事实，旧的在前"""
    tools, actor = deployment().tools, current_actor()
    with tools.database.read() as session:
        found = history_of(session, scope_of(session, actor), project_id)
    return {"items": [history_values(line) for line in found], "next": None}
