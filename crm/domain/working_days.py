"""Deadlines in legal working days (调休 included). The calendar is passed in: see `crm/services/calendar.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol

from crm.domain.clock import SHANGHAI, local_date


class WorkCalendar(Protocol):
    """Says whether a day is worked, and whether that is only a guess (no table for its year yet)."""

    def is_working(self, day: date) -> bool: ...

    def is_provisional(self, day: date) -> bool: ...


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end (24:00 Asia/Shanghai) of the last allowed day."""

    at: datetime
    provisional: bool


def working_deadline(start: datetime, days: int, calendar: WorkCalendar) -> Deadline:
    """The end of the `days`-th working day after the day of `start`."""
    day = local_date(start)
    provisional = False
    left = days
    while left > 0:
        day += timedelta(days=1)
        provisional = provisional or calendar.is_provisional(day)
        left -= calendar.is_working(day)
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=SHANGHAI)
    return Deadline(end.astimezone(UTC), provisional)
