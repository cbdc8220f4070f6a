"""Reading questions to parks and their answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.domain.match_input import Answer
from crm.domain.parks import Verdict
from crm.domain.scope import Scope
from crm.store.key_lists import in_values
from crm.store.models import ParkCheck
from crm.store.queries.scope import visible_checks

ANSWERED = (Verdict.MEETS, Verdict.BREAKS)


def answers_of_projects(session: Session, project_ids: Collection[str]) -> Mapping[str, tuple[Answer, ...]]:
    """By project id, in the order of answering; one query for a batch."""
    statement = select(ParkCheck).where(
        in_values(session, ParkCheck.project_id, project_ids), ParkCheck.state.in_(ANSWERED)
    )
    found: dict[str, tuple[Answer, ...]] = {}
    for row in session.scalars(statement.order_by(ParkCheck.answered_at, ParkCheck.id)):
        said = Answer(row.park, row.constraint, row.state, row.note or "")
        found[row.project_id] = (*found.get(row.project_id, ()), said)
    return found


def checks_of_project(session: Session, project_id: str) -> Sequence[ParkCheck]:
    """All questions about a project, oldest first; the caller has seen the project in scope."""
    statement = select(ParkCheck).where(ParkCheck.project_id == project_id).order_by(ParkCheck.asked_at, ParkCheck.id)
    return session.scalars(statement).all()


def checks_in_scope(session: Session, scope: Scope, *, open_only: bool = True, limit: int = 200) -> Sequence[ParkCheck]:
    """Questions somebody may answer or follow, oldest open ones first."""
    statement = select(ParkCheck).where(visible_checks(scope))
    if open_only:
        statement = statement.where(ParkCheck.state == "open")
    return session.scalars(statement.order_by(ParkCheck.asked_at, ParkCheck.id).limit(limit)).all()
