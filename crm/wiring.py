"""The composition root: settings in, a deployment out. The only place that knows which adapter stands behind a port."""

from __future__ import annotations

import os
import random
import socket
import threading
import uuid
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from filelock import FileLock, Timeout

from crm.bus.embedded_bus import EmbeddedBus
from crm.bus.port import EventBus
from crm.config import EMBEDDED, Settings, kept_secret
from crm.domain.clock import Clock, SystemClock
from crm.services.calendar import LegalCalendar
from crm.services.matching import Matching
from crm.services.reference import Reference
from crm.services.tools import Tools
from crm.store.database import Database
from crm.store.vault import Vault
from search.index import SearchIndex

LONGEST_SLOT = 71  # of the 80 characters of a lease's holder


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a process works with: services' tools, and the bus that only producers and consumers touch."""

    tools: Tools
    bus: EventBus

    def close(self) -> None:
        self.tools.index.close()
        self.bus.close()
        self.tools.database.dispose()


def connect(settings: Settings, clock: Clock | None = None, *, owns_index: bool = False) -> Deployment:
    """Build the adapters the settings name. `owns_index`: this process writes the embedded index."""
    clock = clock or SystemClock()
    database = Database(settings.database_url)
    reference = Reference(database, clock)
    tools = Tools(
        settings=settings,
        database=database,
        index=_index(settings, owns_index=owns_index),
        clock=clock,
        calendar=LegalCalendar(),
        vault=Vault(kept_secret(settings.key_dir, "contacts.key")),
        reference=reference,
        matching=Matching(database, reference),
        chance=random.random,
    )
    return Deployment(tools, _bus(settings, database, clock))


# Either set's clients take half a second to import, which a process of the other need not wait for.
def _bus(settings: Settings, database: Database, clock: Clock) -> EventBus:
    if settings.bus_url == EMBEDDED:
        return EmbeddedBus(database, clock)
    from crm.bus.kafka_access import KafkaAccess  # noqa: PLC0415
    from crm.bus.kafka_bus import KafkaBus  # noqa: PLC0415

    access = KafkaAccess(
        settings.kafka_servers,
        settings.kafka_security,
        settings.kafka_sasl_mechanism,
        settings.kafka_username,
        settings.kafka_password,
        settings.kafka_ca,
    )
    return KafkaBus(access)


def _index(settings: Settings, *, owns_index: bool) -> SearchIndex:
    if settings.search_url == EMBEDDED:
        from search.embedded_index import EmbeddedIndex  # noqa: PLC0415

        return EmbeddedIndex(settings.index_dir, writable=owns_index)
    from search.elastic_index import ElasticIndex  # noqa: PLC0415

    ca = str(settings.search_ca) if settings.search_ca else None
    return ElasticIndex(settings.search_url, api_key=settings.search_api_key, ca=ca)


class WorkerSlot:
    """One worker's place on this machine: the first whose lock is free, held until `leave` or the process's end.

    A worker that was killed and starts again finds the same place, and so the same name in its group: there lie its
    partitions (`crm/bus/kafka_subscription.py`). The name of a process would be new each time. `holder` names slot and process in
    leases (`crm/store/leases.py`): what the dead one held is known as its own, and a second data folder on this machine, with
    slots of the same names, holds nothing together with the first.
    """

    def __init__(self, folder: Path, part: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for number in count(1):
            self._lock = FileLock(folder / f"{part}-{number}.lock", thread_local=False)
            try:
                self._lock.acquire(blocking=False)
            except Timeout:
                continue
            self.name = f"{socket.gethostname()}-{part}-{number}"
            self.holder = f"{self.name[-LONGEST_SLOT:]}#{uuid.uuid4().hex[:8]}"
            return

    def leave(self) -> None:
        self._lock.release()


def holder_name(part: str) -> str:
    """Names this process and thread in a lease: stable while it lives, different from every other."""
    return f"{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}-{part}"
