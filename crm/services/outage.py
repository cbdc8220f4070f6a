"""Waiting for a server that is away: longer and longer, said once, and the end of it said too.

Whatever works without being asked (consumers, relay, scheduler) has one of these for each thing it repeats. An outage of an
hour is two lines in the log of each part, not hundreds, and the second tells how long it was.
"""

from __future__ import annotations

import time

import structlog

from crm.domain.errors import CrmError

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 2.0  # what comes back is noticed within so many seconds, at the cost of a refused connection each

log = structlog.get_logger("outage")


class Outage:
    """Of one part. Not for threads."""

    def __init__(self, part: str, first: float = FIRST_PAUSE, longest: float = LONGEST_PAUSE) -> None:
        self._part = part
        self._first = first
        self._longest = longest
        self._pause = first
        self._since: float | None = None

    def met(self, error: CrmError) -> float:
        """Seconds to wait before the next attempt."""
        if self._since is None:
            self._since = time.monotonic()
            log.warning("unavailable, waiting", part=self._part, reason=str(error))
        pause, self._pause = self._pause, min(self._pause * 2, self._longest)
        return pause

    def over(self) -> None:
        """An attempt went through."""
        if self._since is not None:
            log.info("available again", part=self._part, seconds=round(time.monotonic() - self._since, 1))
            self._since = None
            self._pause = self._first
