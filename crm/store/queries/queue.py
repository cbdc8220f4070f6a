"""The dispatcher's queue: what waits for a district, came back, or is out for an answer; counts and rows inside the scope.

A page of rows costs a fixed number of queries: rows, their latest matches, their latest assignments.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from crm.domain.errors import Invalid
from crm.domain.scope import Scope
from crm.store.models import Assignment, Match, Project
from crm.store.queries.paging import Order, Page
from crm.store.queries.scope import visible_projects

TABS = ("waiting", "returned", "dispatched", "all")


def queue_counts(session: Session, scope: Scope) -> Mapping[str, int]:
    """How many stand under each tab."""
    columns = [func.count().filter(_tab(tab)) for tab in TABS]
    row = session.execute(select(*columns).select_from(Project).where(visible_projects(scope))).one()
    return dict(zip(TABS, row, strict=True))


def queue_page(session: Session, scope: Scope, tab: str, *, cursor: str | None, size: int) -> Page:
    """A page of a tab: longest waiting first, newest first under `all`. Raises Invalid."""
    if tab not in TABS:
        raise Invalid.of("tab", f"没有名为 {tab} 的页签")
    order = Order(Project.received_at, Project.id, descending=tab == "all")
    statement = select(Project).where(visible_projects(scope), _tab(tab))
    return order.page(session.scalars(order.apply(statement, cursor, size)).all(), size)


def _tab(tab: str) -> ColumnElement[bool]:
    came_back = Project.id.in_(select(Assignment.project_id).where(Assignment.state.in_(("declined", "expired"))))
    pending = Project.id.in_(select(Assignment.project_id).where(Assignment.state == "pending"))
    unplaced = and_(Project.district.is_(None), Project.off_line.is_(None))
    if tab == "waiting":
        return and_(unplaced, ~came_back)
    if tab == "returned":
        return and_(unplaced, came_back)
    if tab == "dispatched":
        return and_(pending, Project.off_line.is_(None))
    return Project.id.is_not(None)


def latest_matches(session: Session, project_ids: Sequence[str]) -> Mapping[str, Match]:
    """The newest proposal of each project."""
    statement = select(Match).where(Match.project_id.in_(project_ids)).order_by(Match.created_at, Match.id)
    return {match.project_id: match for match in session.scalars(statement)}


def latest_assignments(session: Session, project_ids: Sequence[str]) -> Mapping[str, Assignment]:
    """The newest dispatch of each project that had one."""
    statement = (
        select(Assignment)
        .where(Assignment.project_id.in_(project_ids))
        .order_by(Assignment.dispatched_at, Assignment.id)
    )
    return {row.project_id: row for row in session.scalars(statement)}
