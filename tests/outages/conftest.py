"""Cities for outage tests: a database from the template, topics and index behind a name of their own, on real servers."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from kafka import KafkaAdminClient

from crm.services.indexing import repair
from crm.services.tools import Tools
from schemas.topics import TOPICS, feed
from tests.factories.cities import CityTemplate, settings_in
from tests.outages.checker import verify
from tests.outages.city import OWN_FEED, CityUnderTest
from tests.outages.place import Place
from tests.servers import server_url


class Grounds:
    """Three servers and the template of a database on one of them."""

    def __init__(self, template: CityTemplate, folder: Path, postgresql: str, kafka: str, elasticsearch: str) -> None:
        self.template = template
        self.folder = folder
        self.postgresql = postgresql
        self.kafka = kafka
        self.elasticsearch = elasticsearch

    @contextmanager
    def city(self) -> Iterator[CityUnderTest]:
        """A city with topics and an index that holds the pack; all of it is erased afterwards."""
        name = f"outage-{uuid.uuid4().hex[:12]}"
        folder = self.template.copy_to(self.folder / name)
        place = Place(settings_in(folder).database_url, self.kafka, self.elasticsearch, f"{name}.")
        place.write(folder)
        city = CityUnderTest(folder)
        city.bus.ensure_topics((*TOPICS, feed(OWN_FEED)))
        city.tools.index.ensure()
        repair(city.tools, city.tools.index)
        yield city
        city.close()
        self._erase(place)
        self.template.erase(folder)

    def _erase(self, place: Place) -> None:
        admin = place.access().client(KafkaAdminClient)
        admin.delete_topics([name for row in admin.describe_topics() if (name := row["name"]).startswith(place.prefix)])
        admin.close()
        with Elasticsearch(place.elasticsearch) as client:
            client.indices.delete(index=list(client.indices.get_alias(index=f"{place.prefix.rstrip('.')}-*")))

    def findings(self, city: CityUnderTest, *, reports_only: bool = True) -> list[str]:
        """What the checker says, with empty databases beside the city's own."""
        with ExitStack() as stack:
            replayed = stack.enter_context(self._empty(city, "replayed"))
            ordered = stack.enter_context(self._empty(city, "ordered")) if reports_only else None
            tools = dataclasses.replace(city.tools, **self.template.shared_with(city.tools))
            return verify(tools, city.bus, city.sent, replayed, ordered)

    @contextmanager
    def _empty(self, city: CityUnderTest, use: str) -> Iterator[Tools]:
        folder = city.folder.with_name(f"{city.folder.name}-{use}")
        made = self.template.city(folder)
        yield made.tools
        made.close()
        self.template.erase(folder)


@pytest.fixture(scope="session")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grounds]:
    """On the servers for tests, which nobody here stops or pauses."""
    postgresql, kafka, elasticsearch = (server_url(name) for name in ("postgresql", "kafka", "elasticsearch"))
    template = CityTemplate(tmp_path_factory.mktemp("template"), postgresql)
    yield Grounds(template, tmp_path_factory.mktemp("cities"), postgresql, kafka, elasticsearch)
    template.close()


@pytest.fixture
def city(grounds: Grounds) -> Iterator[CityUnderTest]:
    with grounds.city() as made:
        yield made
