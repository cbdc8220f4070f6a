"""What `/metrics` shows: requests as this web counts them, and what waits, as database and bus tell when asked.

Under `crm web` several processes count together, each in a file of its own in a folder they share (prometheus_client's
multiprocess mode): whichever is asked adds them up. What waits is read, not kept, so that it is the same from each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from crm.config import shared_figures
from crm.domain.errors import Unavailable
from crm.services.measures import WORK
from crm.web.freshness import (
    INTAKE_GROUP,
    PROJECTED,
    SEARCH_GROUP,
    Waiting,
    group_waiting,
    intake_topics,
    open_letters,
    outbox_waiting,
    parts_alive,
)
from crm.wiring import Deployment

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Figures:
    """Those of one application; a registry each, so that two in one process do not mix."""

    registry: CollectorRegistry
    requests: Counter
    seconds: Histogram
    waiting: WhatWaits

    @classmethod
    def fresh(cls, deployment: Deployment) -> Figures:
        registry = CollectorRegistry()
        return cls(
            registry=registry,
            requests=Counter("crm_http_requests", "HTTP answers", ("method", "route", "status"), registry=registry),
            seconds=Histogram("crm_http_seconds", "Time for an answer", ("method", "route"), registry=registry),
            waiting=WhatWaits(deployment),
        )

    def text(self) -> bytes:
        folder = shared_figures()
        counted = self.registry
        if folder is not None:
            counted = CollectorRegistry()
            MultiProcessCollector(counted, path=str(folder))  # type: ignore[no-untyped-call]
        state = CollectorRegistry()
        state.register(self.waiting)
        return generate_latest(counted) + generate_latest(state) + generate_latest(WORK)


class WhatWaits(Collector):
    """Outbox, groups, dead letters, live parts. What cannot be read now is left out, and the rest is told."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        records = GaugeMetricFamily("crm_waiting", "Outbox marks and records not dealt with", labels=("queue",))
        oldest = GaugeMetricFamily("crm_waiting_oldest_seconds", "Age of the oldest of them", labels=("queue",))
        for queue, read in self._queues().items():
            waiting = _now(read)
            if waiting is not None:
                records.add_metric((queue,), waiting.count)
                oldest.add_metric((queue,), waiting.oldest_seconds)
        yield records
        yield oldest
        lag = GaugeMetricFamily("crm_lag_records", "Records a group has not committed", labels=("group", "topic"))
        for group, topics in self._groups().items():
            for topic in topics:
                behind = _now(lambda group=group, topic=topic: self._deployment.bus.lag(group, [topic]).records)  # type: ignore[misc]
                if behind is not None:
                    lag.add_metric((group, topic), behind)
        yield lag
        yield from self._of_the_database()

    def _queues(self) -> dict[str, Callable[[], Waiting]]:
        deployment = self._deployment
        return {
            "outbox": lambda: outbox_waiting(deployment),
            SEARCH_GROUP: lambda: group_waiting(deployment, SEARCH_GROUP, PROJECTED),
            INTAKE_GROUP: lambda: group_waiting(deployment, INTAKE_GROUP, intake_topics(deployment)),
        }

    def _groups(self) -> dict[str, tuple[str, ...]]:
        return {SEARCH_GROUP: PROJECTED, INTAKE_GROUP: _now(lambda: intake_topics(self._deployment)) or ()}

    def _of_the_database(self) -> Iterator[Metric]:
        letters = GaugeMetricFamily("crm_dead_letters_open", "Dead letters nobody settled")
        found = _now(lambda: open_letters(self._deployment))
        if found is not None:
            letters.add_metric((), found)
        yield letters
        parts = GaugeMetricFamily("crm_parts_alive", "Live processes of a part of the deployment", labels=("part",))
        for part, count in (_now(lambda: parts_alive(self._deployment)) or {}).items():
            parts.add_metric((part,), count)
        yield parts


def _now(read: Callable[[], Found]) -> Found | None:
    try:
        return read()
    except Unavailable:
        return None
