"""A member of a consumer group on Kafka.

Members are static (`group.instance.id`): one that was killed and comes back under its name has its partitions at once, where a
nameless one would wait for the dead one's session to end (44 s were measured). One that leaves in order says so, so
that the others take over at once too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
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
from crm.bus.port import Delivered, LostPartitions
from crm.domain.errors import CrmError

SESSION_SECONDS = 20.0  # after which a silent member's partitions go to others
LONGEST_BATCH_SECONDS = 300.0  # between two polls
LARGEST_FETCH = 4 * 1024 * 1024  # of one partition at a time
_LOST = (CommitFailedError, RebalanceInProgressError, IllegalGenerationError, UnknownMemberIdError)


class KafkaSubscription:
    """Connects at its first poll, so that a worker may start before the cluster does."""

    def __init__(self, access: KafkaAccess, group: str, topics: Sequence[str], member: str) -> None:
        self.group = group
        self.member = re.sub(r"[^A-Za-z0-9._-]", "-", member)[:249]
        self._access = access
        self._topics = sorted(topics)
        self._opened: KafkaConsumer | None = None

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
            consumer.subscribe(topics=self._topics)
            self._opened = consumer
        return self._opened

    def poll(self, max_records: int, timeout: float) -> list[Delivered]:
        with translated():
            try:
                found = self._consumer().poll(timeout_ms=milliseconds(timeout), max_records=max_records)
            except FencedInstanceIdError as error:
                raise CrmError(f"另有进程以同一成员名 {self.member} 加入了 {self.group}") from error
        return [_delivered(record) for records in found.values() for record in records]

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
        admin = self._access.client(KafkaAdminClient)
        try:
            admin.remove_group_members(
                self.group, [MemberToRemove(member_id=member_id, group_instance_id=self.member, reason="leaving")]
            )
        except KafkaError:  # the session's end tells the others too, only later
            return
        finally:
            admin.close()


def _delivered(record: Any) -> Delivered:
    """A record without a value (a foreign tombstone) has an empty one: no event, to be refused as such."""
    headers = {name: (value or b"").decode("utf-8", "replace") for name, value in record.headers or ()}
    appended_at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    value = bytes(record.value) if record.value is not None else b""
    key = bytes(record.key) if record.key is not None else None
    return Delivered(record.topic, record.partition, record.offset, key, value, headers, appended_at)
