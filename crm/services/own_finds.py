"""Whose find a project is: decided by its first report, also when that one is processed late (promise 2).

A district's own find starts at negotiating, assigned to it; what others reported first waits for the dispatcher. Once people
have worked on the project their decisions stand. Called by `crm/services/intake.py` for a report that takes the first place.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from crm.services import facts
from crm.services.known import load_row
from crm.store.unit_of_work import Row

NOT_ITS_OWN = "另有更早的报送，不作为区镇自有线索"


def settle_find(session: Session, project: Row, district: str | None, reporter: str, now: datetime) -> list[Row]:
    """Change `project` so that `district` found it, or nobody's district did; the assignments that change with it."""
    if project["origin"] == "reported":
        waiting = project["stage"] == "reported" and project["district"] is None
        return _given_to(project, district, reporter, now) if waiting and district else []
    if project["district"] == district or _worked_on(session, project):
        return []
    own = load_row(session, "assignments", project_id=project["id"], state="accepted")
    withdrawn = [own | {"state": "declined", "reason": NOT_ITS_OWN}] if own else []
    project.update(origin="reported", district=None, stage="reported", stage_since=project["received_at"])
    return withdrawn + (_given_to(project, district, reporter, now) if district else [])


def _given_to(project: Row, district: str, reporter: str, now: datetime) -> list[Row]:
    since = project["received_at"]
    project.update(origin="self_sourced", district=district, stage="negotiating", stage_since=since)
    return [facts.own_assignment(project, reporter, now)]


def _worked_on(session: Session, project: Row) -> bool:
    touched = project["stage"] != "negotiating" or project["last_activity_at"] or project["park"]
    return bool(touched) or load_row(session, "milestones", project_id=project["id"]) is not None
