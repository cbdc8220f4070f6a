"""Topics on the broker: made, and set right where they differ from `schemas/topics.py`.

Topics are made by `crm topics ensure` alone, with LogAppendTime: the log's clock, never a producer's, dates a report
(trap 2). Called by `kafka_bus.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.errors import NoError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from schemas.envelope import MAX_RECORD_BYTES
from schemas.topics import Topic

FRAME_BYTES = 64 * 1024  # key, headers and the batch's own head, beside a value of the largest size
DAY_MS = 24 * 3600 * 1000


def ensure(admin: KafkaAdminClient, topics: Sequence[Topic], *, grow: bool) -> list[str]:
    """What was done, a sentence each. A topic that two processes make at once is made once."""
    there = {row["name"]: len(row["partitions"]) for row in admin.describe_topics()}
    missing = [topic for topic in topics if topic.name not in there]
    kept = [topic for topic in topics if topic.name in there]
    done = _create(admin, missing)
    done += _correct(admin, kept)
    for topic in kept:
        if there[topic.name] < topic.partitions:
            done.append(_grow(admin, topic, there[topic.name], grow=grow))
    return done


def missing(admin: KafkaAdminClient, names: Sequence[str]) -> list[str]:
    """Those that the broker does not have. Raises KafkaError for one we may not see."""
    absent = []
    for row in admin.describe_topics(list(names)):
        error = for_code(row["error_code"])
        if error is UnknownTopicOrPartitionError:
            absent.append(str(row["name"]))
        elif error is not NoError:
            raise error(row["name"])
    return absent


def _create(admin: KafkaAdminClient, topics: Sequence[Topic]) -> list[str]:
    if not topics:
        return []
    plans = {topic.name: {"num_partitions": topic.partitions, "configs": configuration(topic)} for topic in topics}
    made = []
    for row in admin.create_topics(plans, raise_errors=False)["topics"]:
        error = for_code(row["error_code"])
        if error is NoError:
            made.append(f"建立 {row['name']}：{plans[row['name']]['num_partitions']} 个分区")
        elif error is not TopicAlreadyExistsError:
            raise error(f"{row['name']}：{row['error_message']}")
    admin.wait_for_topics(list(plans))
    return made


def _correct(admin: KafkaAdminClient, topics: Sequence[Topic]) -> list[str]:
    if not topics:
        return []
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic.name) for topic in topics]
    found = admin.describe_configs(asked, config_filter="all")["topic"]
    wrong = {topic.name: _differences(topic, found[topic.name]) for topic in topics}
    changes = [
        ConfigResource(ConfigResourceType.TOPIC, name, {key: wanted for key, _, wanted in rows})
        for name, rows in wrong.items()
        if rows
    ]
    if changes:
        admin.alter_configs(changes, incremental=True)
    return [f"更正 {name}：{key} {was} → {wanted}" for name, rows in wrong.items() for key, was, wanted in rows]


def _differences(topic: Topic, found: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """(setting, what it is, what it has to be)."""
    return [
        (key, str(found[key]["value"]), wanted)
        for key, wanted in configuration(topic).items()
        if found[key]["value"] != wanted
    ]


def _grow(admin: KafkaAdminClient, topic: Topic, partitions: int, *, grow: bool) -> str:
    if not grow:
        return f"未改 {topic.name}：{partitions} 个分区，应为 {topic.partitions} 个；增加会使同一 key 换分区，须以 --grow 要求"
    admin.create_partitions({topic.name: topic.partitions})
    return f"增加 {topic.name}：{partitions} → {topic.partitions} 个分区"


def configuration(topic: Topic) -> dict[str, str]:
    """What the product relies on; all else is the broker's."""
    wanted = {
        "message.timestamp.type": "LogAppendTime",
        "cleanup.policy": "delete",
        "max.message.bytes": str(MAX_RECORD_BYTES + FRAME_BYTES),
    }
    if topic.retention_days is not None:
        wanted["retention.ms"] = str(topic.retention_days * DAY_MS)
    return wanted
