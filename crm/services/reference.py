"""The loaded reference pack, kept in memory and read anew when another one is loaded."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.domain.chain_edits import ChainEdit as Edit
from crm.domain.chain_edits import laid_over
from crm.domain.clock import Clock, local_date
from crm.domain.errors import CrmError
from crm.domain.reference import ReferencePack
from crm.reference.loader import load_pack as read_folder
from crm.store.database import Database
from crm.store.models import ChainEdit, SearchRevision
from crm.store.reference import load_pack, loaded_version, save_pack
from crm.store.unit_of_work import unit_of_work
from schemas.events.leads import Codes

LOOK_AGAIN_SECONDS = 2.0


class ReferenceMissing(CrmError):
    """No pack is loaded: `crm reference load` comes first."""


class Reference:
    """The pack of the database under the edits that hold today. Threads share it; a change is noticed within two seconds."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._state: tuple[object, ...] = ()
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
        day = local_date(self._clock.now())
        with self._database.read() as session:
            version = loaded_version(session)
            state = (version, *_edits_state(session), day)
            if version is not None and state != self._state:
                self._state = state
                self._take(laid_over(load_pack(session, version), _live_edits(session), day))
        self._looked = time.monotonic()

    def _take(self, pack: ReferencePack) -> None:
        """On another day, or with an edit that does not hold yet, it may be the one there is: what was compiled of it stays."""
        if self._pack is None or pack.version != self._pack.version:
            self._pack = pack
            self._codes = Codes(frozenset(pack.districts), frozenset(pack.nodes), frozenset(pack.classes))

    def look_again(self) -> None:
        """Notice a change now, where the one who made it is to see it on the next page."""
        with self._lock:
            self._looked = float("-inf")

    def codes(self) -> Codes:
        """The codes a lead may name."""
        self.pack()
        assert self._codes is not None  # noqa: S101 (set together with the pack)
        return self._codes


def _edits_state(session: Session) -> tuple[object, ...]:
    """Changes whenever an edit goes live or is taken back."""
    return tuple(session.execute(select(func.count(), func.max(ChainEdit.decided_at)).select_from(ChainEdit)).one())


def _live_edits(session: Session) -> list[Edit]:
    rows = session.scalars(select(ChainEdit).where(ChainEdit.state == "live"))
    return [Edit(row.id, row.kind, row.subject, row.data, row.starts_on, row.ends_on) for row in rows]


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
