"""The clock port: time comes from here and nowhere else, always aware, always UTC inside."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Protocol

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991


class Clock(Protocol):
    """`now` in UTC. `receipt_times`: whether receipts take the database's clock (production) or this one (tests)."""

    receipts_by_database: bool

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock; receipts are timed by the database."""

    receipts_by_database = True

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands until it is moved: for tests and for the simulated year."""

    receipts_by_database = False

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at

    def move(self, by: timedelta) -> None:
        self._at += by


def local_date(moment: datetime) -> date:
    """The calendar day in Kunshan."""
    return moment.astimezone(SHANGHAI).date()
