"""EventBus in the SQL database: durable, ordered, for one machine and for tests.

Offsets are drawn by `UPDATE bus_partitions SET next_offset = next_offset + n RETURNING` in the transaction
that writes the records: the row stays locked until commit, so offsets are gapless in commit order and a
poller that reads up to the committed `next_offset` can skip nothing (trap 4: "id > last" did).
Group members keep themselves alive in `bus_members`; partitions are dealt out to the live ones in turn.
"""

from __future__ import annotations

import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.orm import Session

from crm.bus.port import Delivered, Lag, LostPartitions, Principals, Record, RecordTooLarge, Topics, named_topics
from crm.domain.clock import Clock
from crm.domain.errors import Invalid
from crm.store.bulk import insert_rows, upsert
from crm.store.database import Database
from crm.store.models import BusGroupOffset, BusMember, BusPartition, BusRecord
from schemas.envelope import MAX_RECORD_BYTES
from schemas.topics import TOPICS, Topic, declared

MEMBER_TTL = timedelta(seconds=10)
HEARTBEAT_SECONDS = 3.0
POLL_SECONDS = 0.2
PARTITIONS = 4  # a database gains nothing from more

Place = tuple[str, int]


class EmbeddedBus:
    """The adapter. `clock` gives append times."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self.clock = clock
        self.news = threading.Condition()
        self._known: set[str] = set()

    def ensure_topics(self, topics: Sequence[Topic] = TOPICS, *, grow: bool = False) -> list[str]:
        """Every topic has the same partitions here: there is nothing to grow."""
        return [f"建立 {topic}：{PARTITIONS} 个分区" for topic in self.make_missing([topic.name for topic in topics])]

    def bind_principals(self, principals: Principals, *, revoke: bool = False) -> list[str]:
        raise Invalid.of("CRM_BUS_URL", "内置总线没有主体，无须授权")

    def make_missing(self, topics: Sequence[str]) -> list[str]:
        """Those that were made."""
        missing = [topic for topic in topics if topic not in self._known]
        if not missing:
            return []
        with self.database.write() as session:
            there = set(session.scalars(select(BusPartition.topic).where(BusPartition.topic.in_(missing)).distinct()))
            rows = [
                {"topic": topic, "partition": number, "next_offset": 0}
                for topic in missing
                if topic not in there
                for number in range(PARTITIONS)
            ]
            if rows:
                session.execute(insert(BusPartition), rows)
        self._known.update(missing)
        return [topic for topic in missing if topic not in there]

    def publish(self, records: Sequence[Record]) -> None:
        largest = max((len(record.value) for record in records), default=0)
        if largest > MAX_RECORD_BYTES:
            raise RecordTooLarge(largest)
        self.make_missing(sorted({record.topic for record in records}))
        with self.database.write() as session:
            self.append(session, records)
        with self.news:
            self.news.notify_all()

    def append(self, session: Session, records: Sequence[Record]) -> None:
        """Append inside the caller's transaction; the topics are there."""
        places: dict[Place, list[Record]] = defaultdict(list)
        for number, record in enumerate(records):
            spread = zlib.crc32(record.key.encode()) if record.key is not None else number
            places[record.topic, spread % PARTITIONS].append(record)
        rows: list[dict[str, Any]] = []
        for (topic, partition), batch in sorted(places.items()):
            first = self._draw(session, topic, partition, len(batch))
            rows.extend(self._row(topic, partition, first + i, record) for i, record in enumerate(batch))
        insert_rows(session, BusRecord, rows)

    def _draw(self, session: Session, topic: str, partition: int, count: int) -> int:
        statement = (
            update(BusPartition)
            .where(BusPartition.topic == topic, BusPartition.partition == partition)
            .values(next_offset=BusPartition.next_offset + count)
            .returning(BusPartition.next_offset)
        )
        return int(session.execute(statement).scalar_one()) - count

    def _row(self, topic: str, partition: int, offset: int, record: Record) -> dict[str, Any]:
        return {
            "topic": topic,
            "partition": partition,
            "offset": offset,
            "key": record.key.encode() if record.key is not None else None,
            "value": record.value,
            "headers": [[name, value] for name, value in record.headers.items()],
            "appended_at": self.clock.now(),
        }

    def subscribe(self, group: str, topics: Topics, member: str) -> EmbeddedSubscription:
        self.make_missing(named_topics(topics))
        return EmbeddedSubscription(self, group, topics, member)

    def lag(self, group: str, topics: Sequence[str]) -> Lag:
        with self.database.read() as session:
            next_offset = func.coalesce(BusGroupOffset.next_offset, 0)
            joined = and_(
                BusGroupOffset.group == group,
                BusGroupOffset.topic == BusPartition.topic,
                BusGroupOffset.partition == BusPartition.partition,
            )
            behind = session.execute(
                select(BusPartition.topic, BusPartition.partition, next_offset, BusPartition.next_offset)
                .outerjoin(BusGroupOffset, joined)
                .where(BusPartition.topic.in_(topics), BusPartition.next_offset > next_offset)
            ).all()
            if not behind:
                return Lag(0, None)
            firsts = or_(
                *(and_(BusRecord.topic == t, BusRecord.partition == p, BusRecord.offset == n) for t, p, n, _ in behind)
            )
            oldest = session.scalar(select(func.min(BusRecord.appended_at)).where(firsts))
            return Lag(sum(end - start for _, _, start, end in behind), oldest)

    def expire(self) -> int:
        with self.database.write() as session:
            names = session.scalars(select(BusPartition.topic).distinct()).all()
            return sum(self._expire(session, topic) for name in names if (topic := declared(name)) is not None)

    def _expire(self, session: Session, topic: Topic) -> int:
        if topic.retention_days is None:
            return 0
        limit = self.clock.now() - timedelta(days=topic.retention_days)
        old = delete(BusRecord).where(BusRecord.topic == topic.name, BusRecord.appended_at < limit)
        return int(getattr(session.execute(old), "rowcount", 0))

    def ping(self) -> None:
        self.database.ping()

    def close(self) -> None:
        """Nothing to close: the database is the wiring's."""


