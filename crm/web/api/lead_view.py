"""Leads and receipts as the API writes them. Rows come in scope; here only what of them is shown is decided."""

from __future__ import annotations

from typing import Any

from crm.domain.actors import Actor
from crm.domain.clock import local_date
from crm.domain.permissions import Verb, may
from crm.services.duplicate_check import BlindAnswer
from crm.services.reports import as_reported
from crm.services.submission import Submitted
from crm.store.models import Lead
from crm.store.queries.leads import ReceiptView

NO_PROTECTION = {"kind": "none", "until": None}


def lead_values(actor: Actor, lead: Lead, data: dict[str, Any] | None = None) -> dict[str, Any]:
    """`data`: the report with its people; without it a list shows the report without them."""
    report = as_reported(lead.data) if data is None else data
    return {
        "id": lead.id,
        "version": lead.version,
        "organisation": lead.organisation,
        "source_ref": lead.source_ref,
        "receipt_no": lead.receipt_no,
        "received_at": lead.received_at,
        "reported_at": lead.reported_at,
        "updated_at": lead.updated_at,
        "confidential": lead.confidential,
        "enterprise_name": report.get("enterprise", {}).get("name"),
        "title": report.get("project", {}).get("title"),
        "protection": _protection(lead.protection, lead.protected_until),
        "project_stage": lead.project_stage,
        "verdict": lead.verdict,
        "outcome": lead.outcome,
        "data": report,
        "warnings": lead.warnings,
        "ignored": lead.ignored,
        **_project(actor, lead.project_id),
    }


def receipt_values(view: ReceiptView) -> dict[str, Any]:
    """A receipt as it stands now."""
    return {
        "receipt_no": view.receipt_no,
        "received_at": view.received_at,
        "state": view.state,
        "source_ref": view.source_ref,
        "protection": _protection(view.protection, view.protected_until),
        "lead_id": view.lead_id,
        "project_stage": view.project_stage,
    }


def submitted_values(actor: Actor, submitted: Submitted) -> dict[str, Any]:
    """A receipt as it is given."""
    return {
        "receipt_no": submitted.receipt_no,
        "received_at": submitted.received_at,
        "state": submitted.state,
        "source_ref": submitted.source_ref,
        "duplicate": submitted.duplicate,
        "protection": NO_PROTECTION,
        "lead_id": submitted.lead_id,
        "project_stage": None,
        "warnings": submitted.warnings,
        "ignored": submitted.ignored,
        **_project(actor, submitted.project_id),
    }


def blind_values(answer: BlindAnswer | None) -> dict[str, Any]:
    """The blind answer; nothing at all when it is withheld."""
    return {"reported": answer.reported, "protected_until": answer.protected_until} if answer else {}


def _protection(kind: str, until: Any) -> dict[str, Any]:
    return {"kind": kind, "until": local_date(until) if until else None}


def _project(actor: Actor, project_id: str | None) -> dict[str, Any]:
    """A reporter never learns which project its lead became: two of them could compare."""
    return {"project_id": project_id} if may(actor, Verb.READ_PROJECTS) else {}
