"""The loop every consumer runs in: poll, handle in one transaction, commit the offset after it.

What is unavailable is waited for with back-off; a record whose handling fails unexpectedly is tried alone three times and
then set aside, so that a poison message never blocks the others; only many in a row failing alike stop the consumer,
since then it is not the records that are broken.
"""

from __future__ import annotations

import gc
import threading
import traceback
import uuid
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from crm.bus.port import Delivered, LostPartitions, Subscription
from crm.domain.errors import Unavailable
from crm.services.outage import Outage

ATTEMPTS_ALONE = 3
FAILURES_TO_STOP = 20
OBJECTS_BETWEEN_COLLECTIONS = 20_000

log = structlog.get_logger("consumer")


class Handler(Protocol):
    """A consumer's work. `handle` is one transaction over all records, and harmless when repeated."""

    name: str

    @property
    def most(self) -> int:
        """How many records it wants at once, now."""

    def handle(self, records: Sequence[Delivered]) -> None: ...

    def set_aside(self, record: Delivered, error_id: str) -> None:
        """Keep a record that fails unexpectedly, for a person to look at."""


class ConsumerStopped(Exception):
    """Too many records in a row failed alike: something other than the records is broken."""


class Runner:
    """Runs one handler over one subscription until `stop` is set."""

    def __init__(
        self,
        handler: Handler,
        subscription: Subscription,
        stop: threading.Event,
        *,
        batch: int = 2000,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        self.handler = handler
        self.subscription = subscription
        self.stop = stop
        self.batch = batch
        self.wait = wait or stop.wait
        self._outage = Outage(handler.name)
        self._behind = False  # polled records that were not dealt with: to be polled again, whatever fails meanwhile
        self._failures: tuple[str, int] = ("", 0)
        self._settled = False

    def run(self) -> None:
        """Until told to stop: the batch at hand is finished and committed, then the member leaves."""
        try:
            while not self.stop.is_set():
                self.step()
        finally:
            self._leave()

    def _leave(self) -> None:
        """What was dealt with is committed; that the member is gone the group learns by itself when nobody can be told."""
        try:
            self.subscription.close()
        except Unavailable as error:
            log.warning("left without saying so", consumer=self.handler.name, reason=str(error))

    def step(self, timeout: float = 1.0) -> int:
        """One poll; how many records were dealt with. Waits and gives 0 while something is unavailable."""
        try:
            if self._behind:
                self.subscription.rewind()
                self._behind = False
            records = self.subscription.poll(min(self.batch, self.handler.most), timeout)
            if records:
                self._deal_with(records)
                self.subscription.commit()
        except LostPartitions:
            log.info("partitions lost", consumer=self.handler.name)
            return 0
        except Unavailable as error:
            self._behind = True
            self.wait(self._outage.met(error))
            return 0
        self._outage.over()
        return len(records)

    def _deal_with(self, records: Sequence[Delivered]) -> None:
        try:
            self.handler.handle(records)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 (whatever it is, the other records must go on)
            log.warning("batch failed, going one by one", consumer=self.handler.name, error=type(error).__name__)
            for record in records:
                self._alone(record)
        else:
            self._failures = ("", 0)
        if not self._settled:
            _settle_memory()
            self._settled = True

    def _alone(self, record: Delivered) -> None:
        for attempt in range(1, ATTEMPTS_ALONE + 1):
            try:
                self.handler.handle([record])
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 (set aside below)
                if attempt == ATTEMPTS_ALONE:
                    self._set_aside(record, error)
            else:
                self._failures = ("", 0)
                return

    def _set_aside(self, record: Delivered, error: Exception) -> None:
        kind = f"{type(error).__name__} at {_place(error)}"
        self._failures = (kind, self._failures[1] + 1 if kind == self._failures[0] else 1)
        if self._failures[1] >= FAILURES_TO_STOP:
            raise ConsumerStopped(f"{self.handler.name}: {FAILURES_TO_STOP} 条记录接连因同一原因失败（{kind}），已停止")
        error_id = uuid.uuid4().hex[:12]
        log.error(
            "record set aside",
            consumer=self.handler.name,
            error_id=error_id,
            error=kind,
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
        )
        self.handler.set_aside(record, error_id)


def _settle_memory() -> None:
    """What lives after the first batch (pack, matcher, code) lives as long as the process, and a batch makes many objects
    that end with it: looking through both for garbage every 700 objects took a sixth of intake's time."""
    if gc.get_freeze_count():  # done for this process
        return
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 50, 20)


def _place(error: Exception) -> str:
    """Where it was raised; the message itself may hold personal data and is not logged."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}"
