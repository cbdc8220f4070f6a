"""Leases: at most one holder of a name at a time, across processes (a relay shard, the scheduler, the index)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from crm.store.models import Lease
from crm.store.unit_of_work import dialect_insert


def hold(session: Session, name: str, holder: str, now: datetime, ttl: timedelta) -> bool:
    """Take or renew the lease; False while somebody else holds it."""
    statement = dialect_insert(session)(Lease).values(name=name, holder=holder, until=now + ttl)
    statement = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"holder": statement.excluded.holder, "until": statement.excluded.until},
        where=or_(Lease.holder == holder, Lease.until < now),
    ).returning(Lease.holder)
    return session.execute(statement).scalar_one_or_none() == holder


def release(session: Session, name: str, holder: str) -> None:
    session.execute(delete(Lease).where(Lease.name == name, Lease.holder == holder))
