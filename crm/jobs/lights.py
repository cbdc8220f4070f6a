"""Nightly job: documents of projects whose light changed overnight are written anew, so that the light facet is true."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select

from crm.domain.clock import local_date
from crm.services.lights import lights_of
from crm.store.models import Project
from crm.store.unit_of_work import unit_of_work
from crm.wiring import Deployment

BATCH = 1000
LOOK_BACK = timedelta(days=7)  # a scheduler that stood still for some days still raises what turned meanwhile


def raise_changed_lights(deployment: Deployment) -> int:
    """How many documents were raised."""
    tools = deployment.tools
    today = local_date(tools.clock.now())
    raised, last = 0, ""
    while True:
        with unit_of_work(tools.database, tools.clock) as unit:
            statement = select(Project).where(Project.off_line.is_(None), Project.id > last).order_by(Project.id)
            projects = unit.session.scalars(statement.limit(BATCH)).all()
            if not projects:
                return raised
            now, before = (lights_of(unit.session, projects, day) for day in (today, today - LOOK_BACK))
            changed = [p.id for p in projects if now[p.id].colour != before[p.id].colour]
            unit.raise_documents(("project", project_id) for project_id in changed)
            raised += len(changed)
            last = projects[-1].id
