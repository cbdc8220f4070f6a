"""Adapters of the port EventBus as the contract suite needs them: a bus, and what only its keeper can do to it.

A further adapter adds a class with the same methods and its name to `ADAPTERS`; `test_event_bus.py` stays as it is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from crm.bus.embedded_bus import MEMBER_TTL, EmbeddedBus
from crm.bus.port import EventBus, Record
from crm.domain.clock import FixedClock
from crm.store.database import Database
from crm.store.models import Model
from tests.contract.kafka_under_test import KafkaUnderTest


class BusUnderTest(Protocol):
    """One log, seen by as many processes as `bus` is called for."""

    def bus(self) -> EventBus:
        """A bus as another process would open it."""

    def let_members_expire(self) -> None:
        """Let so much time pass that members that said nothing count as gone."""

    def publish_slowly(self, record: Record, drawn: threading.Event, go_on: threading.Event) -> None:
        """Publish; between drawing the place in the log and being durable, set `drawn` and wait for `go_on`."""

    def close(self) -> None:
        """As at the end of every process."""

    def erase(self) -> None:
        """Close, and leave nothing of the test behind."""


class EmbeddedUnderTest:
    """The embedded bus on one SQLite file; every bus has engines of its own."""

    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder}/bus.db"
        self._clock = FixedClock(datetime(2026, 3, 2, 1, tzinfo=UTC))
        self._databases: list[Database] = []
        tables = [table for name, table in Model.metadata.tables.items() if name.startswith("bus_")]
        Model.metadata.create_all(self._database().write_engine, tables=tables)

    def _database(self) -> Database:
        self._databases.append(Database(self._url))
        return self._databases[-1]

    def bus(self) -> EmbeddedBus:
        return EmbeddedBus(self._database(), self._clock)

    def let_members_expire(self) -> None:
        self._clock.move(MEMBER_TTL + timedelta(seconds=1))

    def publish_slowly(self, record: Record, drawn: threading.Event, go_on: threading.Event) -> None:
        bus = self.bus()
        bus.subscribe("maker", [record.topic], "m").close()  # the topic is there
        with bus.database.write() as session:
            bus.append(session, [record])
            drawn.set()
            assert go_on.wait(10)

    def close(self) -> None:
        for database in self._databases:
            database.dispose()

    def erase(self) -> None:
        self.close()  # the folder is pytest's


ADAPTERS: Mapping[str, Callable[[Path], BusUnderTest]] = {"embedded": EmbeddedUnderTest, "kafka": KafkaUnderTest}
