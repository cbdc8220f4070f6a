"""The one door through which state changes: facts in, rows + history + search revisions + outbox out.

Every use case opens a unit of work, reads and decides, and records facts. The rows of a fact are
written by `upsert`, the same function with which `crm events replay` writes them: that is why a dump
equals the replay of its history. Nothing is written before `flush`; only leaving the unit commits.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from crm.domain import trace
from crm.domain.actors import Actor
from crm.domain.clock import Clock
from crm.store.bulk import insert_rows, table_of, upsert, write_rows
from crm.store.database import Database
from crm.store.models import HistoryLine, Model, OutboxMark, SearchRevision
from schemas.envelope import Envelope, serialise
from schemas.registry import default_registry
from schemas.topics import DOCUMENTS_RAISED

RULE_VERSION = "2026-11"
OUTBOX_SHARDS = 4
NUDGE = 200  # documents named in one record
UNPUBLISHED = frozenset({"organisation", "user", "chain_edit"})  # people and words are nobody else's business
Row = dict[str, Any]
DocumentKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to one aggregate.

    `rows`: table name → full new values (columns left out keep their value); `change`: what outsiders may read,
    already without anything confidential; `documents`: the search documents that must be written anew.
    """

    type: str
    aggregate: str
    aggregate_id: str
    version: int
    actor: Actor
    rows: Mapping[str, Sequence[Row]]
    change: Mapping[str, Any] = field(default_factory=dict)
    documents: tuple[DocumentKey, ...] = ()
    occurred_at: datetime | None = None
    reason: str | None = None
    trace_id: str | None = None


class UnitOfWork:
    """One transaction. `now` is the recording time of everything in it."""

    def __init__(self, session: Session, now: datetime) -> None:
        self.session = session
        self.now = now
        self.trace = trace.current.get() or trace.fresh()
        self._facts: list[Fact] = []
        self._outbox: list[Row] = []
        self._raised: dict[DocumentKey, bool] = {}

    def record(self, fact: Fact) -> None:
        self._facts.append(fact)

    def publish(self, topic: str, key: str, **mark: Any) -> None:
        """Leave an outbox mark for something that is no fact: a submission, a dead letter."""
        self._outbox.append(self._mark(topic, key, mark))

    def raise_documents(self, keys: Iterable[DocumentKey], *, deleted: bool = False) -> None:
        """Have documents written anew although no fact changed them (a light that turned, a repair)."""
        for key in keys:
            self._raised[key] = deleted

    def flush(self) -> None:
        """Write everything recorded so far: rows, history, revisions, marks, each in one statement a table."""
        facts, self._facts = self._facts, []
        apply_rows(self.session, (fact.rows for fact in facts))
        history = [self._history_line(fact) for fact in facts]
        if history:
            insert_rows(self.session, HistoryLine, history)
        documents = dict.fromkeys((key for fact in facts for key in fact.documents), False) | self._raised
        self._nudge(list(self._raised))
        self._raised = {}
        raise_revisions(self.session, documents)
        marks, self._outbox = self._outbox + [m for f in facts if (m := self._event_mark(f))], []
        if marks:
            insert_rows(self.session, OutboxMark, marks)

    def _nudge(self, keys: Sequence[DocumentKey]) -> None:
        """Tell the projector of documents that no event names."""
        for start in range(0, len(keys), NUDGE):
            names = [f"{kind}:{id_}" for kind, id_ in keys[start : start + NUDGE]]
            self.publish(DOCUMENTS_RAISED, names[0], value=b"{}", documents=names)

    def _history_line(self, fact: Fact) -> Row:
        return {
            "aggregate": fact.aggregate,
            "aggregate_id": fact.aggregate_id,
            "version": fact.version,
            "type": fact.type,
            "occurred_at": fact.occurred_at or self.now,
            "recorded_at": self.now,
            "actor": actor_values(fact.actor),
            "reason": fact.reason,
            "rule_version": RULE_VERSION,
            "trace_id": trace.identity(fact.trace_id or self.trace),
            "change": dict(fact.change),
            "rows": {table: list(rows) for table, rows in fact.rows.items()},
        }

    def _event_mark(self, fact: Fact) -> Row | None:
        if fact.aggregate in UNPUBLISHED:
            return None
        topic = default_registry().topic_of(fact.type)
        value = serialise(public_event(fact, self.now, fact.trace_id or self.trace))
        names = [f"{kind}:{id_}" for kind, id_ in fact.documents]
        return self._mark(topic, fact.aggregate_id, {"value": value, "documents": names})

    def _mark(self, topic: str, key: str, values: Mapping[str, Any]) -> Row:
        return {
            "shard": zlib.crc32(key.encode()) % OUTBOX_SHARDS,
            "topic": topic,
            "key": key,
            "value": None,
            "submission_id": None,
            "dead_letter_id": None,
            "documents": [],
            "created_at": self.now,
        } | dict(values)


def actor_values(actor: Actor) -> Row:
    """What history and events say of an actor: no name, which may be a person's."""
    return {"id": actor.id, "organisation": actor.organisation, "role": str(actor.role)}


def public_event(fact: Fact, recorded_at: datetime, traceparent: str) -> Envelope:
    """The event outsiders read (`docs/events.md`)."""
    data = (
        default_registry()
        .find(fact.type)
        .compose(
            fact.aggregate_id,
            fact.change,
            version=fact.version,
            actor=actor_values(fact.actor),
            occurred_at=(fact.occurred_at or recorded_at).astimezone(UTC).isoformat(),
            recorded_at=recorded_at.astimezone(UTC).isoformat(),
            reason=None if fact.change.get("confidential") else fact.reason,
        )
    )
    event_id = f"{fact.aggregate}-{fact.aggregate_id}-{fact.version}"
    return Envelope(
        event_id, "/crm", fact.type, data, subject=fact.aggregate_id, time=recorded_at, traceparent=traceparent
    )


def apply_rows(session: Session, batches: Iterable[Mapping[str, Sequence[Row]]]) -> None:
    """Upsert the rows of many facts: one statement a table and shape, the last value of a key wins."""
    latest: dict[str, dict[tuple[Any, ...], Row]] = defaultdict(dict)
    for batch in batches:
        for name, rows in batch.items():
            keys = [column.name for column in Model.metadata.tables[name].primary_key]
            merged = latest[name]
            for row in rows:
                key = tuple(row[k] for k in keys)
                merged[key] = {**merged[key], **row} if key in merged else row
    for name, merged in latest.items():
        upsert(session, Model.metadata.tables[name], list(merged.values()))


def raise_revisions(session: Session, documents: Mapping[DocumentKey, bool]) -> None:
    """Raise the revision of each document by one, creating it at 1."""
    if not documents:
        return
    rows = [{"type": t, "id": i, "revision": 1, "deleted": deleted} for (t, i), deleted in sorted(documents.items())]
    write_rows(session, table_of(SearchRevision), rows, _one_higher)


def _one_higher(statement: Any, _columns: Any) -> Any:
    return statement.on_conflict_do_update(
        index_elements=["type", "id"],
        set_={"revision": SearchRevision.revision + literal_column("1"), "deleted": statement.excluded.deleted},
    )


def dialect_insert(session: Session) -> Any:
    return sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert


@contextmanager
def unit_of_work(database: Database, clock: Clock) -> Iterator[UnitOfWork]:
    """Open a unit of work; leaving it flushes and commits, an error rolls everything back."""
    with database.write() as session:
        unit = UnitOfWork(session, clock.now())
        yield unit
        unit.flush()
