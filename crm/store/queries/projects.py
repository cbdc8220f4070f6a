"""Reading projects inside a scope: lists by filter and keyset, one with everything that hangs on it, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ScalarSelect, func, or_, select
from sqlalchemy.orm import Session

from crm.domain.errors import Invalid, NotFound
from crm.domain.milestones import OFF_LINE, STAGES
from crm.domain.scope import Scope
from crm.store.models import (
    Activity,
    Assignment,
    Contact,
    Enterprise,
    HistoryLine,
    Lead,
    Match,
    Milestone,
    Obstacle,
    Project,
)
from crm.store.queries.paging import Order, Page
from crm.store.queries.scope import visible_at_a_glance, visible_by_name, visible_projects

MOST_COUNTED = 1000
SORTS = {"received_at": Project.received_at, "updated_at": Project.updated_at, "stage_since": Project.stage_since}


@dataclass(frozen=True, slots=True)
class ProjectFilter:
    """Filters: AND between fields, OR inside one. `sort`: a column of SORTS, `-` before it for descending."""

    stages: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    parks: tuple[str, ...] = ()
    tracks: tuple[str, ...] = ()
    grades: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    enterprise_id: str | None = None
    open_only: bool = False
    unassigned: bool = False
    suitable: bool | None = None
    sort: str = "-received_at"
    cursor: str | None = None
    size: int = 20


@dataclass(slots=True)
class ProjectDetail:
    """One project and what hangs on it, oldest first."""

    project: Project
    enterprise: Enterprise | None
    leads: Sequence[Lead]
    match: Match | None
    assignments: Sequence[Assignment]
    milestones: Sequence[Milestone]
    activities: Sequence[Activity]
    obstacles: Sequence[Obstacle]


def list_projects(session: Session, scope: Scope, wanted: ProjectFilter) -> Page:
    """A page of projects. Raises Invalid for an unknown sort or cursor."""
    order = _order(wanted.sort)
    statement = select(Project).where(visible_projects(scope), *_conditions(wanted))
    rows = session.scalars(order.apply(statement, wanted.cursor, wanted.size)).all()
    return order.page(rows, wanted.size)


def _order(sort: str) -> Order:
    column = SORTS.get(sort.removeprefix("-"))
    if column is None:
        raise Invalid.of("sort", f"不能按 {sort} 排序，可用：{'、'.join(SORTS)}")
    return Order(column, Project.id, sort.startswith("-"))


def _conditions(wanted: ProjectFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    pairs = (
        (Project.stage, wanted.stages),
        (Project.district, wanted.districts),
        (Project.park, wanted.parks),
        (Project.track, wanted.tracks),
        (Project.grade, wanted.grades),
        (Project.origin, wanted.origins),
    )
    found.extend(column.in_(values) for column, values in pairs if values)
    if wanted.enterprise_id is not None:
        found.append(Project.enterprise_id == wanted.enterprise_id)
    if wanted.open_only:
        found.append(or_(Project.off_line.is_(None), Project.off_line == "shelved"))
    if wanted.unassigned:
        found.append(Project.district.is_(None))
    if wanted.suitable is not None:
        found.append(Project.suitable.is_(wanted.suitable))
    return found


def get_project(session: Session, scope: Scope, project_id: str) -> Project:
    """Raises NotFound, outside the scope too."""
    project = session.scalar(select(Project).where(Project.id == project_id, visible_projects(scope)))
    if project is None:
        raise NotFound("没有这个项目")
    return project


def project_detail(session: Session, scope: Scope, project_id: str) -> ProjectDetail:
    """One project whole, in a fixed number of queries. Raises NotFound."""
    project = get_project(session, scope, project_id)
    return ProjectDetail(
        project=project,
        enterprise=session.get(Enterprise, project.enterprise_id) if project.enterprise_id else None,
        leads=session.scalars(
            select(Lead).where(Lead.project_id == project.id).order_by(Lead.received_at, Lead.receipt_no)
        ).all(),
        match=latest_match(session, project.id),
        assignments=session.scalars(
            select(Assignment)
            .where(Assignment.project_id == project.id)
            .order_by(Assignment.dispatched_at, Assignment.id)
        ).all(),
        milestones=session.scalars(
            select(Milestone).where(Milestone.project_id == project.id).order_by(Milestone.occurred_on, Milestone.id)
        ).all(),
        activities=session.scalars(
            select(Activity).where(Activity.project_id == project.id).order_by(Activity.occurred_on, Activity.id)
        ).all(),
        obstacles=session.scalars(
            select(Obstacle).where(Obstacle.project_id == project.id).order_by(Obstacle.raised_at, Obstacle.id)
        ).all(),
    )


def latest_match(session: Session, project_id: str) -> Match | None:
    newest = select(Match).where(Match.project_id == project_id).order_by(Match.created_at.desc(), Match.id.desc())
    return session.scalar(newest.limit(1))


def matches_of(session: Session, scope: Scope, project_id: str) -> Sequence[Match]:
    """All proposals kept for a project, newest first. Raises NotFound."""
    project = get_project(session, scope, project_id)
    newest = select(Match).where(Match.project_id == project.id).order_by(Match.created_at.desc(), Match.id.desc())
    return session.scalars(newest).all()


def history_of(session: Session, scope: Scope, project_id: str) -> Sequence[HistoryLine]:
    """The facts about a project, oldest first. Raises NotFound."""
    project = get_project(session, scope, project_id)
    return session.scalars(
        select(HistoryLine)
        .where(HistoryLine.aggregate == "project", HistoryLine.aggregate_id == project.id)
        .order_by(HistoryLine.version)
    ).all()


def contacts_of(session: Session, leads: Sequence[Lead]) -> Sequence[Contact]:
    """The sealed people of these leads, in the order they were named."""
    ids = [contact_id for lead in leads for contact_id in lead.contact_ids]
    found = {row.id: row for row in session.scalars(select(Contact).where(Contact.id.in_(ids)))}
    return [found[contact_id] for contact_id in ids if contact_id in found]


def counts_by_stage(session: Session, scope: Scope) -> Mapping[str, int]:
    """How many visible projects stand at each stage, up to MOST_COUNTED: counting a city's all takes longer than its page."""
    columns = [_some_of(stage, scope).label(stage) for stage in (*STAGES, *OFF_LINE)]
    counts = {stage: int(count) for stage, count in session.execute(select(*columns)).one()._mapping.items()}
    others = select(Project.stage, func.count()).where(visible_by_name(scope)).group_by(Project.stage)
    for stage, count in session.execute(others):
        counts[stage] = counts.get(stage, 0) + count
    return {stage: min(count, MOST_COUNTED) for stage, count in counts.items() if count}


def _some_of(stage: str, scope: Scope) -> ScalarSelect[int]:
    some = select(Project.stage).where(Project.stage == stage, visible_at_a_glance(scope)).limit(MOST_COUNTED)
    return select(func.count()).select_from(some.subquery()).scalar_subquery()


def enterprise_names(session: Session, projects: Sequence[Project]) -> Mapping[str, str]:
    """Names of the projects' enterprises, by enterprise id; one query for a page."""
    ids = {project.enterprise_id for project in projects if project.enterprise_id}
    rows = session.execute(select(Enterprise.id, Enterprise.name).where(Enterprise.id.in_(ids)))
    return {key: value for key, value in rows}
