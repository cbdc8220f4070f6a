"""A report through a city's own servers: what outsiders write and read is Kafka's protocol and CloudEvents, nothing of ours."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from kafka import KafkaConsumer, KafkaProducer

from schemas.topics import LEADS_DEAD, LEADS_SUBMITTED, PROJECTS_CHANGED, feed_topic
from search.query import read_query
from tests.factories.companies import company
from tests.factories.leads import cloud_event, lead_data
from tests.journeys.conftest import RunningCity

pytestmark = [pytest.mark.kafka, pytest.mark.elasticsearch, pytest.mark.postgresql]
PATIENCE = 45.0


def write(city: RunningCity, topic: str, value: bytes) -> None:
    """As a partner's system does."""
    producer = KafkaProducer(bootstrap_servers=list(city.kafka.access.servers))
    producer.send(city.kafka.prefix + topic, value=value, key=b"any").get(timeout=10)
    producer.close()


def read(city: RunningCity, topic: str) -> Any:
    """The first record of a topic, as a partner's system reads it."""
    consumer = KafkaConsumer(
        city.kafka.prefix + topic,
        bootstrap_servers=list(city.kafka.access.servers),
        group_id=f"{city.kafka.prefix}partner",
        auto_offset_reset="earliest",
    )
    try:
        found = eventually(lambda: consumer.poll(timeout_ms=500, max_records=1))
        return next(iter(found.values()))[0]
    finally:
        consumer.close()


def eventually(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return found


def hits(city: RunningCity, text: str) -> list[str]:
    query = read_query({"q": text, "type": "project"}, ("bureau",))
    return [hit.id for hit in city.deployment.tools.index.search(query).hits]


def test_a_partners_report_becomes_a_project_that_partners_read_and_search_finds(running_city: RunningCity) -> None:
    write(running_city, LEADS_SUBMITTED, cloud_event("AG-BJ", "partner-1", lead_data(1)))
    record = read(running_city, PROJECTS_CHANGED)
    fact = json.loads(record.value)
    assert (fact["specversion"], fact["subject"]) == ("1.0", record.key.decode())
    assert eventually(lambda: hits(running_city, company(1).name)) == [fact["subject"]]


def test_a_centres_own_feed_is_read_too(running_city: RunningCity) -> None:
    write(running_city, feed_topic("AG-BJ"), cloud_event("AG-BJ", "partner-1", lead_data(1)))
    assert len(eventually(lambda: hits(running_city, company(1).name))) == 1


def test_a_report_that_is_none_comes_back_on_the_dead_topic_with_its_reason(running_city: RunningCity) -> None:
    write(running_city, LEADS_SUBMITTED, b"{not json")
    record = read(running_city, LEADS_DEAD)
    headers = {name: value.decode() for name, value in record.headers}
    assert record.value == b"{not json"
    assert headers["crm-reason"]
    assert headers["crm-topic"].endswith(LEADS_SUBMITTED)
