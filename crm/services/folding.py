"""Folding: an enterprise's profile and its project's plan, made anew from all their reports whenever one is added.

So the outcome is that of the reports taken in the order of receipt, whatever the order of processing (promise 2; ADR 2).
Called by `intake.py` inside its unit of work; records the facts of enterprise and project.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crm.domain import enterprises
from crm.domain.actors import system
from crm.domain.enterprises import Report
from crm.domain.milestones import track_of
from crm.services import facts
from crm.services.ids import code_name, new_id
from crm.services.known import Known
from crm.services.matching import Matching
from crm.services.own_finds import settle_find
from crm.services.report_in import ReportIn
from crm.store import identity
from crm.store.unit_of_work import Fact, Row, UnitOfWork

INTAKE = system("lead-intake")
BEFORE_DISPATCH = "reported"


class Folding:
    """Folds what a batch knows (`known`) and records what changed."""

    def __init__(self, unit: UnitOfWork, matching: Matching, known: Known) -> None:
        self.unit = unit
        self.matching = matching
        self.known = known

    def fold_enterprise(self, enterprise_id: str, report: ReportIn) -> Row:
        before = self.known.enterprises.get(enterprise_id)
        profile = enterprises.fold_profile(self._reports_of_enterprise(enterprise_id))
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

    def fold_project(self, report: ReportIn, lead: Row, enterprise: Row | None) -> Row:
        project = self._open_project(lead, enterprise)
        before = project
        if project is None:
            project = self._new_project(report, lead, enterprise)
        lead["project_id"] = project["id"]
        self.known.link(lead, project)
        reports = self._reports_of_project(project["id"])
        plan = enterprises.fold_plan([_as_report(row) for row in reports])
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
        answers = self.known.answers.get(row["id"], ())
        match = self.matching.match_row(row["id"], inputs, self.unit.now, answers)
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
            documents=self.known.documents_of_project(row, before),
            occurred_at=report.received_at,
            trace_id=report.trace_id,
        )

    def _reports_of_enterprise(self, enterprise_id: str) -> list[Report]:
        return [_as_report(lead) for lead in self.known.leads_of_enterprise(enterprise_id)]

    def _reports_of_project(self, project_id: str) -> list[Row]:
        rows = self.known.leads_of_project(project_id)
        return sorted(rows, key=lambda lead: (lead["received_at"], lead["receipt_no"]))


def _as_report(lead: Row) -> Report:
    return Report(lead["received_at"], lead["receipt_no"], lead["data"])
