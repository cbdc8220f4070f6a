"""Intake: a batch of validated reports becomes leads, enterprises and projects, in one transaction.

Called by `consumers/lead_batch.py`, which owns decoding, the inbox and the dead letters. The order inside the batch
is that of the receipts; enterprise and project are folded anew by `folding.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from crm.domain.actors import Actor
from crm.domain.errors import Conflict
from crm.services import facts
from crm.services.folding import INTAKE, Folding
from crm.services.ids import new_id
from crm.services.known import Known, load_known
from crm.services.matching import Matching
from crm.services.report_in import ReportIn, people_of, without_contacts
from crm.store import identity
from crm.store.unit_of_work import Fact, Row, UnitOfWork
from crm.store.vault import Vault
from schemas.events.leads import differing_fields

Named = tuple[ReportIn, tuple[identity.Key, ...]]
"""A report with the keys of the enterprise it names."""


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

    def load(self, reports: Sequence[ReportIn], *, wait: bool = True) -> list[ReportIn]:
        """Lock all keys of the batch, then read everything it may touch, in a fixed number of queries; the reports to take.

        Without `wait` those that name a key which another transaction holds are left out, and every other of the same
        place or keys with them: nobody waits for anybody, and they are to be loaded again once this is committed.
        """
        named = [(report, identity.keys_of(report.data.get("enterprise") or {})) for report in reports]
        wanted = {key for _, keys_of in named for key in keys_of}
        if wait:
            identity.lock_keys(self.unit.session, wanted)
        elif held := identity.hold_free_keys(self.unit.session, wanted):
            named = _free_of(named, held)
        taken = [report for report, _ in named]
        keys = {key for _, keys_of in named for key in keys_of}
        self.known = load_known(self.unit.session, keys, {report.place for report in taken})
        return taken

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
        folding = Folding(self.unit, self.matching, self.known)
        enterprise = folding.fold_enterprise(enterprise_id, report) if enterprise_id else None
        project = folding.fold_project(report, lead, enterprise)
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

    @property
    def contacts(self) -> Sequence[Row]:
        """Sealed people to be stored beside the facts; they are no facts themselves."""
        return self._contacts


def _free_of(named: Sequence[Named], held: frozenset[identity.Key]) -> list[Named]:
    """Without the reports that a held key holds up: directly, or by a report of the same place or key before or after."""
    held_up: set[object] = set(held)
    while True:
        stuck = [one for one in named if held_up.intersection((one[0].place, *one[1]))]
        grown = held_up.union(*({report.place, *keys} for report, keys in stuck))
        if grown == held_up:
            return [one for one in named if not held_up.intersection((one[0].place, *one[1]))]
        held_up = grown
