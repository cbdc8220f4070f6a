"""The matcher in use: compiled once for a pack and the carriers on the books, compiled anew when either changes."""

from __future__ import annotations

import threading
import time
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.domain.match_input import Answer, MatchInput
from crm.domain.match_weights import NOTHING_KNOWN
from crm.domain.matching import RULES_VERSION, Matcher
from crm.domain.parks import Carrier as MatchCarrier
from crm.services.compiling import compile_matcher
from crm.services.ids import new_id
from crm.services.reference import Reference
from crm.store.database import Database
from crm.store.models import Carrier
from crm.store.queries.chains import city_standing
from crm.store.unit_of_work import Row

LOOK_AGAIN_SECONDS = 5.0
STANDING_SECONDS = 60.0  # what landed where and who has how much to do changes slowly
State = tuple[int, datetime | None]


class Matching:
    """Shared by threads; looks for changed carriers every five seconds, for the city's standing every minute."""

    def __init__(self, database: Database, reference: Reference) -> None:
        self._database = database
        self._reference = reference
        self._lock = threading.Lock()
        self._matcher: Matcher | None = None
        self._state: State | None = None
        self._standing = NOTHING_KNOWN
        self._looked = self._looked_round = float("-inf")

    def matcher(self) -> Matcher:
        with self._lock:
            pack = self._reference.pack()
            fresh = self._matcher is None or self._matcher.pack is not pack
            if self._matcher is None or fresh:
                self._matcher = compile_matcher(pack)
            if fresh or time.monotonic() - self._looked > LOOK_AGAIN_SECONDS:
                self._matcher = self._looked_at(self._matcher, fresh=fresh)
            return self._matcher

    def _looked_at(self, matcher: Matcher, *, fresh: bool) -> Matcher:
        """The matcher with today's carriers and standing; itself when they are what they were."""
        now = time.monotonic()
        with self._database.read() as session:
            count, latest = session.execute(
                select(func.count(), func.max(Carrier.updated_at)).select_from(Carrier)
            ).one()
            standing = self._standing
            if now - self._looked_round > STANDING_SECONDS:
                standing, self._looked_round = city_standing(session), now
            if fresh or (count, latest) != self._state or standing != self._standing:
                matcher = matcher.at(_carriers(session), standing)
                self._state, self._standing = (count, latest), standing
        self._looked = now
        return matcher

    def match_row(
        self, project_id: str, inputs: Row, now: datetime, answers: tuple[Answer, ...] = ()
    ) -> dict[str, Any]:
        """A row of `matches`: the proposal for a project, with the versions it was made by."""
        matcher = self.matcher()
        result = matcher.match(MatchInput.from_payload(inputs, answers=answers)).to_stored()
        return {
            "id": new_id(),
            "project_id": project_id,
            "reference_version": matcher.pack.version,
            "rules_version": RULES_VERSION,
            "result": result,
            "created_at": now,
            "chosen_district": None,
            "chosen_park": None,
            "choice_reason": None,
            "district_rank": None,
            "park_rank": None,
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
