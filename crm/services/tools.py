"""What use cases work with. Built once by `crm/wiring.py`; tests build their own. No bus: services write the outbox."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crm.config import Settings
from crm.domain.clock import Clock
from crm.domain.working_days import WorkCalendar
from crm.services.matching import Matching
from crm.services.reference import Reference
from crm.store.database import Database
from crm.store.vault import Vault
from search.index import SearchIndex


@dataclass(frozen=True, slots=True)
class Tools:
    """`index` is read by services; only the projector and rebuilds write to it."""

    settings: Settings
    database: Database
    index: SearchIndex
    clock: Clock
    calendar: WorkCalendar
    vault: Vault
    reference: Reference
    matching: Matching
    chance: Callable[[], float]  # 0–1, each as likely: who is in a sample
