"""The legal working calendar from `chinesecalendar`; weekdays, marked provisional, for a year it has no table of."""

from __future__ import annotations

from datetime import date

import chinese_calendar


class LegalCalendar:
    """WorkCalendar of the People's Republic of China."""

    def is_working(self, day: date) -> bool:
        try:
            return bool(chinese_calendar.is_workday(day))
        except NotImplementedError:
            return day.weekday() < 5

    def is_provisional(self, day: date) -> bool:
        try:
            chinese_calendar.is_workday(day)
        except NotImplementedError:
            return True
        return False
