"""The city set: PostgreSQL, Kafka and Elasticsearch for real, its workers running; names of its own on each server."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from consumers.lead_intake import feeds
from crm.cli.processes import PARTS, Processes
from crm.config import Settings
from crm.services.reference import load_reference
from crm.store import schema
from crm.wiring import Deployment, connect
from schemas.topics import TOPICS
from search.elastic_index import ElasticIndex
from tests.contract.kafka_under_test import KafkaUnderTest
from tests.factories.databases import temporary_database
from tests.servers import server_url


@dataclass(frozen=True, slots=True)
class RunningCity:
    """A deployment whose workers run, and the broker as outsiders reach it."""

    deployment: Deployment
    kafka: KafkaUnderTest


@pytest.fixture
def running_city(tmp_path: Path) -> Iterator[RunningCity]:
    search_url = server_url("elasticsearch")
    alias = f"crm-test-{uuid.uuid4().hex[:12]}"
    with temporary_database(server_url("postgresql")) as database_url:
        kafka = KafkaUnderTest(tmp_path)
        embedded = connect(Settings(database_url=database_url, data_dir=tmp_path))
        embedded.tools.index.close()
        tools = dataclasses.replace(embedded.tools, index=ElasticIndex(search_url, alias=alias))
        city = RunningCity(Deployment(tools, kafka.bus()), kafka)
        _prepare(city.deployment)
        processes = Processes(city.deployment)
        for part in PARTS:
            processes.start_part(part)
        yield city
        processes.stop.set()
        assert processes.wait() == 0
        kafka.erase()
        city.deployment.close()
        with Elasticsearch(search_url) as client:
            client.indices.delete(index=list(client.indices.get_alias(index=f"{alias}-*")))
    assert not [thread.name for thread in threading.enumerate() if thread.name in PARTS]


def _prepare(deployment: Deployment) -> None:
    tools = deployment.tools
    schema.upgrade(tools.database)
    load_reference(tools.database, tools.clock, tools.settings.reference_dir)
    deployment.bus.ensure_topics((*TOPICS, *feeds(tools)))
