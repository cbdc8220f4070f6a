"""The relay: outbox marks become records on the bus, in order, at least once.

One relay per shard under a lease, rows by id (with four relays and SKIP LOCKED half the rows went out of order, trap 3). A
failed send leaves its shard where it stands. A record sent twice after a kill has no second effect: consumers
have inboxes and revisions, outsiders the event's id.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm.bus.port import EventBus, Record
from crm.domain.clock import Clock
from crm.domain.errors import Unavailable
from crm.services.dead_letters import dead_record_headers
from crm.services.submission import PURPOSE
from crm.store.database import Database
from crm.store.leases import hold, release
from crm.store.models import DeadLetter, OutboxMark, Submission
from crm.store.unit_of_work import OUTBOX_SHARDS
from crm.store.vault import Vault
from schemas import headers
from schemas.envelope import MAX_RECORD_BYTES

BATCH = 1000
LEASE = timedelta(seconds=15)
IDLE_SECONDS = 0.1

log = structlog.get_logger("relay")


class OutboxRelay:
    """Relays the shards it holds the leases of. `holder` names this process and thread."""

    def __init__(self, database: Database, bus: EventBus, clock: Clock, vault: Vault, holder: str) -> None:
        self.database = database
        self.bus = bus
        self.clock = clock
        self.vault = vault
        self.holder = holder
        self._shards: tuple[int, ...] = ()
        self._renewed: datetime | None = None

    def run(self, stop: threading.Event) -> None:
        """Until told to stop; then the leases are free at once."""
        pause = IDLE_SECONDS
        while not stop.is_set():
            try:
                sent = self.step()
                pause = IDLE_SECONDS
            except Unavailable as error:
                log.warning("unavailable, waiting", reason=str(error), seconds=pause)
                sent, pause = 0, min(pause * 2, 10.0)
            if not sent:
                stop.wait(pause)
        self.leave()

    def step(self) -> int:
        """Send one batch; how many marks it took off."""
        self._hold_shards()
        if not self._shards:
            return 0
        with self.database.read() as session:
            marks = session.execute(
                select(OutboxMark.__table__)
                .where(OutboxMark.shard.in_(self._shards))
                .order_by(OutboxMark.id)
                .limit(BATCH)
            ).all()
            if not marks:
                return 0
            records = self._records(session, marks)
        self.bus.publish(records)
        with self.database.write() as session:
            session.execute(delete(OutboxMark).where(OutboxMark.id.in_([mark.id for mark in marks])))
        return len(marks)

    def _hold_shards(self) -> None:
        now = self.clock.now()
        if self._renewed is not None and now - self._renewed < LEASE / 3:
            return
        with self.database.write() as session:
            self._shards = tuple(
                shard for shard in range(OUTBOX_SHARDS) if hold(session, f"relay-{shard}", self.holder, now, LEASE)
            )
        self._renewed = now

    def leave(self) -> None:
        """Free the leases at once, for another relay to take."""
        with self.database.write() as session:
            for shard in self._shards:
                release(session, f"relay-{shard}", self.holder)

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
            return Record(mark.topic, mark.key, value, {headers.RECEIPT: submission.receipt_no})
        return Record(mark.topic, mark.key, mark.value, {headers.DOCUMENTS: ",".join(mark.documents)})


def _letter_record(mark: Any, letter: DeadLetter) -> Record:
    """A refused record for the dead topic, or a mended one on its way back to its own."""
    if mark.topic == letter.topic:
        return Record(mark.topic, mark.key, letter.mended_value or letter.value or b"", {headers.REPLAY: letter.id})
    key = letter.key.decode("utf-8", "replace") if letter.key is not None else None
    value = letter.value or b""
    if len(value) > MAX_RECORD_BYTES:  # a broker may let in what we never send: its bytes stay in the table alone
        value = b""
    return Record(mark.topic, key, value, dead_record_headers(letter))
