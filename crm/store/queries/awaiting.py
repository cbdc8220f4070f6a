"""What waits for somebody: dispatches to answer, claims to confirm, obstacles of a department; all inside the scope."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.domain.actors import Role
from crm.domain.scope import Scope
from crm.store.models import Assignment, Milestone, Obstacle, Project
from crm.store.queries.scope import visible_projects

MOST = 200


def pending_dispatches(session: Session, scope: Scope) -> Sequence[tuple[Assignment, Project]]:
    """Dispatches to the scope's districts without an answer, the most urgent first."""
    statement = (
        select(Assignment, Project)
        .join(Project, Project.id == Assignment.project_id)
        .where(Assignment.state == "pending", Assignment.district.in_(scope.districts), visible_projects(scope))
        .order_by(Assignment.due_at, Assignment.id)
        .limit(MOST)
    )
    return [(assignment, project) for assignment, project in session.execute(statement)]


def claims_waiting(session: Session, scope: Scope, confirmer: str) -> Sequence[tuple[Milestone, Project]]:
    """Milestones claimed by others that `confirmer` (bureau, district) has to confirm, oldest first."""
    statement = (
        select(Milestone, Project)
        .join(Project, Project.id == Milestone.project_id)
        .where(
            Milestone.state == "claimed",
            Milestone.confirmer == confirmer,
            Milestone.claimed_by != scope.actor.id,
            visible_projects(scope),
        )
        .order_by(Milestone.claimed_at, Milestone.id)
        .limit(MOST)
    )
    return [(milestone, project) for milestone, project in session.execute(statement)]


def working_projects(session: Session, scope: Scope) -> Sequence[Project]:
    """Projects the scope's districts are working on, longest in their stage first."""
    statement = (
        select(Project)
        .where(visible_projects(scope), Project.district.in_(scope.districts), Project.off_line.is_(None))
        .where(Project.stage != "dispatched")
        .order_by(Project.stage_since, Project.id)
        .limit(MOST)
    )
    return session.scalars(statement).all()


def obstacles(session: Session, scope: Scope, *, open_only: bool) -> Sequence[tuple[Obstacle, Project]]:
    """Matters to coordinate: a department's own, everybody's for the bureau; due first."""
    statement = (
        select(Obstacle, Project).join(Project, Project.id == Obstacle.project_id).where(visible_projects(scope))
    )
    if scope.actor.role is Role.DEPARTMENT:
        statement = statement.where(Obstacle.department == scope.actor.organisation)
    if open_only:
        statement = statement.where(Obstacle.state == "open")
    statement = statement.order_by(Obstacle.due_on.is_(None), Obstacle.due_on, Obstacle.raised_at, Obstacle.id)
    return [(obstacle, project) for obstacle, project in session.execute(statement.limit(MOST))]
