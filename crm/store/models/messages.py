"""Messages and marks: history, outbox, inbox, submissions, dead letters, the embedded bus, search revisions.

History is the only table here that is a record of facts; the rest may be emptied without losing one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.store.models.base import BigSerial, Id, Model


class HistoryLine(Model):
    """One version of one aggregate, append-only. `rows`: full new values; `change`: what outsiders may read.

    `previous_hash` and `hash` are written by the sealer (identity issue); None until sealed.
    """

    __tablename__ = "history"
    id: Mapped[int] = mapped_column(BigSerial, primary_key=True, autoincrement=True)
    aggregate: Mapped[str] = mapped_column(String(24))
    aggregate_id: Mapped[str] = mapped_column(String(64))
    version: Mapped[int]
    type: Mapped[str] = mapped_column(String(64))
    occurred_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    actor: Mapped[dict[str, Any]]
    reason: Mapped[str | None] = mapped_column(Text)
    rule_version: Mapped[str] = mapped_column(String(32))
    trace_id: Mapped[str | None] = mapped_column(String(64))
    change: Mapped[dict[str, Any]]
    rows: Mapped[dict[str, Any]]
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("aggregate", "aggregate_id", "version"), {"sqlite_autoincrement": True})


class OutboxMark(Model):
    """Something to publish: an event (`value`), a submission or a dead letter. Deleted once published.

    `shard` = hash of key mod N: one relay per shard keeps the order of a key.
    """

    __tablename__ = "outbox"
    id: Mapped[int] = mapped_column(BigSerial, primary_key=True, autoincrement=True)
    shard: Mapped[int]
    topic: Mapped[str] = mapped_column(String(120))
    key: Mapped[str | None] = mapped_column(String(200))
    value: Mapped[bytes | None] = mapped_column(LargeBinary)
    submission_id: Mapped[str | None] = mapped_column(String(64))
    dead_letter_id: Mapped[str | None] = mapped_column(String(64))
    documents: Mapped[list[str]]  # "type:id" raised by the fact: the projector's nudge
    created_at: Mapped[datetime]

    __table_args__ = (Index("ix_outbox_shard_id", "shard", "id"), {"sqlite_autoincrement": True})


class Submission(Model):
    """A report taken by form, API or file on its way to the bus, sealed with the vault's key; erased once published."""

    __tablename__ = "submissions"
    id: Mapped[Id]
    receipt_no: Mapped[str] = mapped_column(String(64), index=True)
    sealed_envelope: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class InboxMessage(Model):
    """A message this consumer has dealt with: one event, one effect."""

    __tablename__ = "inbox"
    consumer: Mapped[str] = mapped_column(String(40), primary_key=True)
    source: Mapped[str] = mapped_column(String(200), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    processed_at: Mapped[datetime]


class DeadLetter(Model):
    """A refused record with its original bytes. state: open, mended, replayed, settled."""

    __tablename__ = "dead_letters"
    id: Mapped[Id]
    topic: Mapped[str] = mapped_column(String(120))
    partition: Mapped[int]
    offset: Mapped[int] = mapped_column(BigInteger)
    received_at: Mapped[datetime]
    receipt_no: Mapped[str | None] = mapped_column(String(64))
    key: Mapped[bytes | None] = mapped_column(LargeBinary)
    value: Mapped[bytes | None] = mapped_column(LargeBinary)
    mended_value: Mapped[bytes | None] = mapped_column(LargeBinary)
    reason: Mapped[str] = mapped_column(Text)
    field: Mapped[str] = mapped_column(String(200))
    error_id: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("topic", "partition", "offset"),
        Index("ix_dead_letters_state_created_at", "state", "created_at"),
    )


class SearchRevision(Model):
    """The revision of a search document, raised by whatever changes it; `deleted` makes it a tombstone."""

    __tablename__ = "search_documents"
    type: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    revision: Mapped[int] = mapped_column(BigInteger)
    deleted: Mapped[bool]


class IndexRequest(Model):
    """A rebuild or repair asked of the process that owns the embedded index."""

    __tablename__ = "index_requests"
    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))  # asked, running, done, failed
    detail: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Lease(Model):
    """Who may do a thing now: a relay shard, the scheduler, a partition."""

    __tablename__ = "leases"
    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    holder: Mapped[str] = mapped_column(String(80))
    until: Mapped[datetime]


class BusPartition(Model):
    """A partition of the embedded bus; `next_offset` is raised by publishers under its row lock (gapless)."""

    __tablename__ = "bus_partitions"
    topic: Mapped[str] = mapped_column(String(120), primary_key=True)
    partition: Mapped[int] = mapped_column(primary_key=True)
    next_offset: Mapped[int] = mapped_column(BigInteger)


class BusRecord(Model):
    """A record of the embedded bus."""

    __tablename__ = "bus_records"
    topic: Mapped[str] = mapped_column(String(120), primary_key=True)
    partition: Mapped[int] = mapped_column(primary_key=True)
    offset: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    key: Mapped[bytes | None] = mapped_column(LargeBinary)
    value: Mapped[bytes] = mapped_column(LargeBinary)
    headers: Mapped[list[list[str]]]
    appended_at: Mapped[datetime]


class BusGroupOffset(Model):
    """The next offset a group has to read of a partition."""

    __tablename__ = "bus_offsets"
    group: Mapped[str] = mapped_column(String(80), primary_key=True)
    topic: Mapped[str] = mapped_column(String(120), primary_key=True)
    partition: Mapped[int] = mapped_column(primary_key=True)
    next_offset: Mapped[int] = mapped_column(BigInteger)


class BusMember(Model):
    """A live member of a group and until when it counts as live."""

    __tablename__ = "bus_members"
    group: Mapped[str] = mapped_column(String(80), primary_key=True)
    member: Mapped[str] = mapped_column(String(80), primary_key=True)
    until: Mapped[datetime]
