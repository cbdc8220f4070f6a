"""A batch of records on its way to intake: decoded, checked, looked up in the inbox; what is refused is set aside alone.

All of it in the one transaction of `lead_intake.py`: inbox, facts, contacts, dead letters, erased submissions. Writers of a
topic are known by the topic (trap 7): a centre's own feed may carry that centre's reports only.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm.bus.port import Delivered
from crm.domain import trace
from crm.domain.errors import Conflict
from crm.services.dead_letters import bury, bury_again, settle
from crm.services.ids import new_id, topic_receipt_number
from crm.services.intake import Intake
from crm.services.report_in import ReportIn, sorted_by_receipt
from crm.services.reports import CheckedReport, check_report
from crm.services.submission import AMENDED, SUBMITTED
from crm.services.tools import Tools
from crm.store.bulk import insert_rows
from crm.store.key_lists import in_keys, in_values
from crm.store.models import Contact, DeadLetter, InboxMessage, Organisation, Submission
from crm.store.receipts import receipts_at
from crm.store.unit_of_work import UnitOfWork
from schemas import headers
from schemas.envelope import Envelope, parse
from schemas.faults import SchemaError
from schemas.topics import feed_organisation, organisation_of

NAME = "lead-intake"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A record whose envelope and content passed."""

    record: Delivered
    envelope: Envelope
    report: CheckedReport

    @property
    def message(self) -> tuple[str, str]:
        return self.envelope.source, self.envelope.id

    @property
    def trace(self) -> str:
        given = self.envelope.traceparent or self.record.headers.get(headers.TRACE)
        return trace.well_formed(given) or trace.derived(*self.message)


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that will never pass as it is."""

    record: Delivered
    field: str
    reason: str


class LeadBatch:
    """`wait`: for keys that another worker holds; without it the reports that name them are `held_up`, for another batch."""

    def __init__(self, tools: Tools, unit: UnitOfWork, *, wait: bool = True) -> None:
        self.tools = tools
        self.unit = unit
        self.wait = wait
        self.held_up: list[Delivered] = []
        self.organisations: Mapping[str, Organisation] = {}

    def work(self, records: Sequence[Delivered]) -> list[Decoded]:
        """Those that became or corrected a lead."""
        rows = self.unit.session.scalars(select(Organisation))
        self.organisations = {row.code: row for row in rows}
        read = [self._decode(record) for record in records]
        decoded = [item for item in read if isinstance(item, Decoded)]
        refused = [item for item in read if isinstance(item, Refused)]
        fresh, clashing = self._unseen(decoded)
        refused += clashing + self._take(fresh)
        for item in refused:
            refuse(self.unit, item, uuid.uuid4().hex[:12])
        gone = {id(item.record) for item in refused} | {id(record) for record in self.held_up}
        return [item for item in fresh if id(item.record) not in gone]

    def _decode(self, record: Delivered) -> Decoded | Refused:
        try:
            envelope = parse(record.value)
            if envelope.type not in (SUBMITTED, AMENDED):
                raise SchemaError(("type", f"本主题不接收 {envelope.type[:80]}"))
            organisation = organisation_of(envelope.source)
            self._check_writer(record.topic, organisation)
            return Decoded(record, envelope, check_report(organisation, envelope.data, self.tools.reference.codes()))
        except SchemaError as error:
            field, message = error.errors[0]
            return Refused(record, field, message)

    def _check_writer(self, topic: str, organisation: str) -> None:
        only = feed_organisation(topic)
        if only is not None and only != organisation:
            raise SchemaError(("source", f"主题 {topic} 只接收 {only} 的报送"))
        row = self.organisations.get(organisation)
        if row is None or not row.active or not (row.reports or row.kind in ("district", "bureau")):
            raise SchemaError(("source", f"{organisation} 不是报送单位"))

    def _unseen(self, decoded: Sequence[Decoded]) -> tuple[list[Decoded], list[Refused]]:
        """Those not in the inbox yet; the same (source, id) with other content is refused, never dropped silently."""
        seen = _inbox(self.unit.session, {item.message for item in decoded})
        fresh: list[Decoded] = []
        clashing: list[Refused] = []
        for item in decoded:
            before = seen.get(item.message)
            if before is None:
                fresh.append(item)
                seen[item.message] = item.report.content_hash
            elif before != item.report.content_hash:
                clashing.append(Refused(item.record, "id", "同一来源与事件编号（source、id）此前已有不同内容"))
            elif letter_id := item.record.headers.get(headers.REPLAY):
                settle(self.unit, letter_id)
        return fresh, clashing

    def _take(self, fresh: Sequence[Decoded]) -> list[Refused]:
        intake = Intake(self.unit, self.tools.matching, self.tools.vault)
        reports = self._reports(fresh)
        origin = {id(report): item for item, report in zip(fresh, reports, strict=True)}
        taken = intake.load(reports, wait=self.wait)
        self.held_up = [origin[id(report)].record for report in _without(reports, taken)]
        refused: list[Refused] = []
        done: list[Decoded] = []
        for report in sorted_by_receipt(taken):
            item = origin[id(report)]
            try:
                intake.take(report)
                done.append(item)
            except Conflict as conflict:
                fields = "、".join(conflict.fields)
                refused.append(
                    Refused(item.record, conflict.fields[0] if conflict.fields else "data", f"{conflict}（{fields}）")
                )
        self._finish(intake, done)
        return refused

    def _reports(self, fresh: Sequence[Decoded]) -> list[ReportIn]:
        receipts = receipts_at(self.unit.session, {item.report.place for item in fresh})
        letters = _letters(self.unit.session, [item.record.headers.get(headers.REPLAY) for item in fresh])
        reports = []
        for item in fresh:
            receipt = receipts.get(item.report.place)
            letter = letters.get(item.record.headers.get(headers.REPLAY) or "")
            number, received_at = _given(item.record, letter)
            channel = "topic"
            if receipt is not None:
                number, received_at, channel = receipt.receipt_no, receipt.received_at, receipt.channel
            reports.append(self._report(item, number, received_at, channel))
        return reports

    def _report(self, item: Decoded, number: str, received_at: datetime, channel: str) -> ReportIn:
        organisation = self.organisations[item.report.organisation]
        return ReportIn(
            organisation=organisation.code,
            event_id=item.envelope.id,
            data=item.report.data,
            content_hash=item.report.content_hash,
            received_at=received_at,
            receipt_no=number,
            channel=channel,
            reported_by=f"organisation:{organisation.code}",
            amends=item.envelope.type == AMENDED,
            district=organisation.code if organisation.kind == "district" else None,
            warnings=item.report.warnings,
            ignored=item.report.ignored,
            trace_id=item.trace,
        )

    def _finish(self, intake: Intake, done: Sequence[Decoded]) -> None:
        """Inbox, contacts, and the submissions that need not be kept any longer."""
        now = self.unit.now
        if done:
            rows = [
                {
                    "consumer": NAME,
                    "source": item.envelope.source,
                    "event_id": item.envelope.id,
                    "content_hash": item.report.content_hash,
                    "processed_at": now,
                }
                for item in done
            ]
            insert_rows(self.unit.session, InboxMessage, rows)
            processed = [item.envelope.id for item in done]
            self.unit.session.execute(delete(Submission).where(in_values(self.unit.session, Submission.id, processed)))
        insert_rows(self.unit.session, Contact, intake.contacts)
        for item in done:
            if letter_id := item.record.headers.get(headers.REPLAY):
                settle(self.unit, letter_id)


def _without(reports: Sequence[ReportIn], taken: Sequence[ReportIn]) -> list[ReportIn]:
    there = {id(report) for report in taken}
    return [report for report in reports if id(report) not in there]


def _inbox(session: Session, messages: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    if not messages:
        return {}
    rows = session.execute(
        select(InboxMessage.source, InboxMessage.event_id, InboxMessage.content_hash).where(
            InboxMessage.consumer == NAME,
            in_keys(session, (InboxMessage.source, InboxMessage.event_id), messages),
        )
    )
    return {(source, event_id): digest for source, event_id, digest in rows}


def _letters(session: Session, ids: Sequence[str | None]) -> dict[str, DeadLetter]:
    wanted = {letter_id for letter_id in ids if letter_id}
    if not wanted:
        return {}
    return {row.id: row for row in session.scalars(select(DeadLetter).where(DeadLetter.id.in_(wanted)))}


def _given(record: Delivered, letter: DeadLetter | None) -> tuple[str, datetime]:
    """The receipt the log gives: its own place and time, or those of the record that was mended."""
    if letter is not None:
        number = letter.receipt_no or topic_receipt_number(letter.topic, letter.partition, letter.offset)
        return number, letter.received_at
    return topic_receipt_number(record.topic, record.partition, record.offset), record.appended_at


def refuse(unit: UnitOfWork, refused: Refused, error_id: str) -> None:
    record = refused.record
    if letter_id := record.headers.get(headers.REPLAY):
        bury_again(unit, letter_id, refused.reason, refused.field, error_id)
        return
    letter = {
        "id": new_id(),
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "received_at": record.appended_at,
        "receipt_no": record.headers.get(headers.RECEIPT),
        "key": record.key,
        "value": record.value,
        "mended_value": None,
        "reason": refused.reason,
        "field": refused.field[:200],
        "error_id": error_id,
        "state": "open",
        "attempts": 1,
        "created_at": unit.now,
        "updated_at": unit.now,
    }
    bury(unit, letter)
