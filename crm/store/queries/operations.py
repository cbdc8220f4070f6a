"""How far behind the messages are: what the administrator and every searcher is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.store.models import OutboxMark


def outbox_size(session: Session) -> int:
    """Marks that wait to be published."""
    return session.scalar(select(func.count()).select_from(OutboxMark)) or 0


def index_lag(session: Session, now: datetime) -> float:
    """Seconds since the oldest change that is still on its way to the index; 0 when none is."""
    oldest = session.scalar(select(func.min(OutboxMark.created_at)))
    return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
