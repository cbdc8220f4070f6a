"""Kafka for the contract suite: one broker for all, so each test has topics and groups of its own behind the names it uses."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path

from kafka import KafkaAdminClient
from kafka.admin import MemberToRemove

from crm.bus.kafka_access import SCHEME, KafkaAccess
from crm.bus.kafka_bus import KafkaBus
from crm.bus.kafka_subscription import KafkaSubscription
from crm.bus.port import Delivered, EventBus, Lag, Principals, Record, Topics, named_topics
from schemas.topics import TOPICS, Topic
from tests.servers import server_url

NEW_TOPICS_SEEN = 1.0
PARTITIONS = 3  # of every topic here: a broker makes few sooner than many


class KafkaUnderTest:
    """As many buses as asked for, each with its own connections."""

    def __init__(self, _folder: Path) -> None:
        servers = server_url("kafka").removeprefix(SCHEME).split(",")
        self.access = KafkaAccess(tuple(servers), new_topics_seen=NEW_TOPICS_SEEN)
        self.prefix = f"test-{uuid.uuid4().hex[:12]}."
        self.made: set[str] = set()
        self.subscriptions: list[KafkaSubscription] = []
        self._buses: list[KafkaBus] = []
        self._admin = self.access.client(KafkaAdminClient)

    def bus(self) -> EventBus:
        self._buses.append(KafkaBus(self.access, lag_kept=0))
        return _Renamed(self, self._buses[-1])

    def let_members_expire(self) -> None:
        """The group's keeper puts out a member whose session ended; an administrator can have it done at once."""
        for subscription in self.subscriptions:
            self._admin.remove_group_members(
                subscription.group, [MemberToRemove(group_instance_id=subscription.member)]
            )

    def publish_slowly(self, record: Record, drawn: threading.Event, go_on: threading.Event) -> None:
        """A broker draws the place when it writes: a slow record is one that comes late."""
        drawn.set()
        assert go_on.wait(10)
        self.bus().publish([record])

    def close(self) -> None:
        for subscription in self.subscriptions:
            subscription.close()
        for bus in self._buses:
            bus.close()
        self.subscriptions.clear()
        self._buses.clear()

    def erase(self) -> None:
        """After the test."""
        self.close()
        if self.made:
            self._admin.delete_topics(sorted(self.made))
        self._admin.close()


class _Renamed:
    """A Kafka bus whose topics and groups carry the test's prefix on the broker."""

    def __init__(self, test: KafkaUnderTest, bus: KafkaBus) -> None:
        self._test = test
        self._bus = bus

    def ensure_topics(self, topics: Sequence[Topic] = TOPICS, *, grow: bool = False) -> list[str]:
        done = self._bus.ensure_topics([self._renamed(topic) for topic in topics], grow=grow)
        self._test.made.update(self._test.prefix + topic.name for topic in topics)
        return [line.replace(self._test.prefix, "") for line in done]

    def bind_principals(self, principals: Principals, *, revoke: bool = False) -> list[str]:
        return self._bus.bind_principals(principals, revoke=revoke)

    def _renamed(self, topic: Topic) -> Topic:
        return dataclasses.replace(topic, name=self._test.prefix + topic.name, partitions=PARTITIONS)

    def _ensure(self, names: set[str]) -> None:
        missing = sorted(name for name in names if self._test.prefix + name not in self._test.made)
        if missing:
            self.ensure_topics([Topic(name, PARTITIONS, "key", "test") for name in missing])

    def publish(self, records: Sequence[Record]) -> None:
        self._ensure({record.topic for record in records})
        self._bus.publish([dataclasses.replace(record, topic=self._test.prefix + record.topic) for record in records])

    def subscribe(self, group: str, topics: Topics, member: str) -> _RenamedSubscription:
        self._ensure(set(named_topics(topics)))
        prefix = self._test.prefix
        renamed = lambda: [prefix + topic for topic in named_topics(topics)]  # noqa: E731
        subscription = self._bus.subscribe(prefix + group, renamed, member)
        self._test.subscriptions.append(subscription)
        return _RenamedSubscription(subscription, prefix)

    def lag(self, group: str, topics: Sequence[str]) -> Lag:
        self._ensure(set(topics))
        prefix = self._test.prefix
        return self._bus.lag(prefix + group, [prefix + topic for topic in topics])

    def expire(self) -> int:
        return self._bus.expire()

    def ping(self) -> None:
        self._bus.ping()

    def close(self) -> None:
        self._bus.close()


class _RenamedSubscription:
    def __init__(self, subscription: KafkaSubscription, prefix: str) -> None:
        self._subscription = subscription
        self._prefix = prefix

    def poll(self, max_records: int, timeout: float) -> list[Delivered]:
        found = self._subscription.poll(max_records, timeout)
        return [dataclasses.replace(item, topic=item.topic.removeprefix(self._prefix)) for item in found]

    def commit(self) -> None:
        self._subscription.commit()

    def rewind(self) -> None:
        self._subscription.rewind()

    def close(self) -> None:
        self._subscription.close()
