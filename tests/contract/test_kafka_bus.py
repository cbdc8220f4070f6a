"""What Kafka adds to the contract: topics made, dates by the log's clock, members that come back, a cluster that is away."""

from __future__ import annotations

import dataclasses
import gc
import logging
import os
import threading
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import crc32c
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.record.util import calc_crc32c

from crm.bus import kafka_network
from crm.bus.kafka_access import KafkaAccess
from crm.bus.kafka_bus import KafkaBus
from crm.bus.kafka_network import PatientNetwork
from crm.bus.port import Record
from crm.domain.errors import CrmError, Unavailable
from schemas.topics import TOPICS, Topic, feed
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


def plan(kafka: KafkaUnderTest, name: str, partitions: int = 2) -> Topic:
    kafka.made.add(kafka.prefix + name)
    return Topic(kafka.prefix + name, partitions, "any", "test", 30)


def make_topic(kafka: KafkaUnderTest, bus: KafkaBus, name: str) -> str:
    topic = plan(kafka, name)
    bus.ensure_topics([topic])
    return topic.name


def make_by_other_hands(kafka: KafkaUnderTest, name: str, **settings: str) -> None:
    admin = kafka.access.client(KafkaAdminClient)
    admin.create_topics({kafka.prefix + name: {"num_partitions": 1, "configs": settings}}, wait_for_metadata=True)
    admin.close()


def partitions(kafka: KafkaUnderTest, topic: str) -> int:
    admin = kafka.access.client(KafkaAdminClient)
    (row,) = admin.describe_topics([topic])
    admin.close()
    return len(row["partitions"])


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
    assert found["cleanup.policy"] == "delete"


def test_every_topic_of_ours_is_made_as_it_is_declared(kafka: KafkaUnderTest, bus: KafkaBus) -> None:
    ours = [dataclasses.replace(topic, name=kafka.prefix + topic.name) for topic in (*TOPICS, feed("AG-SH"))]
    kafka.made.update(topic.name for topic in ours)
    bus.ensure_topics(ours)
    for topic in ours:
        found = configuration(kafka, topic.name)
        days = int(found["retention.ms"]) // (24 * 3600 * 1000)
        assert (topic.name, days, partitions(kafka, topic.name)) == (
            topic.name,
            topic.retention_days,
            topic.partitions,
        )
        assert found["message.timestamp.type"] == "LogAppendTime"


def test_a_topic_made_by_other_hands_is_set_right_and_it_is_said(kafka: KafkaUnderTest, bus: KafkaBus) -> None:
    make_by_other_hands(kafka, "foreign", **{"retention.ms": "1000", "cleanup.policy": "compact"})
    said = bus.ensure_topics([plan(kafka, "foreign", partitions=1)])
    found = configuration(kafka, kafka.prefix + "foreign")
    assert found["message.timestamp.type"] == "LogAppendTime"
    assert found["retention.ms"] == str(30 * 24 * 3600 * 1000)
    assert found["cleanup.policy"] == "delete"
    assert f"更正 {kafka.prefix}foreign：retention.ms 1000 → {30 * 24 * 3600 * 1000}" in said
    assert bus.ensure_topics([plan(kafka, "foreign", partitions=1)]) == []


def test_partitions_are_added_only_when_asked_for(kafka: KafkaUnderTest, bus: KafkaBus) -> None:
    topic = make_topic(kafka, bus, "small")
    wanted = plan(kafka, "small", partitions=4)
    (said,) = bus.ensure_topics([wanted])
    assert "--grow" in said
    assert partitions(kafka, topic) == 2
    assert bus.ensure_topics([wanted], grow=True) == [f"增加 {topic}：2 → 4 个分区"]
    assert partitions(kafka, topic) == 4


def test_a_broker_decides_how_often_records_are_kept(kafka: KafkaUnderTest, topic: str) -> None:
    admin = kafka.access.client(KafkaAdminClient)
    broker = ConfigResource(ConfigResourceType.BROKER, "1")
    default = admin.describe_configs([broker], config_filter="all")["broker"]["1"]["default.replication.factor"]
    (row,) = admin.describe_topics([topic])
    admin.close()
    assert {len(partition["replica_nodes"]) for partition in row["partitions"]} == {int(default["value"])}


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


