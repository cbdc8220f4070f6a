"""Correcting a report: a merge patch (RFC 7396) on the report as reported, people included, receipt kept.

The corrected report goes the way of every report, as `lead.amended.v1`; the lead changes when the consumer has taken
it. Called by `PATCH /leads/{id}` and the page of a lead.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from crm.domain.actors import Actor
from crm.domain.errors import Invalid
from crm.domain.permissions import Verb, require
from crm.services.reports import as_reported
from crm.services.submission import Incoming, Submitted, submit
from crm.services.tools import Tools
from crm.store.models import Lead
from crm.store.queries.leads import get_lead
from crm.store.queries.projects import contacts_of
from crm.store.queries.scope import scope_of
from crm.store.vault import Vault


def correct(
    tools: Tools, actor: Actor, lead_id: str, version: int | None, patch: Mapping[str, Any], channel: str
) -> Submitted:
    """Correct a lead; the receipt, `duplicate` when the patch changes nothing. `version` None: whatever it is now.

    Raises NotFound, Forbidden, Stale, Invalid, Conflict (an earlier correction is still under way).
    """
    with tools.database.read() as session:
        lead = get_lead(session, scope_of(session, actor), lead_id)
        require(actor, Verb.REPORT)
        data = merge_patch(reported_data(session, tools.vault, lead), patch)
    if data.get("source_ref") != lead.source_ref:
        raise Invalid.of("source_ref", "报送编号不能更改")
    seen = lead.version if version is None else version
    return submit(tools, actor, Incoming(lead.organisation, data, amends=True, version=seen), channel)


def reported_data(session: Session, vault: Vault, lead: Lead) -> dict[str, Any]:
    """The report as its reporter sent it, with its people; one whose key was destroyed is gone."""
    data = as_reported(lead.data)
    people = [
        person
        for row in contacts_of(session, [lead])
        if (person := vault.open_person(row.id, row.sealed_key, row.secret)) is not None
    ]
    contacts = [person for person in people if not person.get("last_contact")]
    if contacts:
        data["contacts"] = contacts
    partner = next((person["name"] for person in people if person.get("last_contact")), None)
    if partner:
        data["last_contact"] = {**data.get("last_contact", {}), "with": partner}
    return data


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396: null removes, an object merges, anything else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged
