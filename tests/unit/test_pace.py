"""A worker that waits for another takes fewer reports at once, and more again when it need not."""

from __future__ import annotations

from consumers.pace import LEAST, MOST, Pace

LONG, SHORT = 1.0, 0.001


def test_one_alone_takes_the_most() -> None:
    pace = Pace()
    for _ in range(10):
        pace.waited(SHORT)
    assert pace.records == MOST


def test_one_that_waits_takes_half_as_many_but_never_fewer_than_the_least() -> None:
    pace = Pace()
    pace.waited(LONG)
    assert pace.records == MOST // 2
    for _ in range(10):
        pace.waited(LONG)
    assert pace.records == LEAST


def test_one_that_waits_no_more_comes_back_to_the_most() -> None:
    pace = Pace(LEAST)
    for _ in range(40):
        pace.waited(SHORT)
    assert pace.records == MOST
