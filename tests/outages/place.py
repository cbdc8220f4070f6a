"""Where a city under test stands: what its processes are told, in a file of its folder."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import orjson

from crm.bus.kafka_access import KafkaAccess
from crm.bus.kafka_bus import KafkaBus
from crm.config import Settings
from crm.wiring import Deployment, connect
from search.elastic_index import ElasticIndex
from tests.outages.broker import PrefixedBus
from tests.outages.points import Faults

FILE = "place.json"
REBUILD_LEASE = 6.0  # seconds: a test does not wait as long as a city may


@dataclass(frozen=True, slots=True)
class Place:
    """Servers, and the city's own names on each. `prefix`: of topics, groups and search alias."""

    database: str
    kafka: str
    elasticsearch: str
    prefix: str

    @classmethod
    def read(cls, folder: Path) -> Place:
        return cls(**orjson.loads((folder / FILE).read_bytes()))

    def write(self, folder: Path) -> None:
        (folder / FILE).write_bytes(orjson.dumps(dataclasses.asdict(self)))

    def settings(self, folder: Path) -> Settings:
        return Settings(database_url=self.database, bus_url=self.kafka, search_url=self.elasticsearch, data_dir=folder)

    def connect(self, folder: Path, faults: Faults | None = None) -> Deployment:
        """The deployment, as a process of it has it."""
        deployment = connect(self.settings(folder))
        deployment.tools.index.close()
        tools = dataclasses.replace(deployment.tools, index=self.index())
        return Deployment(tools, PrefixedBus(deployment.bus, self.prefix, faults))

    def index(self) -> ElasticIndex:
        return ElasticIndex(self.elasticsearch, alias=self.prefix.rstrip("."), lease=REBUILD_LEASE)

    def access(self) -> KafkaAccess:
        return KafkaAccess(tuple(self.kafka.removeprefix("kafka://").split(",")))

    def broker(self) -> KafkaBus:
        """With names as the broker knows them."""
        return KafkaBus(self.access())
