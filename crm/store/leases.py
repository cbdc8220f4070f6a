"""Leases: at most one holder of a name at a time, across processes (a relay shard, the scheduler, the index)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import Session

from crm.store.models import Lease
from crm.store.unit_of_work import dialect_insert

ALIVE = "alive-"
"""Kind of the leases by which a part's processes say that they live: alive-PART@SLOT."""


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


def release_all(session: Session, kind: str, holder: str) -> None:
    """Release what `holder` has of leases whose names begin with `kind`."""
    session.execute(delete(Lease).where(Lease.name.startswith(kind, autoescape=True), Lease.holder == holder))


def running(session: Session, kind: str, now: datetime) -> dict[str, str]:
    """Leases whose names begin with `kind` and that have not ended: name → holder."""
    statement = select(Lease.name, Lease.holder).where(Lease.name.startswith(kind, autoescape=True), Lease.until >= now)
    return {name: holder for name, holder in session.execute(statement)}


def succeed(session: Session, kind: str, holder: str) -> None:
    """What an earlier process of the same slot held of this kind goes to `holder`, SLOT#PROCESS: the slot's lock says that
    it is dead. Nothing for a holder without a slot."""
    slot, mark, _ = holder.partition("#")
    if mark:
        theirs = Lease.holder.startswith(slot + mark, autoescape=True)
        of_kind = Lease.name.startswith(kind, autoescape=True)
        session.execute(update(Lease).where(of_kind, theirs).values(holder=holder))


def sweep(session: Session, kind: str, before: datetime) -> None:
    """Erase leases of this kind that ended before, whose names nobody takes again."""
    session.execute(delete(Lease).where(Lease.name.startswith(kind, autoescape=True), Lease.until < before))
