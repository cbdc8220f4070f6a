"""Taking reports by form, API and file: check, give a receipt, leave the event for the relay. One transaction.

The report itself is processed by the consumer, like any other event: every channel ends in the same topic.
A faulty report falls out alone, with its field; the same report again gets the same receipt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from crm.domain import trace
from crm.domain.actors import Actor, Role
from crm.domain.errors import Conflict, CrmError, Forbidden, Invalid, Stale
from crm.domain.permissions import Verb, require
from crm.services.ids import new_id, receipt_number
from crm.services.report_in import without_contacts
from crm.services.reports import CheckedReport, as_invalid, check_report
from crm.services.tools import Tools
from crm.store.bulk import insert_rows
from crm.store.models import DeadLetter, Lead, Model, Organisation, Receipt, Submission
from crm.store.receipts import Place, receipt_time, receipts_at
from crm.store.unit_of_work import Row, UnitOfWork, unit_of_work
from schemas.envelope import Envelope, SchemaError, parse, serialise
from schemas.events.leads import differing_fields
from schemas.topics import LEADS_SUBMITTED, source_of

PURPOSE = "submission"
SUBMITTED = "lead.submitted.v1"
AMENDED = "lead.amended.v1"
ORGANISATION = select(Organisation.__table__).where(Organisation.code == bindparam("code"))


@dataclass(frozen=True, slots=True)
class Submitted:
    """The receipt of a stored report. `duplicate`: equal content was there already. `version`: the lead's by then."""

    receipt_no: str
    received_at: datetime
    state: str
    source_ref: str
    duplicate: bool
    lead_id: str | None
    project_id: str | None
    warnings: tuple[str, ...]
    ignored: tuple[str, ...]
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Incoming:
    """A report as it came in. `amends`: `data` corrects the report of the same `source_ref`, receipt kept.

    `version`: that of the lead its corrector saw; None for a correction of whatever stands there (files, topics).
    `traceparent`: of the request it came with, None for the one being answered.
    """

    organisation: str
    data: Any
    amends: bool = False
    version: int | None = None
    traceparent: str | None = None


def submit(tools: Tools, actor: Actor, report: Incoming, channel: str) -> Submitted:
    """One report. Raises Invalid, Conflict, Forbidden."""
    outcome = submit_batch(tools, actor, [report], channel)[0]
    if isinstance(outcome, CrmError):
        raise outcome
    return outcome


def submit_batch(tools: Tools, actor: Actor, reports: Sequence[Incoming], channel: str) -> list[Submitted | CrmError]:
    """Reports of one actor, each with its own outcome; what is accepted is stored together."""
    require(actor, Verb.REPORT)
    return submit_each(tools, [(actor, report) for report in reports], channel)


def submit_each(tools: Tools, reports: Sequence[tuple[Actor, Incoming]], channel: str) -> list[Submitted | CrmError]:
    """Reports, each of an actor who may report; what is accepted is stored together."""
    for attempt in range(3):
        try:
            with unit_of_work(tools.database, tools.clock) as unit:
                return _Batch(tools, channel, unit).take(reports)
        except IntegrityError:  # another process stored one of these places between our look and our write
            if attempt == 2:
                raise
    raise AssertionError("unreachable")


