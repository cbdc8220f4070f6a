"""Rows and public changes of the facts that intake records: what is kept, and what outsiders may read of it.

A confidential project goes out under its code name only: nothing that names it stands in `change`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from crm.domain.actors import system
from crm.domain.enterprises import investment_in_yuan, title_of
from crm.domain.milestones import derive_stage
from crm.services.ids import new_id
from crm.store.unit_of_work import Fact, Row

UNCOUNTED = frozenset({"version", "updated_at"})


def differs(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether anything but version and time of writing changed."""
    return any(before.get(name) != value for name, value in after.items() if name not in UNCOUNTED)


def enterprise_row(enterprise_id: str, before: Row | None, profile: Mapping[str, Any], now: datetime) -> Row:
    return {
        "id": enterprise_id,
        "version": before["version"] if before else 1,
        **profile,
        "name": profile["name"] or (before or {}).get("name") or "",
        "created_at": before["created_at"] if before else now,
        "updated_at": now,
    }


def project_row(
    project_id: str, code_name: str, lead: Row, enterprise: Row | None, now: datetime, *, district: str | None
) -> Row:
    """A project as it is born: reported, or a district's own find, which starts at negotiating."""
    return {
        "id": project_id,
        "version": 0,
        "code_name": code_name,
        "confidential": lead["confidential"],
        "title": "",
        "summary": "",
        "kind": "new",
        "origin": "self_sourced" if district else "reported",
        "site_mode": "undecided",
        "track": None,
        "track_by_hand": False,
        "grade": "active",
        "investment": None,
        "needs": {},
        "enterprise_id": enterprise["id"] if enterprise else None,
        "first_lead_id": lead["id"],
        "sources": [],
        "industries": [],
        "nodes": [],
        "suitable": None,
        "proposed_districts": [],
        "proposed_parks": [],
        "district": district,
        "park": None,
        "stage": derive_stage(None, (), "accepted" if district else None),
        "off_line": None,
        "off_line_reason": None,
        "wake_on": None,
        "signed_on": None,
        "landed_on": None,
        "received_at": lead["received_at"],
        "stage_since": lead["received_at"],
        "last_activity_at": None,
        "created_at": now,
        "updated_at": now,
    }


def plan_values(plan: Mapping[str, Any], enterprise: Mapping[str, Any] | None, project: Row) -> Row:
    """The columns of a project that follow from the folded plan."""
    needs = {name: value for name, value in plan.items() if name not in ("title", "summary", "kind", "site_mode")}
    return {
        "title": title_of(plan, enterprise)[:200],
        "summary": plan.get("summary", ""),
        "kind": plan["kind"],
        "site_mode": plan["site_mode"],
        "investment": investment_in_yuan(plan),
        "needs": needs,
        "enterprise_id": project["enterprise_id"] or (enterprise["id"] if enterprise else None),
    }


def match_inputs(project: Mapping[str, Any], enterprise: Mapping[str, Any] | None) -> Row:
    """What the matcher reads, in the shape of the lead's `data`."""
    part = {
        name: enterprise[name]
        for name in (
            "name",
            "aliases",
            "english_name",
            "main_business",
            "business_scope",
            "gbt4754",
            "honours",
            "origin",
        )
        if enterprise and enterprise.get(name)
    }
    plan = {"title": project["title"], "summary": project["summary"], "kind": project["kind"]}
    return {"enterprise": part, "project": {**project["needs"], **plan, "site_mode": project["site_mode"]}}


def keep_match(project: Row, match: Row) -> None:
    """Copy onto the project what lists and filters need of its match."""
    result = match["result"]
    project["suitable"] = result["suitable"]
    project["industries"] = [item["code"] for item in result["industries"][:3]]
    project["nodes"] = [item["code"] for item in result["nodes"][:5]]
    project["proposed_parks"] = [item["code"] for item in result["parks"][:3]]
    project["proposed_districts"] = [item["code"] for item in result["districts"][:2]]


def own_assignment(project: Row, actor_id: str, now: datetime) -> Row:
    """The assignment of a self-sourced project: its district's from the start."""
    return {
        "id": new_id(),
        "project_id": project["id"],
        "district": project["district"],
        "park": None,
        "note": "区镇自有线索",
        "state": "accepted",
        "dispatched_at": now,
        "dispatched_by": actor_id,
        "due_at": now,
        "due_provisional": False,
        "answered_at": now,
        "answered_by": actor_id,
        "reason": None,
    }


def merge_proposed(now: datetime, kept: str, rival: str, lead: Row, trace_id: str | None) -> Fact:
    """A report whose code and name belong to two enterprises: kept apart until a person decides."""
    row = {
        "id": new_id(),
        "version": 1,
        "enterprise_a": kept,
        "enterprise_b": rival,
        "lead_id": lead["id"],
        "reason": "同一报送的信用代码与名称指向两家企业",
        "evidence": {"name": lead["data"]["enterprise"].get("name"), "uscc": lead["data"]["enterprise"].get("uscc")},
        "state": "open",
        "created_at": now,
    }
    return Fact(
        type="enterprise.merge-proposed.v1",
        aggregate="merge_proposal",
        aggregate_id=row["id"],
        version=1,
        actor=system("lead-intake"),
        rows={"merge_proposals": [row]},
        change={"enterprise": kept, "other": rival, "reasons": [row["reason"]]},
        occurred_at=lead["received_at"],
        trace_id=trace_id,
    )


def public_lead(lead: Row) -> Row:
    """A lead's event names no enterprise: its reader may be any system."""
    return {
        "source": lead["organisation"],
        "source_ref": lead["source_ref"],
        "receipt_no": lead["receipt_no"],
        "received_at": lead["received_at"],
        "project": lead["project_id"],
        "stage": lead["project_stage"],
        "confidential": lead["confidential"],
    }


def public_enterprise(enterprise: Row, *, hidden: bool) -> Row:
    """An enterprise known from confidential projects only goes out without its name."""
    if hidden:
        return {"confidential": True}
    shown = ("name", "uscc", "uscc_status", "province", "city", "origin", "country", "gbt4754")
    status = enterprise["uscc_status"]
    return {name: enterprise[name] for name in shown} | {"uscc_status": None if status == "none" else status}


def public_project(project: Row) -> Row:
    """Title, enterprise and numbers of an open project; code name, stage and place of a confidential one."""
    always = ("code_name", "confidential", "stage", "track", "kind", "district", "park", "off_line")
    shown = {name: project[name] for name in always}
    if not project["confidential"]:
        shown |= {"enterprise": project["enterprise_id"], "lead": project["first_lead_id"]}
        more = ("title", "origin", "investment", "industries", "nodes", "suitable", "sources", "grade")
        shown |= {name: project[name] for name in (*more, "signed_on", "landed_on")}
    return shown
