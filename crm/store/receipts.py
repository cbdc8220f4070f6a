"""Receipts: given once, in the transaction that stores the report, timed by the database's clock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crm.domain.clock import Clock
from crm.store.identity import CHUNK
from crm.store.models import Receipt
from crm.store.unit_of_work import in_keys

Place = tuple[str, str]


def receipt_time(session: Session, clock: Clock) -> datetime:
    """The instant of the receipt: the database's clock in production, the test's in tests."""
    if not clock.receipts_by_database:
        return clock.now()
    if session.get_bind().dialect.name == "sqlite":
        stamp = session.execute(text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")).scalar_one()
        return datetime.fromisoformat(str(stamp)).replace(tzinfo=UTC)
    moment = session.execute(text("SELECT clock_timestamp()")).scalar_one()
    return datetime.fromisoformat(str(moment)).astimezone(UTC)


def receipts_at(session: Session, places: Collection[Place]) -> dict[Place, Receipt]:
    """Receipts that stand at (organisation, source_ref) places already."""
    wanted = sorted(places)
    found: dict[Place, Receipt] = {}
    for start in range(0, len(wanted), CHUNK):
        chunk = wanted[start : start + CHUNK]
        statement = select(Receipt).where(in_keys((Receipt.organisation, Receipt.source_ref), chunk))
        found.update({(row.organisation, row.source_ref): row for row in session.scalars(statement)})
    return found
