"""One project under work: loaded in scope, checked for staleness, changed by facts.

Shared by `dispatch.py` and `progress.py`. Every change raises the project's version by one, copies stage and verdict onto its
leads (the reporter sees those and never the project), and touches the search documents that show it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from crm.domain.actors import Actor
from crm.domain.errors import Conflict, NotFound, Stale
from crm.domain.milestones import NAMES, Reached, derive_stage, landing_date
from crm.domain.scope import Scope
from crm.services.facts import public_project
from crm.services.known import plain_rows
from crm.services.tools import Tools
from crm.store.models import Assignment, Lead, Milestone, Project
from crm.store.queries.scope import scope_of, visible_projects
from crm.store.unit_of_work import DocumentKey, Fact, Row, UnitOfWork, unit_of_work


@dataclass(slots=True)
class ProjectWork:
    """A project with what its stage follows from. `row` is changed by `record` only."""

    tools: Tools
    unit: UnitOfWork
    actor: Actor
    scope: Scope
    row: Row
    assignments: list[Row] = field(default_factory=list)
    milestones: list[Row] = field(default_factory=list)
    leads: list[Row] = field(default_factory=list)

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @property
    def current(self) -> Row | None:
        """The latest assignment."""
        return max(self.assignments, key=lambda a: (a["dispatched_at"], a["id"]), default=None)

    def reached(self) -> list[Reached]:
        confirmed = (m for m in self.milestones if m["state"] == "confirmed")
        return [Reached(m["kind"], m["occurred_on"]) for m in confirmed]

    def require_open(self) -> None:
        """Raises Conflict for a project that is off the line."""
        if self.row["off_line"] is not None:
            raise Conflict(f"项目已{NAMES[self.row['off_line']]}，不能再操作")

    def record(
        self,
        kind: str,
        *,
        changes: Mapping[str, Any] | None = None,
        rows: Mapping[str, Sequence[Row]] | None = None,
        public: Mapping[str, Any] | None = None,
        reason: str | None = None,
        verdict: str | None = None,
        documents: Sequence[DocumentKey] = (),
    ) -> None:
        """Record one fact about the project. `changes`: columns; `rows`: rows that hang on it; `public`: own fields."""
        before = dict(self.row)
        self.row.update(changes or {})
        self._derive()
        self.row["version"] += 1
        self.row["updated_at"] = self.unit.now
        leads = self._copied_leads(before, verdict)
        touched = [("project", self.id), *documents, *(("lead", lead["id"]) for lead in leads)]
        if self.row["enterprise_id"]:
            touched.append(("enterprise", self.row["enterprise_id"]))
        self.unit.record(
            Fact(
                type=f"project.{kind}.v1",
                aggregate="project",
                aggregate_id=self.id,
                version=self.row["version"],
                actor=self.actor,
                rows={"projects": [dict(self.row)], "leads": leads, **(rows or {})},
                change={**public_project(self.row), **(public or {})},
                documents=tuple(dict.fromkeys(touched)),
                reason=reason,
            )
        )

    def _derive(self) -> None:
        """Stage, signing and landing follow from the milestones; nobody sets them."""
        reached = self.reached()
        current = self.current
        stage = self.row["off_line"] or derive_stage(self.row["track"], reached, current["state"] if current else None)
        if stage != self.row["stage"]:
            self.row["stage"] = stage
            self.row["stage_since"] = self.unit.now
        self.row["signed_on"] = _day_of("signed", reached)
        self.row["landed_on"] = landing_date(self.row["track"], reached)

    def _copied_leads(self, before: Row, verdict: str | None) -> list[Row]:
        changed = before["stage"] != self.row["stage"] or verdict is not None
        if not changed:
            return []
        for lead in self.leads:
            lead["project_stage"] = self.row["stage"]
            lead["verdict"] = verdict or lead["verdict"]
            lead["outcome"] = self.row["off_line_reason"] if self.row["off_line"] else None
            lead["updated_at"] = self.unit.now
        return [dict(lead) for lead in self.leads]


def _day_of(kind: str, reached: Sequence[Reached]) -> date | None:
    return min((milestone.occurred_on for milestone in reached if milestone.kind == kind), default=None)


@contextmanager
def work_on(tools: Tools, actor: Actor, project_id: str, version: int | None) -> Iterator[ProjectWork]:
    """Open a project for change. `version` None: the caller need not have seen the latest (activities, obstacles).

    Raises NotFound outside the actor's scope, Stale when somebody changed it since.
    """
    with unit_of_work(tools.database, tools.clock) as unit:
        scope = scope_of(unit.session, actor)
        statement = select(Project.__table__).where(Project.id == project_id, visible_projects(scope))
        row = next(iter(plain_rows(unit.session, statement, Project.__table__, lock=True)), None)
        if row is None:
            raise NotFound("没有这个项目")
        if version is not None and version != row["version"]:
            raise Stale(f"项目已被他人更新（现为第 {row['version']} 版，您看到的是第 {version} 版），请刷新后重试")
        yield ProjectWork(
            tools=tools,
            unit=unit,
            actor=actor,
            scope=scope,
            row=row,
            assignments=_hanging(unit, Assignment, project_id),
            milestones=_hanging(unit, Milestone, project_id),
            leads=_hanging(unit, Lead, project_id),
        )


def _hanging(unit: UnitOfWork, model: Any, project_id: str) -> list[Row]:
    parameters = {"project_id": project_id}
    return list(plain_rows(unit.session, _hanging_statement(model), model.__table__, parameters=parameters))


@cache
def _hanging_statement(model: Any) -> Select[Any]:
    """Kept: asked three times for every step of a project, and building it takes longer than running it."""
    return select(model.__table__).where(model.project_id == bindparam("project_id")).order_by(model.id)