class _Batch:
    def __init__(self, tools: Tools, channel: str, unit: UnitOfWork) -> None:
        self.tools = tools
        self.channel = channel
        self.unit = unit
        self.now = receipt_time(unit.session, tools.clock)
        self.there: dict[Place, Receipt] = {}
        self._organisations: dict[str, Any] = {}
        self._unwritten: dict[type[Model], list[Row]] = {Receipt: [], Submission: []}

    def take(self, reports: Sequence[tuple[Actor, Incoming]]) -> list[Submitted | CrmError]:
        checked = [self._check(actor, report) for actor, report in reports]
        places = {report.place for report in checked if isinstance(report, CheckedReport)}
        self.there = receipts_at(self.unit.session, places)
        outcomes: list[Submitted | CrmError] = []
        for index, report in enumerate(checked):
            if isinstance(report, CrmError):
                outcomes.append(report)
                continue
            try:
                outcomes.append(self._take(report, reports[index][1], index))
            except (Conflict, Stale) as refusal:
                outcomes.append(refusal)
        self._write()
        return outcomes

    def _write(self) -> None:
        """What was accepted so far, in one statement a table."""
        for model, rows in self._unwritten.items():
            insert_rows(self.unit.session, model, rows)
            rows.clear()

    def _take(self, report: CheckedReport, incoming: Incoming, index: int) -> Submitted:
        return self._amend(report, incoming) if incoming.amends else self._store(report, incoming, index)

    def _check(self, actor: Actor, report: Incoming) -> CheckedReport | CrmError:
        try:
            self._may_report_for(actor, report.organisation)
            return check_report(report.organisation, report.data, self.tools.reference.codes())
        except SchemaError as error:
            return as_invalid(error)
        except CrmError as error:
            return error

    def _may_report_for(self, actor: Actor, organisation: str) -> None:
        if actor.role in (Role.REPORTER, Role.DISTRICT) and organisation != actor.organisation:
            raise Forbidden("只能以本单位名义报送")
        row = self._organisation(organisation)
        if row is None or not row.active:
            raise Invalid.of("organisation", f"没有代码为 {organisation} 的单位")
        if not row.reports and row.kind not in ("district", "bureau"):
            raise Invalid.of("organisation", f"{row.name}不是报送单位")

    def _organisation(self, code: str) -> Any:
        if code not in self._organisations:
            found = self.unit.session.connection().execute(ORGANISATION, {"code": code})
            self._organisations[code] = found.one_or_none()
        return self._organisations[code]

    def _store(self, report: CheckedReport, incoming: Incoming, index: int) -> Submitted:
        before = self.there.get(report.place)
        if before is not None:
            return self._again(report, before)
        number = receipt_number(self.now, index)
        row = {
            "receipt_no": number,
            "received_at": self.now,
            "organisation": report.organisation,
            "source_ref": report.place[1],
            "content_hash": report.content_hash,
            "channel": self.channel,
            "state": "received",
        }
        self._unwritten[Receipt].append(row)
        self.there[report.place] = receipt = Receipt(**row)
        self._queue(report, number, number, incoming)
        return self._submitted(report, receipt, None, duplicate=False)

    def _amend(self, report: CheckedReport, incoming: Incoming) -> Submitted:
        receipt = self.there.get(report.place)
        if receipt is None:
            raise Conflict("没有可更正的线索：该报送编号尚未报送", ("source_ref",))
        lead = self.unit.session.get(Lead, receipt.lead_id, with_for_update=True) if receipt.lead_id else None
        if incoming.version is not None:
            self._refuse_outdated(receipt, lead, incoming.version)
        if lead is not None and lead.content_hash == report.content_hash:
            return self._submitted(report, receipt, lead, duplicate=True)
        self._queue(report, receipt.receipt_no, new_id(), incoming)
        return self._submitted(report, receipt, lead, duplicate=False)

    def _refuse_outdated(self, receipt: Receipt, lead: Lead | None, version: int) -> None:
        """A corrector that saw an older report would undo what came since, on its way to the lead included."""
        if lead is None or lead.version != version:
            raise Stale("线索已被更正，请读取最新内容后重试")
        self._write()
        buried = select(DeadLetter.id).where(DeadLetter.receipt_no == Submission.id).exists()
        waiting = select(Submission.id).where(Submission.receipt_no == receipt.receipt_no, ~buried).limit(1)
        if self.unit.session.scalar(waiting) is not None:
            raise Conflict("该线索的上一次更正还在处理，请稍后再试")

    def _queue(self, report: CheckedReport, receipt_no: str, event_id: str, incoming: Incoming) -> None:
        source = source_of(report.organisation)
        envelope = Envelope(
            id=event_id,
            source=source,
            type=AMENDED if incoming.amends else SUBMITTED,
            time=self.now,
            data=dict(report.raw),
            traceparent=incoming.traceparent or trace.current.get() or trace.fresh(),
        )
        sealed = self.tools.vault.seal(serialise(envelope), PURPOSE)
        row = {"id": event_id, "receipt_no": receipt_no, "sealed_envelope": sealed, "created_at": self.unit.now}
        self._unwritten[Submission].append(row)
        self.unit.publish(LEADS_SUBMITTED, f"{report.organisation}/{report.place[1]}", submission_id=event_id)

    def _again(self, report: CheckedReport, receipt: Receipt) -> Submitted:
        lead = self.unit.session.get(Lead, receipt.lead_id) if receipt.lead_id else None
        current = lead.content_hash if lead else receipt.content_hash
        if report.content_hash != current:
            raise Conflict("同一报送编号已有不同内容；更正请用修改", self._differing(report, receipt, lead))
        return self._submitted(report, receipt, lead, duplicate=True)

    def _differing(self, report: CheckedReport, receipt: Receipt, lead: Lead | None) -> tuple[str, ...]:
        if lead is not None:
            stored: Mapping[str, Any] = lead.data
        else:
            stored = self._waiting(receipt)
        return differing_fields(stored, without_contacts(report.data)) or ("contacts",)

    def _waiting(self, receipt: Receipt) -> Mapping[str, Any]:
        self._write()
        statement = select(Submission.sealed_envelope).where(Submission.receipt_no == receipt.receipt_no)
        sealed = self.unit.session.scalar(statement)
        if sealed is None:
            return {}
        data = parse(self.tools.vault.open(sealed, PURPOSE)).data
        checked = check_report(receipt.organisation, data, self.tools.reference.codes())
        return without_contacts(checked.data)

    @staticmethod
    def _submitted(report: CheckedReport, receipt: Receipt, lead: Lead | None, *, duplicate: bool) -> Submitted:
        return Submitted(
            receipt_no=receipt.receipt_no,
            received_at=receipt.received_at,
            state=receipt.state,
            source_ref=receipt.source_ref,
            duplicate=duplicate,
            lead_id=receipt.lead_id,
            project_id=lead.project_id if lead else None,
            warnings=report.warnings,
            ignored=report.ignored,
            version=lead.version if lead else None,
        )
