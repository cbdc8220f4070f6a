"""Intake: a batch of validated reports becomes leads, enterprises and projects, in one transaction.

Called by `consumers/lead_intake.py`, which owns decoding, the inbox and the dead letters. The order inside the batch
is that of the receipts, and profile and plan are folded anew over all reports of an enterprise each time, so the
outcome is that of the reports taken in the order of receipt, whatever the order of processing (promise 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from crm.domain import enterprises as folding
from crm.domain.actors import Actor, system
from crm.domain.enterprises import Report
from crm.domain.errors import Conflict
from crm.domain.milestones import track_of
from crm.services import facts
from crm.services.ids import code_name, new_id
from crm.services.known import Known, load_known
from crm.services.matching import Matching
from crm.services.own_finds import settle_find
from crm.store import identity
from crm.store.unit_of_work import Fact, Row, UnitOfWork
from crm.store.vault import Vault
from schemas.events.leads import differing_fields

INTAKE = system("lead-intake")
BEFORE_DISPATCH = "reported"


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


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a report; `duplicate`: equal content was there already, nothing changed."""

    lead_id: str
    receipt_no: str
    project_id: str | None
    duplicate: bool = False


class Intake:
    """One batch inside one unit of work. `take` raises Conflict for a report that must be set aside."""

    def __init__(self, unit: UnitOfWork, matching: Matching, vault: Vault) -> None:
        self.unit = unit
        self.matching = matching
        self.vault = vault
        self.known = Known()
        self._contacts: list[Row] = []

    def load(self, reports: Sequence[ReportIn]) -> None:
        """Lock all keys of the batch, then read everything it may touch, in a fixed number of queries."""
        keys = {key for report in reports for key in identity.keys_of(report.data.get("enterprise") or {})}
        identity.lock_keys(self.unit.session, keys)
        self.known = load_known(self.unit.session, keys, {report.place for report in reports})

    def take(self, report: ReportIn) -> Taken:
        lead = self.known.leads_by_place.get(report.place)
        if lead is not None and not report.amends:
            return self._again(report, lead)
        if lead is None and report.amends:
            raise Conflict("没有可更正的线索：该报送编号尚未报送", ("source_ref",))
        if lead is not None and lead["content_hash"] == report.content_hash:
            return Taken(lead["id"], lead["receipt_no"], lead["project_id"], duplicate=True)
        return self._correct(report, lead) if lead is not None else self._receive(report)

    def _again(self, report: ReportIn, lead: Row) -> Taken:
        if lead["content_hash"] != report.content_hash:
            raise Conflict(
                "同一报送编号已有不同内容；更正请用修改（PATCH 或 lead.amended.v1）", self.differing(report, lead)
            )
        return Taken(lead["id"], lead["receipt_no"], lead["project_id"], duplicate=True)

    @staticmethod
    def differing(report: ReportIn, lead: Row) -> tuple[str, ...]:
        """The fields that differ; contacts are encrypted, so they are named when nothing else differs."""
        return differing_fields(lead["data"], without_contacts(report.data)) or ("contacts",)

    def _receive(self, report: ReportIn) -> Taken:
        lead = self._lead_row(report, new_id(), version=1, created_at=self.unit.now)
        self._attach(report, lead, new=True)
        return Taken(lead["id"], lead["receipt_no"], lead["project_id"])

    def _correct(self, report: ReportIn, before: Row) -> Taken:
        lead = before | self._lead_row(report, before["id"], before["version"] + 1, before["created_at"])
        for kept in (
            "receipt_no",
            "received_at",
            "project_stage",
            "verdict",
            "outcome",
            "project_id",
            "enterprise_id",
        ):
            lead[kept] = before[kept]
        if before["protection"] != "none":  # a team that gets its name begins to be protected
            lead["protection"] = before["protection"]
        self._attach(report, lead, new=False)
        return Taken(lead["id"], lead["receipt_no"], lead["project_id"], duplicate=False)

    def _lead_row(self, report: ReportIn, lead_id: str, version: int, created_at: datetime) -> Row:
        named = bool((report.data.get("enterprise") or {}).get("name"))
        reported_at = report.data.get("reported_at")
        return {
            "id": lead_id,
            "version": version,
            "organisation": report.organisation,
            "source_ref": report.data["source_ref"],
            "receipt_no": report.receipt_no,
            "received_at": report.received_at,
            "reported_at": datetime.fromisoformat(reported_at) if reported_at else None,
            "content_hash": report.content_hash,
            "data": without_contacts(report.data),
            "contact_ids": self._seal_contacts(report, lead_id),
            "warnings": list(report.warnings),
            "ignored": list(report.ignored),
            "confidential": bool(report.data.get("confidential")),
            "enterprise_id": None,
            "project_id": None,
            "protection": "unproven" if named else "none",
            "protected_until": None,
            "project_stage": None,
            "verdict": None,
            "outcome": None,
            "created_at": created_at,
            "updated_at": self.unit.now,
        }

    def _seal_contacts(self, report: ReportIn, lead_id: str) -> list[str]:
        ids: list[str] = []
        for person in people_of(report.data):
            contact_id = new_id()
            sealed = self.vault.seal_person(contact_id, person)
            self._contacts.append(
                {
                    "id": contact_id,
                    "lead_id": lead_id,
                    "enterprise_id": None,
                    "sealed_key": sealed.sealed_key,
                    "secret": sealed.secret,
                    "created_at": self.unit.now,
                    "erased_at": None,
                }
            )
            ids.append(contact_id)
        return ids

    def _attach(self, report: ReportIn, lead: Row, *, new: bool) -> None:
        """Link the lead to its enterprise and project, fold both anew, and record what changed."""
        enterprise_id, proposal = self._identify(report, lead)
        lead["enterprise_id"] = enterprise_id
        self.known.put_lead(lead)
        enterprise = self._fold_enterprise(enterprise_id, report) if enterprise_id else None
        project = self._fold_project(report, lead, enterprise)
        lead["project_id"], lead["project_stage"] = project["id"], project["stage"]
        self.unit.record(self._lead_fact(report, lead, new=new))
        if proposal:
            self.unit.record(proposal)

    def _identify(self, report: ReportIn, lead: Row) -> tuple[str | None, Fact | None]:
        """By verified code, else by normalised full name: equality only (cleverer identity: `domain/identity`)."""
        keys = identity.keys_of(report.data.get("enterprise") or {})
        held = {key: owner for key in keys if (owner := self.known.owners.get(key))}
        by_code = next((owner for key, owner in held.items() if key[0] == "uscc"), None)
        by_name = next((owner for key, owner in held.items() if key[0] == "name"), None)
        code = next((value for kind, value in keys if kind == "uscc"), None)
        other = by_name is not None and code is not None and self.known.has_other_code(by_name, code)
        rival = by_name if (by_code and by_name != by_code) or (other and not by_code) else None
        chosen = by_code or (None if rival else by_name)
        if chosen is None:
            if not keys:
                return lead["enterprise_id"], None
            chosen = new_id()
        for key in keys:
            if self.known.owners.setdefault(key, chosen) == chosen and key[0] == "uscc":
                self.known.codes[chosen].add(key[1])
        proposal = facts.merge_proposed(self.unit.now, chosen, rival, lead, report.trace_id) if rival else None
        return chosen, proposal

    def _fold_enterprise(self, enterprise_id: str, report: ReportIn) -> Row:
        before = self.known.enterprises.get(enterprise_id)
        profile = folding.fold_profile(self._reports_of_enterprise(enterprise_id))
        row = facts.enterprise_row(enterprise_id, before, profile, self.unit.now)
        if before is not None and not facts.differs(before, row):
            return before
        row["version"] = (before["version"] if before else 0) + 1
        keys = identity.keys_of(profile)
        mine = [key for key in keys if self.known.owners.setdefault(key, enterprise_id) == enterprise_id]
        self.known.enterprises[enterprise_id] = row
        self.known.codes[enterprise_id].update(value for kind, value in mine if kind == "uscc")
        self.unit.record(
            Fact(
                type="enterprise.registered.v1" if before is None else "enterprise.updated.v1",
                aggregate="enterprise",
                aggregate_id=enterprise_id,
                version=row["version"],
                actor=INTAKE,
                rows={
                    "enterprises": [row],
                    identity.KEY_TABLE: identity.key_rows(mine, enterprise_id),
                    identity.HINT_TABLE: identity.key_rows(identity.hints_of(profile), enterprise_id),
                },
                change=facts.public_enterprise(row, hidden=self.known.is_hidden(enterprise_id)),
                documents=self.known.documents_of_enterprise(enterprise_id),
                occurred_at=report.received_at,
                trace_id=report.trace_id,
            )
        )
        return row

    def _fold_project(self, report: ReportIn, lead: Row, enterprise: Row | None) -> Row:
        project = self._open_project(lead, enterprise)
        before = project
        if project is None:
            project = self._new_project(report, lead, enterprise)
        lead["project_id"] = project["id"]
        self.known.link(lead, project)
        reports = self._reports_of_project(project["id"])
        plan = folding.fold_plan([_as_report(row) for row in reports])
        row = project | facts.plan_values(plan, enterprise, project)
        row["sources"] = list(dict.fromkeys(lead_row["organisation"] for lead_row in reports))
        row["first_lead_id"] = reports[0]["id"]
        row["received_at"] = reports[0]["received_at"]
        row["confidential"] = any(lead_row["confidential"] for lead_row in reports)
        row["updated_at"] = self.unit.now
        if not row["track_by_hand"]:
            row["track"] = track_of(row["kind"], row["site_mode"])
        late_first = before is not None and not report.amends and reports[0]["id"] == lead["id"]
        moved = self._settle_find(report, row, reports) if late_first else {}
        match = self._match(row, enterprise, before)
        if before is not None and not facts.differs(before, row):
            return before
        row["version"] = (before["version"] if before else 0) + 1
        self.known.put_project(row)
        fact = self._project_fact(report, row, before, match)
        self.unit.record(replace(fact, rows={**fact.rows, **moved}))
        return row

    def _settle_find(self, report: ReportIn, row: Row, reports: Sequence[Row]) -> dict[str, list[Row]]:
        """A first report processed late decides whose find it is; leads linked before copy the stage anew."""
        session, now = self.unit.session, self.unit.now
        assignments = settle_find(session, row, report.district, report.reported_by, now)
        if not assignments:
            return {}
        leads = [lead | {"project_stage": row["stage"], "updated_at": now} for lead in reports[1:]]
        for lead in leads:
            self.known.put_lead(lead)
        return {"assignments": assignments, "leads": leads}

    def _open_project(self, lead: Row, enterprise: Row | None) -> Row | None:
        if lead["project_id"]:
            return self.known.projects[lead["project_id"]]
        return self.known.open_project_of(enterprise["id"]) if enterprise else None

    def _new_project(self, report: ReportIn, lead: Row, enterprise: Row | None) -> Row:
        project_id = new_id()
        return facts.project_row(
            project_id, code_name(project_id), lead, enterprise, self.unit.now, district=report.district
        )

    def _match(self, row: Row, enterprise: Row | None, before: Row | None) -> Row | None:
        """Match when new, or when what is matched changed before the project was dispatched."""
        inputs = facts.match_inputs(row, enterprise)
        if before is not None:
            same = inputs == facts.match_inputs(before, self.known.matched_with.get(row["id"], enterprise))
            if same or before["stage"] != BEFORE_DISPATCH:
                return None
        self.known.matched_with[row["id"]] = enterprise
        match = self.matching.match_row(row["id"], inputs, self.unit.now)
        facts.keep_match(row, match)
        return match

    def _project_fact(self, report: ReportIn, row: Row, before: Row | None, match: Row | None) -> Fact:
        rows: dict[str, list[Row]] = {"projects": [row]}
        if match:
            rows["matches"] = [match]
        if row["enterprise_id"] and before is None:
            rows["project_parties"] = [
                {"project_id": row["id"], "role": "investor", "enterprise_id": row["enterprise_id"]}
            ]
        if before is None and report.district:
            rows["assignments"] = [facts.own_assignment(row, report.reported_by, self.unit.now)]
        return Fact(
            type="project.opened.v1" if before is None else "project.joined.v1",
            aggregate="project",
            aggregate_id=row["id"],
            version=row["version"],
            actor=INTAKE,
            rows=rows,
            change=facts.public_project(row),
            documents=self.known.documents_of_project(row["id"]),
            occurred_at=report.received_at,
            trace_id=report.trace_id,
        )

    def _lead_fact(self, report: ReportIn, lead: Row, *, new: bool) -> Fact:
        receipt = {
            "receipt_no": lead["receipt_no"],
            "received_at": lead["received_at"],
            "organisation": lead["organisation"],
            "source_ref": lead["source_ref"],
            "content_hash": lead["content_hash"],
            "channel": report.channel,
            "lead_id": lead["id"],
            "state": "processed",
        }
        return Fact(
            type="lead.received.v1" if new else "lead.corrected.v1",
            aggregate="lead",
            aggregate_id=lead["id"],
            version=lead["version"],
            actor=Actor(report.reported_by, report.organisation, INTAKE.role),
            rows={"leads": [lead], "receipts": [receipt]},
            change=facts.public_lead(lead),
            documents=(("lead", lead["id"]),),
            occurred_at=report.received_at,
            trace_id=report.trace_id,
        )

    def _reports_of_enterprise(self, enterprise_id: str) -> list[Report]:
        return [_as_report(lead) for lead in self.known.leads_of_enterprise(enterprise_id)]

    def _reports_of_project(self, project_id: str) -> list[Row]:
        rows = self.known.leads_of_project(project_id)
        return sorted(rows, key=lambda lead: (lead["received_at"], lead["receipt_no"]))

    @property
    def contacts(self) -> Sequence[Row]:
        """Sealed people to be stored beside the facts; they are no facts themselves."""
        return self._contacts


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


def _as_report(lead: Row) -> Report:
    return Report(lead["received_at"], lead["receipt_no"], lead["data"])


def sorted_by_receipt(reports: Sequence[ReportIn]) -> list[ReportIn]:
    return sorted(reports, key=lambda report: (report.received_at, report.receipt_no))
