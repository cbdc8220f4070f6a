"""A validated report on its way through intake: what came in, who is named in it, and the order that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ReportIn:
    """A validated report. `amends`: it corrects the lead of the same (organisation, source_ref)."""

    organisation: str
    event_id: str
    data: Mapping[str, Any]
    content_hash: str
    received_at: datetime
    receipt_no: str
    channel: str
    reported_by: str
    amends: bool = False
    district: str | None = None  # a district's own find
    warnings: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    trace_id: str | None = None

    @property
    def place(self) -> tuple[str, str]:
        return self.organisation, self.data["source_ref"]


def people_of(data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Everyone a report names: its contacts and whom the last talk was with."""
    people = list(data.get("contacts") or [])
    if partner := (data.get("last_contact") or {}).get("with"):
        people.append({"name": partner, "last_contact": True})
    return people


def without_contacts(data: Mapping[str, Any]) -> dict[str, Any]:
    """The report without the people in it."""
    kept = {name: value for name, value in data.items() if name != "contacts"}
    if "last_contact" in kept:
        kept["last_contact"] = {name: value for name, value in kept["last_contact"].items() if name != "with"}
    return kept


def sorted_by_receipt(reports: Sequence[ReportIn]) -> list[ReportIn]:
    return sorted(reports, key=lambda report: (report.received_at, report.receipt_no))
