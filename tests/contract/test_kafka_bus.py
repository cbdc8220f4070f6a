"""What Kafka adds to the contract: topics made, dates by the log's clock, members that come back, a cluster that is away."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType

from crm.bus.kafka_access import KafkaAccess
from crm.bus.kafka_bus import KafkaBus
from crm.bus.port import Record
from crm.domain.errors import CrmError, Unavailable
from schemas.topics import Topic
from tests.contract.kafka_under_test import KafkaUnderTest

pytestmark = pytest.mark.kafka
NOWHERE = KafkaAccess(("127.0.0.1:1",), patience=0.6)


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[KafkaUnderTest]:
    made = KafkaUnderTest(tmp_path)
    yield made
    made.erase()


@pytest.fixture
def bus(kafka: KafkaUnderTest) -> Iterator[KafkaBus]:
    made = KafkaBus(kafka.access)
    yield made
    made.close()


@pytest.fixture
def topic(kafka: KafkaUnderTest, bus: KafkaBus) -> str:
    return make_topic(kafka, bus, "reports")


def make_topic(kafka: KafkaUnderTest, bus: KafkaBus, name: str, retention_days: int | None = 30) -> str:
    full = kafka.prefix + name
    bus.ensure_topics([Topic(full, 2, "any", "test", retention_days)])
    kafka.made.add(full)
    return full


def configuration(kafka: KafkaUnderTest, topic: str) -> dict[str, str]:
    admin = kafka.access.client(KafkaAdminClient)
    asked = ConfigResource(ConfigResourceType.TOPIC, topic)
    found = admin.describe_configs([asked], config_filter="all")
    admin.close()
    return {name: row["value"] for name, row in found["topic"][topic].items()}


def test_a_topic_is_made_with_the_logs_clock_and_its_retention(kafka: KafkaUnderTest, topic: str) -> None:
    found = configuration(kafka, topic)
    assert found["message.timestamp.type"] == "LogAppendTime"
    assert found["retention.ms"] == str(30 * 24 * 3600 * 1000)


def test_a_topic_made_by_other_hands_gets_the_logs_clock(kafka: KafkaUnderTest, bus: KafkaBus) -> None:
    admin = kafka.access.client(KafkaAdminClient)
    admin.create_topics({kafka.prefix + "foreign": {"num_partitions": 1}}, wait_for_metadata=True)
    admin.close()
    topic = make_topic(kafka, bus, "foreign")
    assert configuration(kafka, topic)["message.timestamp.type"] == "LogAppendTime"


def test_a_producer_with_a_wrong_clock_does_not_date_its_records(
    kafka: KafkaUnderTest, bus: KafkaBus, topic: str
) -> None:
    producer = KafkaProducer(bootstrap_servers=list(kafka.access.servers))
    producer.send(topic, value=b"1", timestamp_ms=1_000_000_000_000).get(timeout=10)
    producer.close()
    subscription = bus.subscribe(kafka.prefix + "g", [topic], "m1")
    (item,) = subscription.poll(10, 10)
    subscription.close()
    assert datetime.now(UTC) - item.appended_at < timedelta(minutes=1)


def test_a_topic_nobody_made_keeps_nobody_from_the_others(kafka: KafkaUnderTest, bus: KafkaBus, topic: str) -> None:
    subscription = bus.subscribe(kafka.prefix + "g", [kafka.prefix + "missing", topic], "m1")
    bus.publish([Record(topic, "k", b"1")])
    assert [item.value for item in subscription.poll(10, 10)] == [b"1"]
    subscription.close()
    assert bus.lag(kafka.prefix + "g", [kafka.prefix + "missing", topic]).records == 1


def test_asking_for_a_topic_does_not_make_it(kafka: KafkaUnderTest, bus: KafkaBus) -> None:
    with pytest.raises(Unavailable):
        bus.publish([Record(kafka.prefix + "missing", "k", b"1")])
    assert bus.lag(kafka.prefix + "g", [kafka.prefix + "missing"]).records == 0


def test_a_record_without_a_value_is_read_as_an_empty_one(kafka: KafkaUnderTest, bus: KafkaBus, topic: str) -> None:
    producer = KafkaProducer(bootstrap_servers=list(kafka.access.servers))
    producer.send(topic, key=b"k", value=None, headers=[("odd", b"\xff")]).get(timeout=10)
    producer.close()
    subscription = bus.subscribe(kafka.prefix + "g", [topic], "m1")
    (item,) = subscription.poll(10, 10)
    subscription.close()
    assert (item.value, dict(item.headers)) == (b"", {"odd": "\ufffd"})


def test_a_member_that_was_killed_is_back_at_once_under_its_name(
    kafka: KafkaUnderTest, bus: KafkaBus, topic: str
) -> None:
    killed = bus.subscribe(kafka.prefix + "g", [topic], "m1")
    bus.publish([Record(topic, "k", b"1")])
    assert len(killed.poll(10, 10)) == 1
    again = bus.subscribe(kafka.prefix + "g", [topic], "m1")
    started = time.monotonic()
    assert len(again.poll(10, 20)) == 1
    assert time.monotonic() - started < 10
    with pytest.raises(CrmError):
        killed.commit()
    again.close()


def test_two_processes_may_ensure_the_same_topics_at_once(kafka: KafkaUnderTest, bus: KafkaBus) -> None:
    failures: list[Exception] = []

    def ensure() -> None:
        own = KafkaBus(kafka.access)
        try:
            make_topic(kafka, own, "contested")
        except CrmError as error:
            failures.append(error)
        finally:
            own.close()

    threads = [threading.Thread(target=ensure) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


@pytest.fixture
def swept(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """kafka-python 3.0 leaves the sockets of connections that never came about to the garbage collector, which must not
    find them held by a captured log record."""
    caplog.set_level(logging.CRITICAL + 1, logger="kafka")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()


@pytest.mark.usefixtures("swept")
def test_a_cluster_that_is_away_is_unavailable_whatever_is_asked() -> None:
    away = KafkaBus(NOWHERE)
    subscription = away.subscribe("g", ["t"], "m1")
    for ask in (away.ping, lambda: away.publish([Record("t", "k", b"1")]), lambda: subscription.poll(1, 0)):
        with pytest.raises(Unavailable, match="Kafka"):
            ask()
    subscription.close()
    away.close()


@pytest.mark.usefixtures("swept")
def test_waiting_for_a_cluster_that_is_away_costs_no_sockets_and_threads() -> None:
    def held() -> tuple[int, int]:
        gc.collect()
        return len(os.listdir("/proc/self/fd")), threading.active_count()

    def try_once() -> None:
        with pytest.raises(Exception, match="bootstrap"):
            NOWHERE.client(KafkaConsumer)

    try_once()
    before = held()
    try_once()
    try_once()
    assert max(after - was for after, was in zip(held(), before, strict=True)) <= 1
