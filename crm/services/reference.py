"""The loaded reference pack, kept in memory and read anew when another one is loaded."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from sqlalchemy import select

from crm.domain.clock import Clock
from crm.domain.errors import CrmError
from crm.domain.reference import ReferencePack
from crm.reference.loader import load_pack as read_folder
from crm.store.database import Database
from crm.store.models import SearchRevision
from crm.store.reference import load_pack, loaded_version, save_pack
from crm.store.unit_of_work import unit_of_work
from schemas.events.leads import Codes

LOOK_AGAIN_SECONDS = 2.0


class ReferenceMissing(CrmError):
    """No pack is loaded: `crm reference load` comes first."""


class Reference:
    """The pack of the database. Threads share it; a new version is noticed within two seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._pack: ReferencePack | None = None
        self._codes: Codes | None = None
        self._looked = float("-inf")

    def pack(self) -> ReferencePack:
        """Raises ReferenceMissing."""
        with self._lock:
            if self._pack is None or time.monotonic() - self._looked > LOOK_AGAIN_SECONDS:
                self._look()
            if self._pack is None:
                raise ReferenceMissing("尚未载入参考数据包，请先运行 crm reference load")
            return self._pack

    def _look(self) -> None:
        with self._database.read() as session:
            version = loaded_version(session)
            if version is not None and (self._pack is None or self._pack.version != version):
                self._pack = load_pack(session, version)
                self._codes = Codes(
                    districts=frozenset(self._pack.districts),
                    nodes=frozenset(self._pack.nodes),
                    classes=frozenset(self._pack.classes),
                )
        self._looked = time.monotonic()

    def codes(self) -> Codes:
        """The codes a lead may name."""
        self.pack()
        assert self._codes is not None  # noqa: S101 (set together with the pack)
        return self._codes


def load_reference(database: Database, clock: Clock, folder: Path) -> ReferencePack:
    """Load a folder's pack into the database. Raises Invalid naming file and line; then nothing changed."""
    pack = read_folder(folder)
    with unit_of_work(database, clock) as unit:
        before = set(unit.session.scalars(select(SearchRevision.id).where(SearchRevision.type == "park")))
        save_pack(unit.session, pack, unit.now)
        unit.raise_documents(("park", code) for code in pack.parks)
        unit.raise_documents((("park", code) for code in before - set(pack.parks)), deleted=True)
    return pack


def loaded(database: Database) -> bool:
    """Whether a pack is loaded at all."""
    with database.read() as session:
        return loaded_version(session) is not None
