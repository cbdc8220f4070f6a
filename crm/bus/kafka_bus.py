"""EventBus on Kafka, as a city runs it.

Clients connect when first used, so that the web answers while the cluster is away. One of each kind serves the whole
process; each has a lock of its own, so that whoever waits for one holds up nobody who needs another.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import OffsetSpec

from crm.bus import kafka_principals, kafka_topics
from crm.bus.kafka_access import KafkaAccess, abandon, milliseconds, translated
from crm.bus.kafka_network import NoAnswer
from crm.bus.kafka_subscription import KafkaSubscription
from crm.bus.kafka_topics import FRAME_BYTES
from crm.bus.port import Lag, Principals, Record, RecordTooLarge, Topics
from crm.domain.errors import Unavailable
from schemas.envelope import MAX_RECORD_BYTES
from schemas.topics import TOPICS, Topic

BATCH_BYTES = 256 * 1024
LINGER_MS = 1000  # every publish ends with a flush, which waits for nothing: till then records gather in few requests
DELIVERY_SECONDS = 9.0  # less than the relay's lease has left: nobody else may send meanwhile


class KafkaBus:
    """The adapter; safe for threads. `lag_kept`: seconds for which an answer of `lag` stands."""

    def __init__(self, access: KafkaAccess, *, lag_kept: float = 1.0) -> None:
        self._access = access
        self._lag_kept = lag_kept
        self._producer_lock = threading.Lock()
        self._admin_lock = threading.Lock()
        self._lag_lock = threading.Lock()
        self._producer: KafkaProducer | None = None
        self._admin: KafkaAdminClient | None = None
        self._reader: KafkaConsumer | None = None
        self._seen_topics: set[str] = set()
        self._oldest_known: dict[tuple[str, tuple[str, ...]], tuple[float, datetime | None]] = {}

    def ensure_topics(self, topics: Sequence[Topic] = TOPICS, *, grow: bool = False) -> list[str]:
        with translated(), self._administration() as admin:
            return kafka_topics.ensure(admin, topics, grow=grow)

    def bind_principals(self, principals: Principals, *, revoke: bool = False) -> list[str]:
        with translated(), self._administration() as admin:
            return kafka_principals.bind(admin, principals, revoke=revoke)

    def publish(self, records: Sequence[Record]) -> None:
        largest = max((len(record.value) for record in records), default=0)
        if largest > MAX_RECORD_BYTES:
            raise RecordTooLarge(largest)
        with translated():
            self._require({record.topic for record in records})
            producer = self._sender()
            try:
                sent = [
                    producer.send(
                        record.topic,
                        value=record.value,
                        key=record.key.encode() if record.key is not None else None,
                        headers=[(name, value.encode()) for name, value in record.headers.items()],
                    )
                    for record in records
                ]
                producer.flush(timeout=DELIVERY_SECONDS)
                for future in sent:
                    future.get(timeout=0)
            except Exception:
                self._drop_sender(producer)
                raise

    def _require(self, topics: Iterable[str]) -> None:
        """The library waits for a topic that nobody made, and then fails without naming it."""
        unseen = sorted(set(topics) - self._seen_topics)
        if not unseen:
            return
        with self._administration() as admin:
            absent = kafka_topics.missing(admin, unseen)
        if absent:
            raise Unavailable(f"Kafka 上没有主题 {'、'.join(absent)}，请先运行 crm topics ensure")
        self._seen_topics.update(unseen)

    def _sender(self) -> KafkaProducer:
        with self._producer_lock:
            if self._producer is None:
                self._producer = self._access.client(
                    KafkaProducer,
                    acks="all",
                    enable_idempotence=True,
                    allow_auto_create_topics=False,
                    max_block_ms=milliseconds(self._access.patience),
                    delivery_timeout_ms=milliseconds(DELIVERY_SECONDS),
                    max_request_size=MAX_RECORD_BYTES + FRAME_BYTES,
                    batch_size=BATCH_BYTES,
                    linger_ms=LINGER_MS,
                    metrics_enabled=False,
                )
            return self._producer

    def _drop_sender(self, producer: KafkaProducer) -> None:
        """After a failure nothing of the batch may go out later: its publisher sends the whole of it again."""
        with self._producer_lock:
            if self._producer is producer:
                self._producer = None
        self._seen_topics.clear()
        abandon(producer)

    def subscribe(self, group: str, topics: Topics, member: str) -> KafkaSubscription:
        return KafkaSubscription(self._access, group, topics, member, self._administration)

    def lag(self, group: str, topics: Sequence[str]) -> Lag:
        """The count is always fresh; since when the oldest waits is asked again after `lag_kept`, since to find that record
        costs a fetch, and pages ask with every request."""
        asked = (group, tuple(topics))
        with self._lag_lock, translated():
            with self._administration() as admin:
                records, starts = _behind(admin, group, topics)
            if not records:
                self._oldest_known.pop(asked, None)
                return Lag(0, None)
            at, oldest = self._oldest_known.get(asked, (float("-inf"), None))
            if time.monotonic() - at > self._lag_kept:
                oldest = self._oldest(starts)
                self._oldest_known[asked] = (time.monotonic(), oldest)
            return Lag(records, oldest)

    def _oldest(self, starts: Mapping[TopicPartition, int]) -> datetime | None:
        """When the first unread record of any partition was appended; None if they were erased meanwhile."""
        if self._reader is None:
            self._reader = self._access.client(
                KafkaConsumer,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
                max_partition_fetch_bytes=FRAME_BYTES,
                metrics_enabled=False,
            )
        reader = self._reader
        reader.assign(list(starts))
        reader.resume(*starts)  # paused the last time
        for place, offset in starts.items():
            reader.seek(place, offset)
        stamps: dict[TopicPartition, int] = {}
        deadline = time.monotonic() + self._access.patience
        while len(stamps) < len(starts) and time.monotonic() < deadline:
            for place, found in reader.poll(timeout_ms=200, max_records=10_000).items():
                stamps.setdefault(place, found[0].timestamp)
                reader.pause(place)
        return datetime.fromtimestamp(min(stamps.values()) / 1000, UTC) if stamps else None

    def expire(self) -> int:
        """The broker erases by `retention.ms`."""
        return 0

    def ping(self) -> None:
        with translated(), self._administration() as admin:
            admin.describe_cluster()

    @contextmanager
    def _administration(self) -> Iterator[KafkaAdminClient]:
        """The process's one administrator, for as many threads as ask. One that got stuck is left to itself."""
        with self._admin_lock:
            if self._admin is None:
                self._admin = self._access.client(KafkaAdminClient)
            admin = self._admin
        try:
            yield admin
        except NoAnswer:
            with self._admin_lock:
                if self._admin is admin:
                    self._admin = None
            raise

    def close(self) -> None:
        with self._producer_lock:
            if self._producer is not None:
                self._producer.close(timeout=DELIVERY_SECONDS)
            self._producer = None
        with self._admin_lock:
            if self._admin is not None:
                self._admin.close()
            self._admin = None
        with self._lag_lock:
            if self._reader is not None:
                self._reader.close(autocommit=False)
            self._reader = None


def _behind(admin: KafkaAdminClient, group: str, topics: Sequence[str]) -> tuple[int, dict[TopicPartition, int]]:
    """How many records the group has not committed, and where they start."""
    places = [
        TopicPartition(row["name"], partition["partition_index"])
        for row in admin.describe_topics()
        if row["name"] in topics
        for partition in row["partitions"]
    ]
    if not places:
        return 0, {}
    committed = admin.list_group_offsets({group: places}).get(group, {})
    firsts = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.EARLIEST))
    ends = admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST))
    behind: dict[TopicPartition, int] = {}
    records = 0
    for place in places:
        done = committed[place].offset if place in committed else -1
        start = max(done, firsts[place].offset)  # what retention erased is waited for by nobody
        if ends[place].offset > start:
            behind[place] = start
            records += ends[place].offset - start
    return records, behind
