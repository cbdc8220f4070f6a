"""Plays the demonstration year day by day under a moved clock: the day's reports in the morning, officers' steps after.

Every step is a real service; one the rules refuse ends its script, and `refused` tells. Called by `loading.py`.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import select

from crm.demo import story
from crm.demo.line import Line, move_to
from crm.demo.officers import Officers
from crm.demo.reports import Planned, by_day
from crm.demo.steps import Steps
from crm.domain.actors import system
from crm.domain.clock import SHANGHAI, FixedClock, local_date
from crm.domain.errors import CrmError
from crm.services.confidential import name_reader
from crm.services.submission import Incoming, Submitted, submit_batch
from crm.services.tools import Tools
from crm.store.models import Lead

ACTOR = system("demo")
MORNING = time(8, 45)
HOME_SHARE = (
    0.35  # of the dispatches, and all that wait for an answer, go to the district account's: its first screen is full
)
QUEUE, LATE = 2, 7  # working days since the report: nobody looked yet / dispatched, and due or late by now


@dataclass(slots=True)
class Year:
    """`clock` is the clock of `tools`. `refused`: what the rules did not let happen."""

    tools: Tools
    clock: FixedClock
    line: Line
    officers: Officers
    rng: random.Random
    now: datetime
    refused: list[str] = field(default_factory=list)
    _due: list[tuple[datetime, int, story.Script]] = field(default_factory=list)
    _working: dict[date, bool] = field(default_factory=dict)  # asked 100,000 times for 365 days
    _started: int = 0
    _told: int = 0

    def play(self, reports: Sequence[Planned]) -> None:
        """From the first report to now."""
        for day, planned in by_day(reports).items():
            self._work_until(datetime.combine(day, MORNING, SHANGHAI))
            move_to(self.clock, min(datetime.combine(day, MORNING, SHANGHAI), self.now))
            self._start(planned, self._take(planned))
        self._work_until(self.now)
        move_to(self.clock, self.now)

    def _take(self, planned: Sequence[Planned]) -> list[str | None]:
        """Submit and process the day's reports; their projects."""
        incoming = [Incoming(report.organisation, report.data) for report in planned]
        outcomes = submit_batch(self.tools, ACTOR, incoming, "form")
        self.refused += [str(outcome) for outcome in outcomes if isinstance(outcome, CrmError)]
        numbers = {outcome.receipt_no for outcome in outcomes if isinstance(outcome, Submitted)}
        self.line.take_in(numbers)
        with self.tools.database.read() as session:
            statement = select(Lead.receipt_no, Lead.project_id).where(Lead.receipt_no.in_(numbers))
            projects = dict(session.execute(statement).all())
        return [projects.get(o.receipt_no) if isinstance(o, Submitted) else None for o in outcomes]

    def _start(self, planned: Sequence[Planned], projects: Sequence[str | None]) -> None:
        for report, project_id in zip(planned, projects, strict=True):
            if not report.first or project_id is None:
                continue
            owed = QUEUE < self._working_days_since(report.day) <= LATE
            wanted = self.officers.home if owed or self.rng.random() < HOME_SHARE else None
            steps = Steps(self.tools, self.officers, self.rng, project_id, wanted)
            if report.data.get("confidential"):
                self._name_readers(project_id)
            else:
                self._go_on(self._fate(report)(steps))

    def _name_readers(self, project_id: str) -> None:
        for email in ("leader", "dispatcher"):
            name_reader(
                self.tools, self.officers.administrator, project_id, email=f"{email}@demo.invalid", token_id=None
            )

    def _fate(self, report: Planned) -> story.Fate:
        age = self._working_days_since(report.day)
        if not report.suitable and age > QUEUE:
            return story.is_turned_down
        if report.own_find:
            return self.rng.choice((story.stays_in_the_reserve, story.falls_silent, story.lands))
        if age <= LATE:
            return story.waits_in_the_queue if age <= QUEUE else story.waits_for_its_answer
        self._told += 1
        return story.MANY[self._told % len(story.MANY)]

    def _working_days_since(self, day: date) -> int:
        days = (local_date(self.now) - day).days
        return sum(self._is_working(day + timedelta(days=n)) for n in range(1, days + 1))

    def _is_working(self, day: date) -> bool:
        if day not in self._working:
            self._working[day] = self.tools.calendar.is_working(day)
        return self._working[day]

    def _go_on(self, script: story.Script) -> None:
        """One step of a script, and its next one put on the calendar."""
        try:
            wait = next(script, None)
        except CrmError as error:
            self.refused.append(str(error))
            return
        if wait is not None:
            self._started += 1
            heapq.heappush(self._due, (self._office_hour(wait), self._started, script))

    def _office_hour(self, wait: int) -> datetime:
        """Some time between nine and five, `wait` working days from now."""
        day = local_date(self.clock.now())
        while wait > 0:
            day += timedelta(days=1)
            wait -= self._is_working(day)
        return datetime.combine(day, time(9), SHANGHAI) + timedelta(minutes=self.rng.randrange(480))

    def _work_until(self, moment: datetime) -> None:
        while self._due and self._due[0][0] <= min(moment, self.now):
            when, _, script = heapq.heappop(self._due)
            move_to(self.clock, when)
            self._go_on(script)
