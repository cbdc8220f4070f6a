"""How many reports one transaction takes: fewer while workers wait for each other.

A transaction holds the identity keys of its reports until it commits. Two workers whose batches name one enterprise work one
after the other then, and with five hundred reports a batch they nearly always do when reports of an enterprise come
close together. So a worker that had to wait takes half as many next time, and a little more again while it need not.
Held by `lead_intake.py`, asked by `runner.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

MOST, LEAST = 500, 50
LONG_SECONDS = 0.05  # of waiting for keys; a look at free ones takes a few milliseconds


@dataclass(slots=True)
class Pace:
    """`records`: of the next batch."""

    records: int = MOST

    @property
    def crowded(self) -> bool:
        """Whether this worker has had to wait for others lately."""
        return self.records < MOST

    def waited(self, seconds: float) -> None:
        """The last batch got its keys after so long."""
        if seconds > LONG_SECONDS:
            self.records = max(LEAST, self.records // 2)
        else:
            self.records = min(MOST, self.records + self.records // 10)
