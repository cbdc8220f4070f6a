"""A member of a consumer group on Kafka.

Members are static (`group.instance.id`): one that was killed and comes back under its name has its partitions at once, where a
nameless one would wait for the dead one's session to end (44 s were measured). One that leaves in order says so, so
that the others take over at once too.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer
from kafka.admin import MemberToRemove
from kafka.errors import (
    CommitFailedError,
    FencedInstanceIdError,
    IllegalGenerationError,
    KafkaError,
    RebalanceInProgressError,
    UnknownMemberIdError,
)

from crm.bus.kafka_access import KafkaAccess, milliseconds, translated
from crm.bus.kafka_network import NoAnswer
from crm.bus.kafka_topics import missing
from crm.bus.port import Delivered, LostPartitions, Topics, named_topics
from crm.domain.errors import CrmError

SESSION_SECONDS = 20.0  # after which a silent member's partitions go to others
LONGEST_BATCH_SECONDS = 300.0  # between two polls
LARGEST_FETCH = 4 * 1024 * 1024  # of one partition at a time
_LOST = (CommitFailedError, RebalanceInProgressError, IllegalGenerationError, UnknownMemberIdError)


class KafkaSubscription:
    """Connects at its first poll, so that a worker may start before the cluster does."""

    def __init__(
        self,
        access: KafkaAccess,
        group: str,
        topics: Topics,
        member: str,
        administration: Callable[[], AbstractContextManager[KafkaAdminClient]],
    ) -> None:
        self.group = group
        self.member = re.sub(r"[^A-Za-z0-9._-]", "-", member)[:249]
        self._access = access
        self._topics = topics
        self._administration = administration
        self._opened: KafkaConsumer | None = None
        self._asked_topics = float("-inf")
        self._doubted = False

    def _consumer(self) -> KafkaConsumer:
        if self._opened is None:
            consumer = self._access.client(
                KafkaConsumer,
                group_id=self.group,
                group_instance_id=self.member,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                allow_auto_create_topics=False,
                session_timeout_ms=milliseconds(SESSION_SECONDS),
                max_poll_interval_ms=milliseconds(LONGEST_BATCH_SECONDS),
                max_partition_fetch_bytes=LARGEST_FETCH,
                metrics_enabled=False,
            )
            self._opened = consumer
            self._asked_topics = float("-inf")
            self._doubted = False
        return self._opened

    def _follow_topics(self, consumer: KafkaConsumer) -> None:
        """Those that the caller names now: an organisation that came later has a topic that came later. One that we may
        not read is an error; the library would read the others and keep silent."""
        if time.monotonic() - self._asked_topics < self._access.new_topics_seen:
            return
        wanted = sorted(named_topics(self._topics))
        with self._administration() as admin:
            missing(admin, wanted)  # one that nobody made yet keeps the others waiting for nothing
        if set(wanted) != consumer.subscription():
            for (
                topic
            ) in wanted:  # known before the member joins: the library deals out nothing of topics it does not know
                if consumer.partitions_for_topic(topic):
                    break
            consumer.subscribe(topics=wanted)
        self._asked_topics = time.monotonic()

    def poll(self, max_records: int, timeout: float) -> list[Delivered]:
        with translated():
            consumer = self._consumer()
            self._follow_topics(consumer)
            try:
                found = consumer.poll(timeout_ms=milliseconds(timeout), max_records=max_records)
            except FencedInstanceIdError as error:
                raise CrmError(f"另有进程以同一成员名 {self.member} 加入了 {self.group}") from error
            except NoAnswer:
                self._opened = None  # stuck: its thread is left to itself
                raise
            _finish_joining(consumer)
            self._doubt_an_empty_assignment(consumer)
        return [_delivered(record) for records in found.values() for record in records]

    def _doubt_an_empty_assignment(self, consumer: KafkaConsumer) -> None:
        """A static member gets back what it had without anybody dealing anew. If the one before it was killed between
        joining and knowing the topics, that is nothing, and would stay so for ever: asked once, it is dealt anew."""
        if self._doubted or not consumer.group_metadata().member_id or consumer._coordinator.rejoining:
            return
        self._doubted = True
        if not consumer.assignment():
            consumer._coordinator.request_rejoin()

    def commit(self) -> None:
        with translated():
            try:
                self._consumer().commit(timeout_ms=milliseconds(self._access.patience))
            except FencedInstanceIdError as error:
                self._drop()
                raise LostPartitions("分区已转给同名的新成员") from error
            except _LOST as error:
                raise LostPartitions("分区已转给其他成员") from error

    def rewind(self) -> None:
        if self._opened is None:
            return
        with translated():
            for place in self._opened.assignment():
                committed = self._opened.committed(place, timeout_ms=milliseconds(self._access.patience))
                if committed is None:
                    self._opened.seek_to_beginning(place)
                else:
                    self._opened.seek(place, committed)

    def close(self) -> None:
        if self._opened is None:
            return
        member_id = self._opened.group_metadata().member_id
        self._drop()
        if member_id:
            with translated():
                self._leave(member_id)

    def _drop(self) -> None:
        if self._opened is not None:
            self._opened.close(autocommit=False, timeout_ms=milliseconds(self._access.patience))
            self._opened = None

    def _leave(self, member_id: str) -> None:
        """The client keeps a static member in its group on close; we are not coming back."""
        try:
            with self._administration() as admin:
                admin.remove_group_members(
                    self.group, [MemberToRemove(member_id=member_id, group_instance_id=self.member, reason="leaving")]
                )
        except KafkaError:  # the session's end tells the others too, only later
            return


def _finish_joining(consumer: KafkaConsumer) -> None:
    """kafka-python 3.0.12 forgets a rejoin that new metadata caused if a poll's time ends between its two requests: no poll
    asks for the answer any more, and the member reads nothing for ever. Asked to rejoin, the next poll takes it up."""
    coordinator = consumer._coordinator
    if coordinator.rejoining and not coordinator.need_rejoin():
        coordinator.request_rejoin()


def _delivered(record: Any) -> Delivered:
    """A record without a value (a foreign tombstone) has an empty one: no event, to be refused as such."""
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers or ()}
    appended_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    value = bytes(record.value) if record.value is not None else b""
    key = bytes(record.key) if record.key is not None else None
    return Delivered(record.topic, record.partition, record.offset, key, value, headers, appended_at)
