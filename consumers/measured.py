"""A consumer's handler with a watch beside it: time and size of its batches. Wrapped by `crm/cli/processes.py`."""

from __future__ import annotations

from collections.abc import Sequence

from consumers.runner import Handler
from crm.bus.port import Delivered
from crm.services.measures import BATCH_RECORDS, BATCH_SECONDS


class Measured:
    """Handler of `consumers/runner.py` around another one."""

    def __init__(self, handler: Handler) -> None:
        self.name = handler.name
        self._handler = handler

    @property
    def most(self) -> int:
        return self._handler.most

    def handle(self, records: Sequence[Delivered]) -> None:
        with BATCH_SECONDS.labels(self.name).time():
            self._handler.handle(records)
        BATCH_RECORDS.labels(self.name).observe(len(records))

    def set_aside(self, record: Delivered, error_id: str) -> None:
        self._handler.set_aside(record, error_id)