class EmbeddedSubscription:
    """A member. Positions move on with `poll`, offsets with `commit`."""

    def __init__(self, bus: EmbeddedBus, group: str, topics: Topics, member: str) -> None:
        self.bus = bus
        self.group = group
        self.topics = named_topics(topics)
        self._asked_topics = topics
        self.member = member
        self._positions: dict[Place, int] = {}
        self._beat = float("-inf")

    def poll(self, max_records: int, timeout: float) -> list[Delivered]:
        deadline = time.monotonic() + timeout
        while True:
            self._stay_alive()
            records = self._read(max_records)
            remaining = deadline - time.monotonic()
            if records or remaining <= 0:
                return records
            with self.bus.news:
                self.bus.news.wait(min(remaining, POLL_SECONDS))

    def _stay_alive(self) -> None:
        if time.monotonic() - self._beat < HEARTBEAT_SECONDS:
            return
        self.topics = named_topics(self._asked_topics)
        self.bus.make_missing(self.topics)
        now = self.bus.clock.now()
        with self.bus.database.write() as session:
            session.execute(delete(BusMember).where(BusMember.group == self.group, BusMember.until < now))
            row = {"group": self.group, "member": self.member, "until": now + MEMBER_TTL}
            upsert(session, BusMember.metadata.tables["bus_members"], [row])
            members = session.scalars(
                select(BusMember.member).where(BusMember.group == self.group).order_by(BusMember.member)
            ).all()
            self._take(session, members.index(self.member), len(members))
        self._beat = time.monotonic()

    def _take(self, session: Session, rank: int, members: int) -> None:
        places = session.execute(
            select(BusPartition.topic, BusPartition.partition)
            .where(BusPartition.topic.in_(self.topics))
            .order_by(BusPartition.topic, BusPartition.partition)
        ).all()
        mine = [(topic, number) for i, (topic, number) in enumerate(places) if i % members == rank]
        committed = self._committed(session)
        self._positions = {place: self._positions.get(place, committed.get(place, 0)) for place in mine}

    def _committed(self, session: Session) -> dict[Place, int]:
        rows = session.execute(
            select(BusGroupOffset.topic, BusGroupOffset.partition, BusGroupOffset.next_offset).where(
                BusGroupOffset.group == self.group, BusGroupOffset.topic.in_(self.topics)
            )
        )
        return {(topic, partition): offset for topic, partition, offset in rows}

    def _read(self, max_records: int) -> list[Delivered]:
        found: list[Delivered] = []
        with self.bus.database.read() as session:
            ends = {
                (topic, partition): end
                for topic, partition, end in session.execute(
                    select(BusPartition.topic, BusPartition.partition, BusPartition.next_offset).where(
                        BusPartition.topic.in_(self.topics)
                    )
                )
            }
            for place, position in self._positions.items():
                if ends.get(place, 0) > position and len(found) < max_records:
                    records = self._read_place(session, place, position, max_records - len(found))
                    self._positions[place] = records[-1].offset + 1 if records else ends[place]
                    found.extend(records)
        return found

    def _read_place(self, session: Session, place: Place, position: int, limit: int) -> list[Delivered]:
        rows = session.execute(
            select(BusRecord.__table__)
            .where(BusRecord.topic == place[0], BusRecord.partition == place[1], BusRecord.offset >= position)
            .order_by(BusRecord.offset)
            .limit(limit)
        )
        return [Delivered(r.topic, r.partition, r.offset, r.key, r.value, dict(r.headers), r.appended_at) for r in rows]

    def commit(self) -> None:
        with self.bus.database.write() as session:
            alive = session.get(BusMember, (self.group, self.member))
            if alive is None:
                self._beat = float("-inf")
                self._positions = {}
                raise LostPartitions("分区已转给其他成员")
            rows = [
                {"group": self.group, "topic": topic, "partition": partition, "next_offset": position}
                for (topic, partition), position in self._positions.items()
            ]
            upsert(session, BusGroupOffset.metadata.tables["bus_offsets"], rows)

    def rewind(self) -> None:
        with self.bus.database.read() as session:
            committed = self._committed(session)
        self._positions = {place: committed.get(place, 0) for place in self._positions}

    def close(self) -> None:
        with self.bus.database.write() as session:
            session.execute(delete(BusMember).where(BusMember.group == self.group, BusMember.member == self.member))
