"""Fresh deployments to measure: the embedded set in a folder; the city set on servers, with names of its own there.

PostgreSQL and Elasticsearch are those of `make services` (or CRM_TEST_POSTGRESQL, CRM_TEST_ELASTICSEARCH): a database and an
alias of its own each, erased afterwards. Topics have fixed names, so the broker is one of its own beside the others, and
whatever else works on this machine's broker is not met.
"""

from __future__ import annotations

import os
import shutil
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from elasticsearch import Elasticsearch

from consumers.lead_intake import feeds
from crm.config import Settings
from crm.services.reference import load_reference
from crm.store import schema
from crm.wiring import Deployment, connect
from dev.services.elasticsearch_server import ElasticsearchServer
from dev.services.kafka_server import KafkaServer
from dev.services.postgresql_server import PostgresqlServer
from dev.services.server import Server
from schemas.topics import TOPICS
from search.elastic_index import ElasticIndex
from tests.factories.databases import temporary_database


@dataclass(frozen=True, slots=True)
class Servers:
    """URLs in the form of the settings."""

    postgresql: str
    elasticsearch: str


@dataclass(frozen=True, slots=True)
class City:
    """A deployment on servers; every name of its index begins with `alias`."""

    deployment: Deployment
    alias: str


def servers_found() -> Servers | None:
    """Those the city set can be measured on here; None when one is missing."""
    postgresql, elasticsearch = _found(PostgresqlServer()), _found(ElasticsearchServer())
    return Servers(postgresql, elasticsearch) if postgresql and elasticsearch else None


def _found(server: Server) -> str | None:
    if given := os.environ.get(f"CRM_TEST_{server.name.upper()}"):
        return given
    return server.url if server.pid() is not None and server.answers() else None


@contextmanager
def broker() -> Iterator[str]:
    """A Kafka of our own; its URL. Nothing of it stays."""
    server = KafkaServer(f"bench-{os.getpid()}", _two_free_ports())
    try:
        server.start()
        server.wait()
        yield server.url
    finally:
        server.stop()
        shutil.rmtree(server.run, ignore_errors=True)


def _two_free_ports() -> int:
    """The first of two neighbours, the second being the controller's."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


@contextmanager
def embedded_set(folder: Path) -> Iterator[Deployment]:
    """A deployment in this folder, with the pack loaded and its matcher compiled."""
    settings = Settings(database_url=f"sqlite:///{folder}/crm.db", data_dir=folder)
    deployment = connect(settings, owns_index=True)
    try:
        yield _prepared(deployment)
    finally:
        deployment.close()


@contextmanager
def city_set(servers: Servers, bus_url: str) -> Iterator[City]:
    """The same on servers."""
    alias = f"crm-bench-{uuid.uuid4().hex[:8]}"
    with temporary_database(servers.postgresql) as url, TemporaryDirectory() as folder:
        settings = Settings(database_url=url, bus_url=bus_url, search_url=servers.elasticsearch, data_dir=Path(folder))
        made = connect(settings)
        made.tools.index.close()
        deployment = replace(made, tools=replace(made.tools, index=ElasticIndex(servers.elasticsearch, alias=alias)))
        try:
            yield City(_prepared(deployment), alias)
        finally:
            deployment.close()
            with Elasticsearch(servers.elasticsearch) as client:
                client.indices.delete(index=f"{alias}-*")


def _prepared(deployment: Deployment) -> Deployment:
    tools = deployment.tools
    schema.upgrade(tools.database)
    load_reference(tools.database, tools.clock, tools.settings.reference_dir)
    deployment.bus.ensure_topics((*TOPICS, *feeds(tools)))
    tools.index.ensure()
    tools.matching.matcher()
    return deployment
