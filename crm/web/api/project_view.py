"""Projects as the API writes them: rows that came in scope → values of `schemas/api/projects.py`; 元 → 万元."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from crm.domain.clock import local_date
from crm.domain.lights import Light
from crm.domain.match_result import from_stored
from crm.services.lights import lights_of
from crm.services.tools import Tools
from crm.store.models import Enterprise, HistoryLine, Match, Project
from crm.store.queries.enterprises import enterprises_of, parties_of
from crm.store.queries.projects import ProjectDetail

YUAN_IN_WAN = 10_000
NEEDS = ("currency", "land", "floor_area", "energy", "jobs", "process_risks", "start_month")
PLAIN = (
    "id", "version", "code_name", "confidential", "title", "summary", "kind", "origin", "site_mode", "track", "stage",
    "grade", "district", "park", "industries", "nodes", "suitable", "proposed_districts", "proposed_parks", "sources",
    "off_line_reason", "wake_on", "signed_on", "landed_on", "stage_since", "last_activity_at", "received_at",
    "created_at", "updated_at",
)  # fmt: skip


def page_values(tools: Tools, session: Session, projects: Sequence[Project]) -> list[dict[str, Any]]:
    """A page of projects, in a fixed number of queries."""
    lights = lights_of(session, projects, local_date(tools.clock.now()))
    enterprises = enterprises_of(session, projects)
    return [_values(row, enterprises.get(row.enterprise_id or ""), lights[row.id]) for row in projects]


def detail_values(tools: Tools, session: Session, detail: ProjectDetail) -> dict[str, Any]:
    """One project with what hangs on it."""
    project = detail.project
    light = lights_of(session, [project], local_date(tools.clock.now()))[project.id]
    parties = parties_of(session, [project.id]).get(project.id, ())
    latest = max(detail.assignments, key=lambda row: (row.dispatched_at, row.id), default=None)
    return {
        **_values(project, detail.enterprise, light),
        "parties": [{"role": party.role, **_enterprise(party.enterprise)} for party in parties],
        "leads": [lead.id for lead in detail.leads if not lead.confidential or project.confidential],
        "assignment": latest,
        "milestones": detail.milestones,
        "activities": detail.activities,
        "obstacles": detail.obstacles,
    }


def _values(project: Project, enterprise: Enterprise | None, light: Light) -> dict[str, Any]:
    return {
        **{name: getattr(project, name) for name in PLAIN},
        **{name: project.needs[name] for name in NEEDS if name in project.needs},
        "enterprise": _enterprise(enterprise) if enterprise else None,
        "investment": in_wan(project.investment),
        "light": light.colour,
        "light_reasons": light.reasons,
    }


def in_wan(yuan: int | None) -> float | None:
    """元 → 万元."""
    return None if yuan is None else yuan / YUAN_IN_WAN


def _enterprise(enterprise: Enterprise) -> dict[str, Any]:
    return {"id": enterprise.id, "name": enterprise.name, "uscc": enterprise.uscc}


def match_values(match: Match) -> dict[str, Any]:
    """A proposal with its versions and the choice made beside it."""
    chosen = {"district": match.chosen_district, "park": match.chosen_park, "reason": match.choice_reason}
    return {
        **from_stored(match.result),
        "id": match.id,
        "made_at": match.created_at,
        "reference_version": match.reference_version,
        "rules_version": match.rules_version,
        "chosen": chosen if match.chosen_district else None,
    }


def history_values(line: HistoryLine) -> Mapping[str, Any]:
    """A fact as outsiders may read it: never the full rows, which hold more than the reader's role needs."""
    return {
        "version": line.version,
        "type": line.type,
        "changed": line.change,
        "actor": line.actor,
        "occurred_at": line.occurred_at,
        "recorded_at": line.recorded_at,
        "reason": line.reason,
    }