def test_publishing_to_a_topic_nobody_made_names_it_at_once_and_does_not_make_it(
    kafka: KafkaUnderTest, bus: KafkaBus
) -> None:
    bus.ping()
    started = time.monotonic()
    with pytest.raises(Unavailable, match=f"{kafka.prefix}missing.*crm topics ensure"):
        bus.publish([Record(kafka.prefix + "missing", "k", b"1")])
    assert time.monotonic() - started < 2
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


def test_a_topic_made_after_a_refusal_can_be_published_to(kafka: KafkaUnderTest, bus: KafkaBus) -> None:
    with pytest.raises(Unavailable):
        bus.publish([Record(kafka.prefix + "late", "k", b"1")])
    topic = make_topic(kafka, bus, "late")
    bus.publish([Record(topic, "k", b"1")])
    assert bus.lag(kafka.prefix + "g", [topic]).records == 1


def test_a_topic_that_is_made_later_is_read_without_a_restart(kafka: KafkaUnderTest, bus: KafkaBus, topic: str) -> None:
    subscription = bus.subscribe(kafka.prefix + "g", [topic, kafka.prefix + "late"], "m1")
    assert subscription.poll(10, 1) == []
    late = make_topic(kafka, bus, "late")
    bus.publish([Record(late, "k", b"1")])
    found: list[bytes] = []
    deadline = time.monotonic() + 20
    while not found and time.monotonic() < deadline:
        found += [item.value for item in subscription.poll(10, 0.2)]
    subscription.close()
    assert found == [b"1"]


def test_a_member_that_polls_in_haste_joins_all_the_same(kafka: KafkaUnderTest, bus: KafkaBus, topic: str) -> None:
    """A rejoin caused by new metadata that outlasts a poll was forgotten by the library nine times of ten."""
    bus.publish([Record(topic, "k", b"1")])
    for number in range(4):
        subscription = bus.subscribe(f"{kafka.prefix}g{number}", [topic], "m1")
        found: list[bytes] = []
        deadline = time.monotonic() + 10
        while not found and time.monotonic() < deadline:
            found += [item.value for item in subscription.poll(10, 0.01)]
        subscription.close()
        assert found == [b"1"]


def test_many_threads_share_one_administrator(kafka: KafkaUnderTest, bus: KafkaBus, topic: str) -> None:
    def administrators() -> int:
        return sum(thread.name.startswith("kafka-io") for thread in threading.enumerate())

    before = administrators()
    threads = [threading.Thread(target=bus.lag, args=(kafka.prefix + "g", [topic])) for _ in range(4)]
    threads += [threading.Thread(target=bus.ping) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert administrators() == before  # `topic` was made by it


def test_a_client_whose_thread_is_stuck_is_given_up_and_another_takes_its_place(
    bus: KafkaBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus.ping()
    stuck = threading.Event()
    monkeypatch.setattr(kafka_network, "LONGEST_ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(kafka_network, "LOOK_AGAIN_SECONDS", 0.1)
    monkeypatch.setattr(PatientNetwork, "_process_events", lambda self, events: stuck.wait())
    with pytest.raises(Unavailable, match="没有答复"):
        bus.ping()
    monkeypatch.undo()
    bus.ping()
    stuck.set()


def test_a_wake_up_that_went_missing_is_made_good(bus: KafkaBus, monkeypatch: pytest.MonkeyPatch) -> None:
    bus.ping()
    lost: list[bool] = []
    really_wake = PatientNetwork.wakeup

    def lose_the_first(network: PatientNetwork) -> None:
        if lost:
            really_wake(network)
        lost.append(True)

    monkeypatch.setattr(PatientNetwork, "wakeup", lose_the_first)
    started = time.monotonic()
    bus.ping()
    assert time.monotonic() - started < 10


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


def test_checksums_are_reckoned_by_native_code() -> None:
    """In Python they are two thirds of the work of a poll."""
    assert calc_crc32c.__defaults__ == (crc32c.crc32c,)
