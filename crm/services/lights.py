"""Lights of many projects at once: reads what `crm/domain/lights.py` looks at, in one query."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.domain.clock import local_date
from crm.domain.lights import Light, Watched, light_of
from crm.store.key_lists import in_values
from crm.store.models import Assignment


def lights_of(session: Session, projects: Sequence[Any], today: date) -> dict[str, Light]:
    """The light of each project today; `projects` are objects or rows."""
    ids = [project.id for project in projects if project.stage == "dispatched"]
    due = {
        project_id: local_date(due_at)
        for project_id, due_at in session.execute(
            select(Assignment.project_id, Assignment.due_at).where(
                in_values(session, Assignment.project_id, ids), Assignment.state == "pending"
            )
        )
    }
    return {project.id: light_of(_watched(project, due.get(project.id)), today) for project in projects}


def _watched(project: Any, answer_due: date | None) -> Watched:
    return Watched(
        stage=project.stage,
        off_line=project.off_line,
        grade=project.grade,
        stage_since=local_date(project.stage_since),
        last_contact=local_date(project.last_activity_at) if project.last_activity_at else None,
        answer_due=answer_due,
        landed=project.landed_on is not None,
        assigned=project.district is not None,
    )
