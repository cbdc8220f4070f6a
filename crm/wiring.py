"""The composition root: settings in, a deployment out. The only place that knows which adapter stands behind a port."""

from __future__ import annotations

import os
import socket
import threading
from dataclasses import dataclass

from crm.bus.embedded_bus import EmbeddedBus
from crm.bus.port import EventBus
from crm.config import Settings, kept_secret
from crm.domain.clock import Clock, SystemClock
from crm.services.calendar import LegalCalendar
from crm.services.matching import Matching
from crm.services.reference import Reference
from crm.services.tools import Tools
from crm.store.database import Database
from crm.store.vault import Vault
from search.embedded_index import EmbeddedIndex


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
    reference = Reference(database)
    tools = Tools(
        settings=settings,
        database=database,
        index=EmbeddedIndex(settings.index_dir, writable=owns_index),
        clock=clock,
        calendar=LegalCalendar(),
        vault=Vault(kept_secret(settings.key_dir, "contacts.key")),
        reference=reference,
        matching=Matching(database, reference),
    )
    return Deployment(tools, EmbeddedBus(database, clock))


def holder_name(part: str) -> str:
    """Names this process and thread in a lease: stable while it lives, different from every other."""
    return f"{socket.gethostname()}-{os.getpid()}-{threading.get_ident()}-{part}"
