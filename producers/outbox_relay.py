"""The relay: outbox marks become records on the bus, in order, at least once.

One relay per shard under a lease (`relay_shards.py`), rows by id (with four relays and SKIP LOCKED half the rows went out of
order, trap 3). A failed send leaves its shards where they stand. A relay whose leases are no longer fresh does not publish, and
takes no mark off that is another's by now. A record sent twice after a kill has no second effect: consumers have inboxes and
revisions, outsiders the event's id.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Sequence
from typing import Any

import structlog
from sqlalchemy import delete, select, union_all
from sqlalchemy.orm import Session

from crm.bus.port import EventBus, Record
from crm.domain import trace
from crm.domain.clock import Clock
from crm.domain.errors import Unavailable
from crm.services.dead_letters import dead_record_headers
from crm.services.outage import Outage
from crm.services.submission import PURPOSE
from crm.store.database import Database
from crm.store.key_lists import in_numbers
from crm.store.models import DeadLetter, OutboxMark, Submission
from crm.store.vault import Vault
from producers.relay_shards import Shards
from schemas import headers
from schemas.envelope import MAX_RECORD_BYTES

BATCH = 1000
IDLE_SECONDS = 0.1

log = structlog.get_logger("relay")
_TRACE = re.compile(rb'"traceparent":"([0-9a-f-]{55})"')  # to read the whole of it takes ten times as long


class OutboxRelay:
    """Relays the shards it holds the leases of. `holder`: as `Shards` says."""

    def __init__(self, database: Database, bus: EventBus, clock: Clock, vault: Vault, holder: str) -> None:
        self.database = database
        self.bus = bus
        self.vault = vault
        self.shards = Shards(database, clock, holder)

    def run(self, stop: threading.Event) -> None:
        """Until told to stop, sharing the work with other relays; then the leases are free at once."""
        self.shards.sharing = True
        outage = Outage("outbox-relay")
        while not stop.is_set():
            try:
                pause = 0.0 if self.step() else IDLE_SECONDS
                outage.over()
            except Unavailable as error:
                pause = outage.met(error)
            stop.wait(pause)
        try:
            self.leave()
        except Unavailable as error:
            log.warning("unavailable, the leases end by themselves", reason=str(error))

    def step(self) -> int:
        """Send one batch; how many marks it took off."""
        shards = self.shards.hold()
        if not shards:
            return 0
        with self.database.read() as session:
            marks = session.execute(oldest_marks(shards)).all()
            if not marks:
                return 0
            records = self._records(session, marks)
        if not self.shards.outlast_a_publish():
            return 0
        self.bus.publish(records)
        for record in records:
            travelling = record.headers.get(headers.TRACE)
            if travelling and trace.sampled(travelling):
                log.info("published", trace=trace.identity(travelling), topic=record.topic)
        return self._take_off([mark.id for mark in marks])

    def _take_off(self, ids: Sequence[int]) -> int:
        """Marks of a shard that went to another relay meanwhile stay: that one sends them, and what follows, in order."""
        with self.database.write() as session:
            ours = self.shards.of_ours().exists()
            statement = delete(OutboxMark).where(in_numbers(session, OutboxMark.id, ids), ours)
            taken: int = session.execute(statement).rowcount  # type: ignore[attr-defined]
        if taken < len(ids):
            log.warning("shards lost while publishing", holder=self.shards.holder, marks=len(ids) - taken)
            self.shards.forget()
        return taken

    def leave(self) -> None:
        """Free the leases at once, for another relay to take."""
        self.shards.leave()

    def _records(self, session: Session, marks: Sequence[Any]) -> list[Record]:
        submissions = {mark.submission_id for mark in marks if mark.submission_id}
        letters = {mark.dead_letter_id for mark in marks if mark.dead_letter_id}
        sealed = {row.id: row for row in session.scalars(select(Submission).where(Submission.id.in_(submissions)))}
        dead = {row.id: row for row in session.scalars(select(DeadLetter).where(DeadLetter.id.in_(letters)))}
        return [record for mark in marks if (record := self._record(mark, sealed, dead)) is not None]

    def _record(self, mark: Any, sealed: dict[str, Submission], dead: dict[str, DeadLetter]) -> Record | None:
        if mark.dead_letter_id:
            letter = dead.get(mark.dead_letter_id)
            return _letter_record(mark, letter) if letter else None
        if mark.submission_id:
            submission = sealed.get(mark.submission_id)
            if submission is None:  # sent and processed before, by a relay killed before it took the mark off
                return None
            value = self.vault.open(submission.sealed_envelope, PURPOSE)
            return Record(mark.topic, mark.key, value, {headers.RECEIPT: submission.receipt_no} | _trace_in(value))
        return Record(
            mark.topic, mark.key, mark.value, {headers.DOCUMENTS: ",".join(mark.documents)} | _trace_in(mark.value)
        )


def _trace_in(event: bytes) -> dict[str, str]:
    """The header of an event of ours, which has its trace before its data; a nudge has none."""
    found = _TRACE.search(event)
    return {headers.TRACE: found[1].decode()} if found else {}


def _letter_record(mark: Any, letter: DeadLetter) -> Record:
    """A refused record for the dead topic, or a mended one on its way back to its own."""
    if mark.topic == letter.topic:
        return Record(mark.topic, mark.key, letter.mended_value or letter.value or b"", {headers.REPLAY: letter.id})
    key = letter.key.decode("utf-8", "replace") if letter.key is not None else None
    value = letter.value or b""
    if len(value) > MAX_RECORD_BYTES:  # a broker may let in what we never send: its bytes stay in the table alone
        value = b""
    return Record(mark.topic, key, value, dead_record_headers(letter))


def oldest_marks(shards: Collection[int]) -> Any:
    """The oldest of each shard, the same number of all. Each is read along its own index: a filter over all rows by id
    would go through another shard's whole backlog for each batch. Only inside a shard does the order count."""
    table = OutboxMark.__table__
    columns = [
        table.c[name] for name in ("id", "topic", "key", "value", "submission_id", "dead_letter_id", "documents")
    ]
    most = BATCH // len(shards)
    each = [select(*columns).where(table.c.shard == shard).order_by(table.c.id).limit(most) for shard in sorted(shards)]
    return union_all(*(select(one.subquery()) for one in each))
