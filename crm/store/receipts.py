"""Receipts: given once, in the transaction that stores the report, timed by the database's clock."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crm.domain.clock import Clock
from crm.store.key_lists import in_keys
from crm.store.models import Receipt

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
    statement = select(Receipt).where(in_keys(session, (Receipt.organisation, Receipt.source_ref), places))
    return {(row.organisation, row.source_ref): row for row in session.scalars(statement)}
