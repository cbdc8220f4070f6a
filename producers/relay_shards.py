"""Which shards of the outbox a relay sends: a fair part of them, each under a lease in the database.

Every relay that runs is a member by a lease of its own; the members in order of name divide the shards, those with more than
their part give the rest back between two batches, those with less take what is free. So a second process takes over half,
and a fifth one waits for a place. Clocks of machines may differ by a second: a lease outlasts the longest publish by that.
Called by `outbox_relay.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import Select, String, cast, literal, select
from sqlalchemy.orm import Session

from crm.domain.clock import Clock
from crm.store.database import Database
from crm.store.leases import hold, release, release_all, running, succeed, sweep
from crm.store.models import Lease, OutboxMark
from crm.store.unit_of_work import OUTBOX_SHARDS

LEASE = timedelta(seconds=15)
RENEWED_AFTER = LEASE / 3
LOOKED_AFTER = timedelta(seconds=1)  # by one that has less than its part
SHARD = "relay-"
MEMBER = "relaying-"

log = structlog.get_logger("relay")


class Shards:
    """The shards of one relay.

    `holder` is SLOT#PROCESS: the place it runs in, whose name outlives it, and what tells it from the process that was there
    before, should that one be alive after all; or any name, for one that is nobody's heir. `sharing`: be a member; one that
    is not, a command passing by, takes what nobody holds.
    """

    def __init__(self, database: Database, clock: Clock, holder: str) -> None:
        self.holder = holder
        self.sharing = False
        self.held: frozenset[int] = frozenset()
        self._wanted = OUTBOX_SHARDS
        self._database = database
        self._clock = clock
        self._looked: datetime | None = None
        self._arrived = False

    def hold(self) -> frozenset[int]:
        """The shards to send now; looked at again when the leases are a third over. Raises Unavailable."""
        now = self._clock.now()
        if self._due(now):
            with self._database.write() as session:
                held = self._share(session, now)
            if held != self.held:
                log.info("shards", holder=self.holder, shards=sorted(held))
            self.held, self._looked, self._arrived = held, now, True
        return self.held

    def outlast_a_publish(self) -> bool:
        """Whether the leases are fresh enough to publish under: if not, another relay may be at it before we are done."""
        return self._looked is not None and timedelta(0) <= self._clock.now() - self._looked < RENEWED_AFTER

    def of_ours(self) -> Select[Any]:
        """Subquery for a statement on the outbox: the lease of a mark's shard, if it is still ours."""
        name = literal(SHARD, String) + cast(OutboxMark.shard, String)
        return select(Lease.name).where(Lease.name == name, Lease.holder == self.holder).correlate(OutboxMark)

    def forget(self) -> None:
        """Look again before the next batch."""
        self.held = frozenset()
        self._looked = None

    def leave(self) -> None:
        """Free the leases at once, for another relay to take."""
        with self._database.write() as session:
            for kind in (SHARD, MEMBER):
                release_all(session, kind, self.holder)
        self.forget()

    def _due(self, now: datetime) -> bool:
        if self._looked is None:
            return True
        age = now - self._looked
        return age >= (LOOKED_AFTER if len(self.held) < self._wanted else RENEWED_AFTER) or age < timedelta(0)

    def _share(self, session: Session, now: datetime) -> frozenset[int]:
        """One transaction; leases in order of name, so that two relays never wait for each other."""
        if self.sharing:
            if not self._arrived:
                sweep(session, MEMBER, now - LEASE)
                succeed(session, MEMBER, self.holder)
                succeed(session, SHARD, self.holder)
            hold(session, f"{MEMBER}{self.holder}", self.holder, now, LEASE)
        leases = running(session, SHARD, now)
        self._wanted = self._part(session, now) if self.sharing else OUTBOX_SHARDS
        chosen = self._choice(leases)
        held = {shard for shard in sorted(chosen) if hold(session, f"{SHARD}{shard}", self.holder, now, LEASE)}
        for shard in range(OUTBOX_SHARDS):
            if shard not in chosen and leases.get(f"{SHARD}{shard}") == self.holder:
                release(session, f"{SHARD}{shard}", self.holder)
        return frozenset(held)

    def _part(self, session: Session, now: datetime) -> int:
        """How many shards are ours: what does not divide goes to the first ones."""
        members = sorted(set(running(session, MEMBER, now).values()))
        whole, rest = divmod(OUTBOX_SHARDS, len(members))
        return whole + (members.index(self.holder) < rest)

    def _choice(self, leases: Mapping[str, str]) -> set[int]:
        """Ours first, then free ones, up to our part."""
        holders = {shard: leases.get(f"{SHARD}{shard}") for shard in range(OUTBOX_SHARDS)}
        ours = [shard for shard, holder in holders.items() if holder == self.holder]
        free = [shard for shard, holder in holders.items() if holder is None]
        return set((ours + free)[: self._wanted])
