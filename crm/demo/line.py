"""The whole line in one process under a clock of its own: relay, intake and projector are the real ones, stepped by hand.

`crm demo load` has no other process beside it: it makes sure of that, since two relays would share the work under two clocks.
"""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select

from consumers.lead_batch import NAME as INTAKE
from consumers.lead_intake import LeadIntake
from consumers.runner import Runner
from consumers.search_projector import NAME as PROJECTOR
from consumers.search_projector import TOPICS, SearchProjector
from crm.bus.embedded_bus import EmbeddedBus
from crm.domain.clock import Clock, FixedClock
from crm.services.matching import Matching
from crm.services.tools import Tools
from crm.services.waiting import Waiting
from crm.store.models import BusMember, Lease
from crm.wiring import Deployment, holder_name
from producers.outbox_relay import OutboxRelay

BATCH = 2000
JOINING_SECONDS = 0.2


class Line:
    """Relay, intake and projector of a deployment. `close` leaves no lease and no member behind."""

    def __init__(self, deployment: Deployment) -> None:
        tools, bus = deployment.tools, deployment.bus
        self.tools = tools
        self._bus = bus
        self._relay = OutboxRelay(tools.database, bus, tools.clock, tools.vault, holder_name("demo-relay"))
        handler = LeadIntake(tools)
        stop = threading.Event()
        member = holder_name("demo")
        self._intake_topics = handler.topics()
        self._intake = Runner(handler, bus.subscribe(INTAKE, self._intake_topics, member), stop, batch=BATCH)
        projector = SearchProjector(tools, tools.index)
        self._projector = Runner(projector, bus.subscribe(PROJECTOR, TOPICS, member), stop, batch=BATCH)

    def take_in(self, receipts: Iterable[str]) -> None:
        """Process what was submitted under these receipts; the index waits for `catch_up`, since a commit of the index
        costs most. The receipts tell when it is done: to ask a broker costs more than the work."""
        while self._relay.step():
            pass
        waiting = Waiting(self.tools)
        waiting.add(receipts)
        while waiting.unprocessed():
            self._intake.step(JOINING_SECONDS)

    def catch_up(self) -> None:
        """Until nothing moves any more and everything written can be found."""
        self.tools.index.ensure()
        moved = 1
        while moved:
            moved = self._relay.step()
            moved += self._empty(self._intake, INTAKE, self._intake_topics)
            moved += self._empty(self._projector, PROJECTOR, TOPICS)
        self.tools.index.refresh()

    def _empty(self, runner: Runner, group: str, topics: Sequence[str]) -> int:
        """Until the group has nothing left to give us; how much it was. On a broker an empty poll does not say so: a member
        that has just joined is not given its partitions yet."""
        done = 0
        if isinstance(self._bus, EmbeddedBus):
            while moved := runner.step(0):
                done += moved
            return done
        while self._bus.lag(group, topics).records:
            done += runner.step(JOINING_SECONDS)
        return done

    def close(self) -> None:
        self._relay.leave()
        self._intake.subscription.close()
        self._projector.subscription.close()


def at(deployment: Deployment, clock: Clock) -> Deployment:
    """The same database and index under another clock, with a matcher that has not looked at the carriers yet."""
    tools = deployment.tools
    matching = Matching(tools.database, tools.reference)
    moved = dataclasses.replace(tools, clock=clock, matching=matching)
    bus = EmbeddedBus(tools.database, clock) if isinstance(deployment.bus, EmbeddedBus) else deployment.bus
    return Deployment(moved, bus)


def move_to(clock: FixedClock, moment: datetime) -> None:
    """Forward only: a moment already passed leaves the clock where it is."""
    clock.move(max(moment - clock.now(), timedelta(0)))


def others_at_work(tools: Tools) -> bool:
    """Whether a relay, consumer or another loading lives on this database."""
    now = tools.clock.now()
    with tools.database.read() as session:
        leases = session.scalars(select(Lease.name).where(Lease.until > now)).first()
        members = session.scalars(select(BusMember.member).where(BusMember.until > now)).first()
    return leases is not None or members is not None
