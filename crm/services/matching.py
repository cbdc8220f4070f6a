"""The matcher in use: compiled once for a pack and the carriers on the books, compiled anew when either changes."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.domain.match_input import MatchInput
from crm.domain.matching import RULES_VERSION, Matcher
from crm.domain.parks import Carrier as MatchCarrier
from crm.services.ids import new_id
from crm.services.reference import Reference
from crm.store.database import Database
from crm.store.models import Carrier
from crm.store.unit_of_work import Row
from search.folding import fold_text

LOOK_AGAIN_SECONDS = 5.0
State = tuple[str, int, datetime | None]


class Matching:
    """Shared by threads; looks for changed carriers every five seconds."""

    def __init__(self, database: Database, reference: Reference) -> None:
        self._database = database
        self._reference = reference
        self._lock = threading.Lock()
        self._matcher: Matcher | None = None
        self._state: State | None = None
        self._looked = float("-inf")

    def matcher(self) -> Matcher:
        with self._lock:
            pack = self._reference.pack()
            due = time.monotonic() - self._looked > LOOK_AGAIN_SECONDS
            if self._matcher is None or due or self._matcher.pack is not pack:
                self._refresh()
            assert self._matcher is not None  # noqa: S101 (set by _refresh)
            return self._matcher

    def _refresh(self) -> None:
        pack = self._reference.pack()
        with self._database.read() as session:
            count, latest = session.execute(
                select(func.count(), func.max(Carrier.updated_at)).select_from(Carrier)
            ).one()
            state = (pack.version, count, latest)
            if self._matcher is None or state != self._state:
                self._matcher = Matcher(pack, _carriers(session), fold=fold_text)
                self._state = state
        self._looked = time.monotonic()

    def match_row(self, project_id: str, inputs: Row, now: datetime) -> dict[str, Any]:
        """A row of `matches`: the proposal for a project, with the versions it was made by."""
        matcher = self.matcher()
        result = matcher.match(MatchInput.from_payload(inputs))
        return {
            "id": new_id(),
            "project_id": project_id,
            "reference_version": matcher.pack.version,
            "rules_version": RULES_VERSION,
            "result": result.to_stored(),
            "created_at": now,
            "chosen_district": None,
            "chosen_park": None,
            "choice_reason": None,
        }


def _carriers(session: Session) -> list[MatchCarrier]:
    return [
        MatchCarrier(
            code=row.id,
            name=row.name,
            park=row.park,
            district=row.district,
            free_area=row.free_area,
            storey=row.storey,
            height_m=row.height_m,
            load_t_m2=row.load_t_m2,
            power_kva=row.power_kva,
            accepts_risks=tuple(row.accepts_risks),
            refuses_risks=tuple(row.refuses_risks),
            state=row.state,
        )
        for row in session.scalars(select(Carrier).order_by(Carrier.id))
    ]
