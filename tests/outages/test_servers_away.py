"""PostgreSQL, Kafka and Elasticsearch killed and paused under load: the worker stays, says so once, and finishes by itself.

On servers of this module's own: those for tests serve others meanwhile. They are made from the programs of `make services`.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator

import pytest

from dev.services.elasticsearch_server import ElasticsearchServer
from dev.services.kafka_server import KafkaServer
from dev.services.postgresql_server import PostgresqlServer
from dev.services.server import Server
from tests.factories.cities import CityTemplate
from tests.outages.city import CityUnderTest, Process, until
from tests.outages.conftest import Grounds
from tests.outages.points import SCHEDULER
from tests.servers import server_url

pytestmark = [pytest.mark.kafka, pytest.mark.elasticsearch, pytest.mark.postgresql]
INSTANCE = "outage"
SECONDS_AWAY = 3.0
SECONDS_PAUSED = 12.0  # longer than any client waits for one answer


class OwnServers:
    """One of each. `make services` uses other ports."""

    def __init__(self) -> None:
        self.postgresql = PostgresqlServer(INSTANCE, 25432)
        self.kafka = KafkaServer(INSTANCE, 29092)
        self.elasticsearch = ElasticsearchServer(INSTANCE, 29200)
        self._all: tuple[Server, ...] = (self.elasticsearch, self.postgresql, self.kafka)

    def by_name(self, name: str) -> Server:
        return next(server for server in self._all if server.name == name)

    def start(self) -> None:
        for server in self._all:
            server.start()
        for server in self._all:
            server.wait()

    def stop(self) -> None:
        for server in self._all:
            server.stop()


@pytest.fixture(scope="module")
def servers() -> Iterator[OwnServers]:
    for name in ("postgresql", "kafka", "elasticsearch"):
        server_url(name)  # a machine without the programs is left alone
    own = OwnServers()
    own.start()
    yield own
    own.stop()


@pytest.fixture(scope="module")
def grounds(servers: OwnServers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    template = CityTemplate(tmp_path_factory.mktemp("template"), servers.postgresql.url)
    cities = tmp_path_factory.mktemp("cities")
    yield Grounds(template, cities, servers.postgresql.url, servers.kafka.url, servers.elasticsearch.url)
    template.close()


def killed(server: Server) -> float:
    """When it was back."""
    server.kill()
    time.sleep(SECONDS_AWAY)
    server.start()
    server.wait()
    return time.monotonic()


def paused(server: Server) -> float:
    server.pause()
    time.sleep(SECONDS_PAUSED)
    server.resume()
    return time.monotonic()


def said(worker: Process) -> dict[str, int]:
    """How often each part spoke of servers that are away."""
    found: dict[str, int] = {}
    for line in worker.logged("unavailable, waiting"):
        found[line["part"]] = found.get(line["part"], 0) + 1
    return found


@pytest.mark.parametrize("outage", [killed, paused])
@pytest.mark.parametrize("name", ["postgresql", "kafka", "elasticsearch"])
def test_workers_outlive_a_server_and_finish_by_themselves(
    grounds: Grounds, servers: OwnServers, city: CityUnderTest, name: str, outage: Callable[[Server], float]
) -> None:
    worker = city.start()
    load = city.load(1.0)
    until(lambda: city.effects().taken >= 30, "the line to move")
    back = outage(servers.by_name(name))
    before = city.effects()
    print(f"{name} {outage.__name__}: {city.first_effect(worker, before, back)} of its return")
    city.finish(load)
    assert worker.alive
    heard = said(worker)
    print(f"{name} {outage.__name__}: said {heard}")
    assert all(times == 1 for times in heard.values()), worker.logged("unavailable, waiting")
    assert len(worker.logged("available again")) == len(heard)
    assert worker.logged("record set aside") == []
    assert worker.stop() == 0
    assert grounds.findings(city) == []


def test_processes_told_to_end_while_servers_are_away_end_in_order(
    grounds: Grounds, servers: OwnServers, city: CityUnderTest
) -> None:
    processes = [city.start(), city.start(SCHEDULER)]
    load = city.load(1.0)
    until(lambda: city.effects().taken >= 30, "the line to move")
    for server in (servers.postgresql, servers.kafka):
        server.kill()
    until(lambda: said(processes[0]), "the worker to notice")
    for process in processes:
        process.signal(signal.SIGTERM)
    statuses = [process.ended() for process in processes]
    for server in (servers.postgresql, servers.kafka):
        server.start()
        server.wait()
    assert statuses == [0, 0], processes[0].log.read_text()
    again = city.start()
    city.finish(load)
    assert again.stop() == 0
    assert grounds.findings(city) == []
