"""Work that costs as much for twenty as for one, done together for whoever asks at the same moment.

Requests of one process come in threads; each would open a transaction, write three rows and wait for the disk. The first
to come works for all that wait by then, those that come meanwhile are the next group: nobody waits for a clock, and one
alone goes at once. Called by the web's API for reports.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Item, Outcome]):
    """One that asked. `woken` when there is an outcome or an error, or when it is to lead the next group."""

    item: Item
    woken: threading.Event = field(default_factory=threading.Event)
    outcomes: list[Outcome] = field(default_factory=list)  # one, once there is one
    error: BaseException | None = None

    @property
    def served(self) -> bool:
        return bool(self.outcomes) or self.error is not None


class Together(Generic[Item, Outcome]):
    """`work` answers a group of items in their order; what it raises is raised to each of the group."""

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Outcome]], most: int = 100) -> None:
        self._work = work
        self._most = most
        self._lock = threading.Lock()
        self._queue: list[_Waiting[Item, Outcome]] = []
        self._led = False

    def __call__(self, item: Item) -> Outcome:
        """The outcome of this item. Blocks while a group is being worked on."""
        mine: _Waiting[Item, Outcome] = _Waiting(item)
        with self._lock:
            self._queue.append(mine)
            leads, self._led = not self._led, True
        if not leads:
            mine.woken.wait()
        if not mine.served:
            self._lead()
        if mine.error is not None:
            raise mine.error
        return mine.outcomes[0]

    def _lead(self) -> None:
        """Work for everybody waiting, the leader among them, and leave the next group to the first of it."""
        with self._lock:
            group, self._queue = self._queue[: self._most], self._queue[self._most :]
        try:
            outcomes = self._work([waiting.item for waiting in group])
            for waiting, outcome in zip(group, outcomes, strict=True):
                waiting.outcomes.append(outcome)
        except BaseException as error:  # noqa: BLE001 (it is raised to all of them)
            for waiting in group:
                waiting.error = error
        with self._lock:
            self._led = bool(self._queue)
            successor = self._queue[:1]
        for waiting in (*group, *successor):
            waiting.woken.set()
