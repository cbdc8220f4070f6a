"""Consumer of reports: one poll is one transaction (`lead_batch.py`).

Reports about an enterprise that another worker deals with at this moment wait for a small second one, so that two workers
whose batches name one enterprise do not work one after the other.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from sqlalchemy import select

from consumers.lead_batch import NAME, Decoded, LeadBatch, Refused, refuse
from crm.bus.port import Delivered
from crm.domain import trace
from crm.services.tools import Tools
from crm.store.models import Organisation
from crm.store.unit_of_work import unit_of_work
from schemas.topics import LEADS_SUBMITTED, Topic, feed

MOST = 500  # reports of one transaction

log = structlog.get_logger(NAME)


def feeds(tools: Tools) -> tuple[Topic, ...]:
    """One topic for each reporting organisation, whether of the pack or made later."""
    reporting = select(Organisation.code).where(Organisation.reports).order_by(Organisation.code)
    with tools.database.read() as session:
        return tuple(feed(code) for code in session.scalars(reporting))


class LeadIntake:
    """Handler of `consumers/runner.py`."""

    name = NAME

    def __init__(self, tools: Tools) -> None:
        self.tools = tools

    @property
    def most(self) -> int:
        return MOST

    def topics(self) -> tuple[str, ...]:
        """The gateway's topic and the feeds. One that nobody made yet keeps the others waiting for nothing."""
        return (LEADS_SUBMITTED, *(topic.name for topic in feeds(self.tools)))

    def handle(self, records: Sequence[Delivered]) -> None:
        done, held_up = self._work(records, wait=False)
        if held_up:
            done += self._work(held_up, wait=True)[0]
        for item in done:
            if trace.sampled(item.trace):
                place = {"topic": item.record.topic, "partition": item.record.partition, "offset": item.record.offset}
                log.info("lead processed", trace=trace.identity(item.trace), **place)

    def _work(self, records: Sequence[Delivered], *, wait: bool) -> tuple[list[Decoded], list[Delivered]]:
        """What became or corrected a lead, and what others hold up."""
        with unit_of_work(self.tools.database, self.tools.clock) as unit:
            batch = LeadBatch(self.tools, unit, wait=wait)
            done = batch.work(records)
        return done, batch.held_up

    def set_aside(self, record: Delivered, error_id: str) -> None:
        refused = Refused(record, "record", f"处理时发生意外错误（编号 {error_id}），请联系管理员")
        with unit_of_work(self.tools.database, self.tools.clock) as unit:
            refuse(unit, refused, error_id)
