"""PORT EventBus: an ordered, durable log of records, read by groups.

Adapters: `crm/bus/embedded_bus.py` (in the SQL database) and `crm/bus/kafka_bus.py`. One contract suite,
`tests/contract/test_event_bus.py`, holds for both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from crm.domain.errors import CrmError
from schemas.envelope import MAX_RECORD_BYTES
from schemas.topics import TOPICS, Topic


class RecordTooLarge(CrmError):
    """A record over the limit was refused before anything of its batch was written."""

    def __init__(self, size: int) -> None:
        super().__init__(f"记录 {size} 字节，超过上限 {MAX_RECORD_BYTES} 字节")


class LostPartitions(CrmError):
    """The member's partitions went to another one; what it did not commit will be read again there."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record to publish. Records of one key keep their order."""

    topic: str
    key: str | None
    value: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A record as read. `appended_at`: the log's own clock, never the producer's."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes
    headers: Mapping[str, str]
    appended_at: datetime


@dataclass(frozen=True, slots=True)
class Lag:
    """What a group has not committed yet: how many records, and since when the oldest waits."""

    records: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Principals:
    """Who uses the bus: the product itself under a name and with its groups, the topics that organisations feed, each
    under the name `feed-CODE`, and outside readers of facts."""

    product: str
    groups: tuple[str, ...]
    feeds: tuple[str, ...]
    readers: tuple[str, ...]


Topics = Sequence[str] | Callable[[], Sequence[str]]


def named_topics(topics: Topics) -> tuple[str, ...]:
    """The topics as they are now."""
    return tuple(topics() if callable(topics) else topics)


class Subscription(Protocol):
    """A member of a group. Each group gets every record; each record goes to one member of it."""

    def poll(self, max_records: int, timeout: float) -> list[Delivered]:
        """Up to `max_records` not yet polled records, waiting at most `timeout` seconds for the first."""

    def commit(self) -> None:
        """Everything polled so far is dealt with. Raises LostPartitions (harmless: inboxes guard)."""

    def rewind(self) -> None:
        """Forget what was polled since the last commit: the next poll gives it again."""

    def close(self) -> None: ...


class EventBus(Protocol):
    """The log. `publish` returns when durable; a publisher that fails has written nothing or is repeated
    by its caller; order per key holds; a poller never skips a record that committed late."""

    def ensure_topics(self, topics: Sequence[Topic] = TOPICS, *, grow: bool = False) -> list[str]:
        """Create those that are missing and correct those that differ, as `schemas/topics.py` describes them; what was
        done, a sentence each. `grow`: add partitions too, by which keys move to others, so that a key's order is kept
        only among what comes afterwards."""

    def bind_principals(self, principals: Principals, *, revoke: bool = False) -> list[str]:
        """Let each do what is its own; `revoke`: and nobody else anything. What was done, a sentence each. Raises
        Invalid where there are no principals."""

    def publish(self, records: Sequence[Record]) -> None:
        """Raises RecordTooLarge (nothing written), Unavailable."""

    def subscribe(self, group: str, topics: Topics, member: str) -> Subscription:
        """Topics given as a function are asked for again now and then, and those that came are read from then on."""

    def lag(self, group: str, topics: Sequence[str]) -> Lag: ...

    def expire(self) -> int:
        """Erase records past their topic's retention; how many. A broker that does so itself: 0."""

    def ping(self) -> None:
        """Raises Unavailable."""

    def close(self) -> None: ...
