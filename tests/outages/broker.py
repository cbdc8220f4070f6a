"""The bus of a process under test: real, its topics and groups behind a prefix, with fault points around its calls."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from crm.bus.port import Delivered, EventBus, Lag, Record, Subscription, Topics, named_topics
from schemas.topics import TOPICS, Topic
from tests.outages.points import Faults

PARTITIONS = 3  # a broker makes few sooner than many
OFFSET_POINTS = {"lead-intake": "intake", "search-projector": "projector"}


class PrefixedBus:
    """So that tests share a broker. `faults` None: nothing happens at the points."""

    def __init__(self, bus: EventBus, prefix: str, faults: Faults | None = None) -> None:
        self._bus = bus
        self._prefix = prefix
        self._faults = faults or Faults(None)

    def ensure_topics(self, topics: Sequence[Topic] = TOPICS, *, grow: bool = False) -> list[str]:
        few = [dataclasses.replace(topic, name=self._prefix + topic.name, partitions=PARTITIONS) for topic in topics]
        return self._bus.ensure_topics(few, grow=grow)

    def publish(self, records: Sequence[Record]) -> None:
        named = [dataclasses.replace(record, topic=self._prefix + record.topic) for record in records]
        self._faults.reached("relay-has-leases")
        if self._faults.comes_to("relay-half-published"):
            self._bus.publish(named[: max(1, len(named) // 2)])
            self._faults.strike()
        self._bus.publish(named)
        self._faults.reached("relay-published")

    def subscribe(self, group: str, topics: Topics, member: str) -> Subscription:
        def named() -> list[str]:
            return [self._prefix + topic for topic in named_topics(topics)]

        subscription = self._bus.subscribe(self._prefix + group, named, member)
        return _PrefixedSubscription(subscription, self._prefix, OFFSET_POINTS.get(group, group), self._faults)

    def lag(self, group: str, topics: Sequence[str]) -> Lag:
        return self._bus.lag(self._prefix + group, [self._prefix + topic for topic in topics])

    def expire(self) -> int:
        return self._bus.expire()

    def ping(self) -> None:
        self._bus.ping()

    def close(self) -> None:
        self._bus.close()


class _PrefixedSubscription:
    def __init__(self, subscription: Subscription, prefix: str, part: str, faults: Faults) -> None:
        self._subscription = subscription
        self._prefix = prefix
        self._part = part
        self._faults = faults

    def poll(self, max_records: int, timeout: float) -> list[Delivered]:
        found = self._subscription.poll(max_records, timeout)
        return [dataclasses.replace(item, topic=item.topic.removeprefix(self._prefix)) for item in found]

    def commit(self) -> None:
        self._faults.reached(f"{self._part}-before-offset")
        self._subscription.commit()
        self._faults.reached(f"{self._part}-after-offset")

    def rewind(self) -> None:
        self._subscription.rewind()

    def close(self) -> None:
        self._subscription.close()
