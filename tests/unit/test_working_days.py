"""Deadlines in legal working days: weekends, holidays, make-up days (调休), and years nobody has a table of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm.domain.clock import SHANGHAI, local_date
from crm.domain.working_days import WorkCalendar, working_deadline
from crm.services.calendar import LegalCalendar

LEGAL = LegalCalendar()


class Weekdays:
    """Monday to Friday, no holidays."""

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5

    def is_provisional(self, day: date) -> bool:
        return False


def last_day(year: int, month: int, day: int, days: int, calendar: WorkCalendar, hour: int = 9) -> date:
    start = datetime(year, month, day, hour, tzinfo=SHANGHAI)
    deadline = working_deadline(start, days, calendar)
    return local_date(deadline.at - timedelta(microseconds=1))


def test_the_day_itself_does_not_count() -> None:
    assert last_day(2026, 3, 2, 3, Weekdays()) == date(2026, 3, 5)


def test_weekends_do_not_count() -> None:
    assert last_day(2026, 3, 5, 3, Weekdays()) == date(2026, 3, 10)


def test_a_dispatch_at_the_weekend_starts_on_monday() -> None:
    assert last_day(2026, 3, 7, 1, Weekdays()) == date(2026, 3, 9)


def test_the_deadline_is_midnight_in_kunshan_said_in_utc() -> None:
    deadline = working_deadline(datetime(2026, 3, 2, 9, tzinfo=SHANGHAI), 3, Weekdays())
    assert deadline.at == datetime(2026, 3, 5, 16, tzinfo=UTC)
    assert deadline.at.tzinfo is UTC


def test_late_in_the_evening_in_utc_is_already_tomorrow_in_kunshan() -> None:
    start = datetime(2026, 3, 2, 16, 30, tzinfo=UTC)  # Tuesday 00:30 in Kunshan
    assert working_deadline(start, 1, Weekdays()).at == datetime(2026, 3, 4, 16, tzinfo=UTC)


@given(st.integers(0, 660 * 24 * 60), st.integers(1, 15))
def test_exactly_the_asked_number_of_working_days_lies_before_the_deadline(minutes: int, days: int) -> None:
    aware = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    end = local_date(working_deadline(aware, days, LEGAL).at - timedelta(seconds=1))
    first = local_date(aware)
    between = [first + timedelta(days=n) for n in range(1, (end - first).days + 1)]
    assert sum(map(LEGAL.is_working, between)) == days
    assert LEGAL.is_working(end)


def test_spring_festival_2026_is_skipped() -> None:
    """State Council notice for 2026: holiday 15 to 23 February, working Saturdays 14 and 28 February."""
    assert last_day(2026, 2, 13, 3, LEGAL) == date(2026, 2, 25)


def test_a_working_saturday_counts() -> None:
    assert LEGAL.is_working(date(2026, 2, 28))
    assert last_day(2026, 2, 27, 1, LEGAL) == date(2026, 2, 28)


def test_a_holiday_on_a_weekday_does_not_count() -> None:
    assert not LEGAL.is_working(date(2026, 2, 17))


def test_a_year_with_a_table_is_certain() -> None:
    assert not working_deadline(datetime(2026, 3, 2, tzinfo=UTC), 3, LEGAL).provisional


@pytest.fixture
def year_without_table() -> int:
    import chinese_calendar.constants

    return max(day.year for day in chinese_calendar.constants.holidays) + 2


def test_a_year_without_a_table_counts_weekdays_and_is_provisional(year_without_table: int) -> None:
    start = datetime(year_without_table, 5, 20, tzinfo=UTC)
    deadline = working_deadline(start, 5, LEGAL)
    assert deadline.provisional
    assert deadline.at == working_deadline(start, 5, Weekdays()).at
