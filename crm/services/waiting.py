"""Waiting for reports to be processed and searchable: what `crm leads submit --wait` and `Prefer: wait` look at."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import func, select

from crm.services.tools import Tools
from crm.store.identity import CHUNK
from crm.store.models import Lead, OutboxMark, Receipt


class Waiting:
    """Receipts to wait for. Work left is counted in receipts, and one more step for the index."""

    def __init__(self, tools: Tools) -> None:
        self.tools = tools
        self._numbers: list[str] = []
        self._processed_at: datetime | None = None

    def add(self, numbers: Iterable[str]) -> None:
        self._numbers.extend(numbers)

    @property
    def count(self) -> int:
        return len(self._numbers)

    @property
    def steps(self) -> int:
        return len(set(self._numbers)) + 1

    def unprocessed(self) -> int:
        """How many are neither processed nor refused."""
        return sum(state == "received" for state, _, _ in self.states().values())

    def states(self) -> dict[str, tuple[str, str | None, str | None]]:
        """receipt_no → state, lead id, project id."""
        found: dict[str, tuple[str, str | None, str | None]] = {}
        wanted = sorted(set(self._numbers))
        with self.tools.database.read() as session:
            for start in range(0, len(wanted), CHUNK):
                rows = session.execute(
                    select(Receipt.receipt_no, Receipt.state, Receipt.lead_id, Lead.project_id)
                    .outerjoin(Lead, Lead.id == Receipt.lead_id)
                    .where(Receipt.receipt_no.in_(wanted[start : start + CHUNK]))
                )
                found.update({number: (state, lead, project) for number, state, lead, project in rows})
        return found

    def left(self, oldest_unread: datetime | None) -> int:
        """Steps left; `oldest_unread`: since when the projector's oldest unread record waits."""
        waiting = self.unprocessed()
        if waiting:
            return waiting + 1
        if self._processed_at is None:
            self._processed_at = self.tools.clock.now()
        with self.tools.database.read() as session:
            oldest_mark = session.scalar(select(func.min(OutboxMark.created_at)))
        pending = [at for at in (oldest_mark, oldest_unread) if at is not None and at <= self._processed_at]
        return 1 if pending else 0
