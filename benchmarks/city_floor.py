"""The floor of the line on the city set: the very records, rows and documents of a run once more, by the bare clients.

One process, one thread, no product code inside the clock: kafka-python, psycopg and a plain HTTP connection. Reading back what
is to be written is not counted. `STEPS` is printed with the figures.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import orjson
import psycopg
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan
from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from psycopg.types.string import TextLoader

from benchmarks.measuring import Watch
from benchmarks.tables import WRITTEN
from consumers.search_projector import TOPICS
from crm.bus.kafka_bus import BATCH_BYTES
from crm.config import KAFKA
from crm.store import schema
from crm.store.database import Database
from schemas.topics import LEADS_DEAD, LEADS_SUBMITTED, Topic
from search.elastic_language import SETTINGS, body, key_of, mappings
from search.hits import from_values
from search.index import VersionedDocument

STEPS = (
    "受理：原消费者读同样的记录（每次 500 条），orjson.loads；psycopg executemany 写各表最终的行（同结构的另一库，事务数相同）",
    "中继：原生产者发送同样的记录（每批 1000，acks=all，每批 flush）",
    "投影：原消费者读同样的记录（每次 2000 条）；HTTP _bulk 写同样的文档（每批 500，外部版本），最后 refresh",
)
COPIES = Topic("bench.copies", 12, "任意", "下限测量的副本。", 1)
POLLED, SENT, PROJECTED, CHUNK = 500, 1000, 2000, 500


@dataclass(frozen=True, slots=True)
class Floor:
    """What each part took, and how much it moved."""

    read_reports: Watch
    write_rows: Watch
    send: Watch
    read_events: Watch
    write_documents: Watch
    rows: int
    documents: int

    @property
    def intake(self) -> Watch:
        return self.read_reports + self.write_rows

    @property
    def project(self) -> Watch:
        return self.read_events + self.write_documents


class Log:
    """The broker as bare clients see it. Topics are read from `starts`, where the run began."""

    def __init__(self, bus_url: str) -> None:
        self.servers = bus_url.removeprefix(KAFKA).split(",")

    def ends(self, topics: Sequence[str]) -> dict[TopicPartition, int]:
        consumer = KafkaConsumer(bootstrap_servers=self.servers)
        places = [TopicPartition(name, number) for name in topics for number in consumer.partitions_for_topic(name)]
        found: dict[TopicPartition, int] = consumer.end_offsets(places)
        consumer.close()
        return found

    def read(self, starts: dict[TopicPartition, int], at_once: int) -> Iterator[list[Any]]:
        """Everything from there on, poll by poll."""
        left = sum(end - starts[place] for place, end in self.ends(sorted({p.topic for p in starts})).items())
        consumer = KafkaConsumer(
            bootstrap_servers=self.servers, enable_auto_commit=False, max_partition_fetch_bytes=4 << 20
        )
        consumer.assign(list(starts))
        for place, offset in starts.items():
            consumer.seek(place, offset)
        while left:
            found = [record for part in consumer.poll(1000, max_records=at_once).values() for record in part]
            left -= len(found)
            yield found
        consumer.close()

    def time_reading(self, starts: dict[TopicPartition, int], at_once: int, *, parsed: bool) -> Watch:
        with Watch() as watch:
            for records in self.read(starts, at_once):
                if parsed:
                    for record in records:
                        orjson.loads(record.value)
        return watch

    def time_sending(self, starts: dict[TopicPartition, int]) -> Watch:
        """The records written after `starts`, sent once more to another topic."""
        producer = KafkaProducer(
            bootstrap_servers=self.servers, acks="all", enable_idempotence=True, batch_size=BATCH_BYTES
        )
        producer.partitions_for(COPIES.name)
        watch = Watch()
        for records in self.read(starts, SENT):
            with watch:
                sent = [
                    producer.send(COPIES.name, value=record.value, key=record.key, headers=record.headers)
                    for record in records
                ]
                producer.flush()
                for future in sent:
                    future.get(timeout=0)
        producer.close()
        return watch


def write_rows(source: str, target: str, transactions: int) -> tuple[Watch, int]:
    """Writing the rows of all tables to a fresh database, and how many rows. JSON goes as the text it is."""
    database = Database(target)
    schema.upgrade(database)
    database.dispose()
    watch, written = Watch(), 0
    with psycopg.connect(_plain(source)) as reader, psycopg.connect(_plain(target)) as writer:
        for kind in ("json", "jsonb"):
            reader.adapters.register_loader(kind, TextLoader)
        batches = {table: _batches(reader, table, transactions) for table in WRITTEN}
        for _ in range(transactions):
            batch = {table: next(rows) for table, rows in batches.items()}
            with watch, writer.transaction(), writer.cursor() as cursor:
                for table, rows in batch.items():
                    if rows:
                        marks = ", ".join(["%s"] * len(rows[0]))
                        cursor.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
            written += sum(map(len, batch.values()))
    return watch, written


def _batches(connection: psycopg.Connection[Any], table: str, parts: int) -> Iterator[list[tuple[Any, ...]]]:
    source = "bench_outbox" if table == "outbox" else table  # kept aside: the relay empties it
    count = connection.execute(f"SELECT count(*) FROM {source}").fetchone()
    size = -(-(count[0] if count else 0) // parts)
    cursor = connection.cursor(f"bench_{table}")
    cursor.execute(f"SELECT * FROM {source}")
    for _ in range(parts):
        yield cursor.fetchmany(size) if size else []


def keep_outbox(database: Database) -> None:
    """What intake left there, for `write_rows` to copy when the relay has emptied it."""
    with database.write_engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE bench_outbox AS SELECT * FROM outbox")


def _plain(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def write_documents(url: str, alias: str) -> tuple[Watch, int]:
    """Writing the documents behind `alias` once more, to an index of the same mapping, and how many."""
    copy = f"{alias}-copy"
    watch, written = Watch(), 0
    with Elasticsearch(url, request_timeout=60) as client:
        client.indices.create(index=copy, mappings=mappings({}), settings=SETTINGS)
        client.cluster.health(index=copy, wait_for_status="yellow")
        hits = scan(client, index=alias, size=PROJECTED, _source=["payload"])
        where = urlsplit(url)
        connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        while chunk := [from_values(hit["_source"]["payload"]) for hit in islice(hits, CHUNK)]:
            lines = [lines_of(document) for document in chunk]
            with watch:
                send_bulk(connection, copy, lines)
            written += len(chunk)
        with watch:
            client.indices.refresh(index=copy)
        connection.close()
        client.indices.delete(index=copy)
    return watch, written


def lines_of(document: VersionedDocument) -> bytes:
    named = {"_id": key_of(document), "version": document.revision, "version_type": "external_gte"}
    return orjson.dumps({"index": named}) + b"\n" + body(document) + b"\n"


def send_bulk(connection: http.client.HTTPConnection, index: str, lines: Sequence[bytes]) -> None:
    kind = {"Content-Type": "application/x-ndjson"}
    connection.request("POST", f"/{index}/_bulk?filter_path=errors", b"".join(lines), kind)
    answer = connection.getresponse().read()
    if answer != b'{"errors":false}':
        raise SystemExit(f"the floor's bulk request failed: {answer[:300]!r}")


def floor_of(
    log: Log,
    before: dict[TopicPartition, int],
    databases: tuple[str, str],
    index: tuple[str, str],
    transactions: int,
) -> Floor:
    """`before`: where the topics ended when the run began; `databases`: source and target; `index`: URL and alias."""
    reports = {place: offset for place, offset in before.items() if place.topic == LEADS_SUBMITTED}
    events = {place: offset for place, offset in before.items() if place.topic in TOPICS}
    sent = {place: offset for place, offset in before.items() if place.topic in (*TOPICS, LEADS_DEAD)}
    read_reports = log.time_reading(reports, POLLED, parsed=True)
    writing, rows = write_rows(*databases, transactions)
    sending = log.time_sending(sent)
    read_events = log.time_reading(events, PROJECTED, parsed=False)
    indexing, documents = write_documents(*index)
    return Floor(read_reports, writing, sending, read_events, indexing, rows, documents)
