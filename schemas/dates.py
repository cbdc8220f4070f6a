"""Months, days and instants of a contract, given back as ISO 8601 texts so that a record stays plain JSON.

Years from 1900 to 2100: beyond them a date is a slip of the hand (20226-09). Re-exported by `schemas/fields.py`.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from typing import Any

from schemas.amounts import to_half_width
from schemas.texts import BLANKS, FreeWord

CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991
FIRST_YEAR, LAST_YEAR = 1900, 2100

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?"
)


def _year_fits(text: str) -> bool:
    return FIRST_YEAR <= int(text[:4]) <= LAST_YEAR


class Month(FreeWord):
    """`YYYY-MM`, 1900 to 2100."""

    default_error_messages = {"month": "须为 YYYY-MM，年份 1900 至 2100"}

    def tidy(self, text: str) -> str:
        month = to_half_width(text)
        if not _MONTH.fullmatch(month) or not _year_fits(month):
            raise self.make_error("month")
        return month


class Day(FreeWord):
    """`YYYY-MM-DD`, 1900 to 2100, a day of the calendar; given back as text."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return value.isoformat() if isinstance(value, date) else value

    default_error_messages = {"day": "须为 YYYY-MM-DD，年份 1900 至 2100"}

    def tidy(self, text: str) -> str:
        day = to_half_width(text)
        try:
            if _DAY.fullmatch(day) and _year_fits(day):
                return date.fromisoformat(day).isoformat()
        except ValueError as error:
            raise self.make_error("day") from error
        raise self.make_error("day")


class ZonedTime(FreeWord):
    """An instant, given back as ISO 8601 at +08:00. Without a zone it is taken as Asia/Shanghai, or refused."""

    default_error_messages = {
        "time": "须为带时区的时间，如 2026-01-17T09:30:00+08:00，年份 1900 至 2100",
        "zone": "须带时区",
    }

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return value.astimezone(CHINA).isoformat() if isinstance(value, datetime) else value

    def __init__(self, *, zone_required: bool = False, **options: Any) -> None:
        options.setdefault("metadata", {}).setdefault("format", "date-time")
        super().__init__(**options)
        self.zone_required = zone_required

    def tidy(self, text: str) -> str:
        match = _TIME.fullmatch(text)
        if match is None or not _year_fits(text):
            raise self.make_error("time")
        if self.zone_required and match["zone"] is None:
            raise self.make_error("zone")
        try:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).astimezone(CHINA).isoformat()
        except (ValueError, OverflowError) as error:
            raise self.make_error("time") from error


def lacks_zone(text: str) -> bool:
    """Whether a time that ZonedTime takes was written without a zone."""
    match = _TIME.fullmatch(text.strip(BLANKS))
    return match is not None and match["zone"] is None
