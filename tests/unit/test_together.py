"""Whoever asks at the same moment is served in one group; nobody is forgotten, and nobody waits without need."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from crm.services.together import Together

PATIENCE = 10


class Counter:
    """Doubles numbers; the first group waits until the test lets it go on."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()

    def work(self, items: Sequence[int]) -> list[int]:
        self.groups.append(list(items))
        self.begun.set()
        assert self.go_on.wait(PATIENCE)
        if 13 in items:
            raise ValueError("13")
        return [2 * item for item in items]


@pytest.fixture
def counter() -> Counter:
    return Counter()


def queued(together: Together[int, int], count: int) -> None:
    """Wait until that many stand in the queue."""
    deadline = threading.Event()
    for _ in range(1000):
        if len(together._queue) == count:
            return
        deadline.wait(0.005)
    raise AssertionError("nobody came")


def test_one_alone_goes_at_once(counter: Counter) -> None:
    counter.go_on.set()
    assert Together(counter.work)(4) == 8
    assert counter.groups == [[4]]


def test_those_who_come_while_a_group_is_served_are_the_next_group_in_their_order(counter: Counter) -> None:
    together = Together(counter.work)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(together, 1)
        assert counter.begun.wait(PATIENCE)
        rest = []
        for number in (2, 3, 4):
            rest.append(pool.submit(together, number))
            queued(together, number - 1)
        counter.go_on.set()
        assert [first.result(PATIENCE), *(one.result(PATIENCE) for one in rest)] == [2, 4, 6, 8]
    assert counter.groups == [[1], [2, 3, 4]]


def test_a_group_is_no_larger_than_the_limit(counter: Counter) -> None:
    together = Together(counter.work, most=2)
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(together, 1)]
        assert counter.begun.wait(PATIENCE)
        for number in (2, 3, 4):
            asked.append(pool.submit(together, number))
            queued(together, number - 1)
        counter.go_on.set()
        assert [one.result(PATIENCE) for one in asked] == [2, 4, 6, 8]
    assert counter.groups == [[1], [2, 3], [4]]


def test_an_error_is_raised_to_each_of_its_group_and_to_nobody_else(counter: Counter) -> None:
    together = Together(counter.work)
    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(together, 1)
        assert counter.begun.wait(PATIENCE)
        bad = pool.submit(together, 13)
        queued(together, 1)
        beside = pool.submit(together, 5)
        queued(together, 2)
        counter.go_on.set()
        assert first.result(PATIENCE) == 2
        for one in (bad, beside):
            with pytest.raises(ValueError, match="13"):
                one.result(PATIENCE)
    assert together(6) == 12


def test_many_threads_each_get_their_own_answer() -> None:
    together = Together(lambda items: [2 * item for item in items], most=7)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(together, range(3000))) == [2 * number for number in range(3000)]
