"""Members that come, leave, are killed and come back while records flow: nothing is lost, and each key keeps its order."""

from __future__ import annotations

import gc
import threading
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm.bus.kafka_bus import KafkaBus
from crm.bus.port import LostPartitions, Record
from schemas.topics import Topic
from tests.contract.kafka_under_test import KafkaUnderTest

pytestmark = pytest.mark.kafka
RECORDS, KEYS, PARTITIONS = 2400, 60, 12
PATIENCE = 60.0


@pytest.fixture
def kafka(tmp_path: Path) -> Iterator[KafkaUnderTest]:
    made = KafkaUnderTest(tmp_path)
    yield made
    with warnings.catch_warnings():  # the library leaves sockets of a member that was put out to the garbage collector
        warnings.simplefilter("ignore", ResourceWarning)
        made.erase()
        gc.collect()


@pytest.fixture
def bus(kafka: KafkaUnderTest) -> Iterator[KafkaBus]:
    made = KafkaBus(kafka.access)
    yield made
    made.close()


@pytest.fixture
def topic(kafka: KafkaUnderTest, bus: KafkaBus) -> str:
    name = kafka.prefix + "flow"
    bus.ensure_topics([Topic(name, PARTITIONS, "any", "test", 1)])
    kafka.made.add(name)
    return name


class Group:
    """Members in threads of their own, and what they handled, in the order of handling."""

    def __init__(self, kafka: KafkaUnderTest, bus: KafkaBus, topic: str) -> None:
        self._kafka = kafka
        self._bus = bus
        self._topic = topic
        self._lock = threading.Lock()
        self._members: dict[str, tuple[threading.Event, threading.Thread]] = {}
        self.handled: list[tuple[bytes, int]] = []
        self.shares: dict[str, int] = defaultdict(int)

    def join(self, member: str) -> None:
        stop = threading.Event()
        thread = threading.Thread(target=self._work, args=(member, stop))
        self._members[member] = stop, thread
        thread.start()

    def _work(self, member: str, stop: threading.Event) -> None:
        subscription = self._bus.subscribe(self._kafka.prefix + "g", [self._topic], member)
        while not stop.is_set():
            records = subscription.poll(40, 0.2)
            with self._lock:
                self.handled += [(item.key or b"", int(item.value)) for item in records]
                self.shares[member] += len(records)
            try:
                if records and not stop.is_set():  # one that is told to stop in the middle commits no more
                    subscription.commit()
            except LostPartitions:
                continue
        self._kafka.subscriptions.append(subscription)  # as it is: closed with the test

    def kill(self, member: str) -> None:
        """It says nothing more, and does not leave."""
        stop, thread = self._members.pop(member)
        stop.set()
        thread.join()

    def leave(self, member: str) -> None:
        self.kill(member)
        self._kafka.subscriptions.pop().close()

    def end(self) -> None:
        for member in list(self._members):
            self.kill(member)

    def done(self) -> int:
        with self._lock:
            return len(set(self.handled))


def until(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


def first_times(handled: list[tuple[bytes, int]]) -> dict[bytes, list[int]]:
    by_key: dict[bytes, list[int]] = defaultdict(list)
    for key, number in dict.fromkeys(handled):
        by_key[key].append(number)
    return by_key


def test_members_come_and_go_and_every_record_is_handled_in_the_order_of_its_key(
    kafka: KafkaUnderTest, bus: KafkaBus, topic: str
) -> None:
    records = [Record(topic, f"key-{number % KEYS}", str(number).encode()) for number in range(RECORDS)]
    group = Group(kafka, bus, topic)
    group.join("m1")
    group.join("m2")
    for step, first in enumerate(range(0, RECORDS, RECORDS // 6)):
        bus.publish(records[first : first + RECORDS // 6])
        assert until(lambda wanted=first: group.done() > wanted)
        if step == 1:
            group.join("m3")
        elif step == 2:
            group.kill("m2")
            group.join("m2")  # back under its name
        elif step == 3:
            group.leave("m1")
        elif step == 4:
            group.join("m4")
    complete = until(lambda: group.done() == RECORDS)
    group.end()
    assert complete
    assert all(found == sorted(found) for found in first_times(group.handled).values())
    assert {member for member, count in group.shares.items() if count} >= {"m1", "m2", "m3"}
