"""The fates of the demonstration year: scripts that do a step and say how many working days they wait for the next one.

A script whose next step lies in the future simply stops there: that is how today's work in progress comes about. Played by
`year.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crm.demo.steps import Steps
from crm.domain.milestones import TRACKS

Script = Iterator[int]
Fate = Callable[[Steps], Script]
SKIPPED = frozenset({"negotiating", "screening"})  # follow from the acceptance and the verdict
GAPS = {"entry_review": 12, "tenancy_review": 8, "review": 8, "signed": 14, "land_supply": 25, "construction_start": 22,
        "completion": 80, "production_start": 30, "full_capacity": 60}  # fmt: skip


def _to_talks(steps: Steps) -> Script:
    """Verdict, dispatch, acceptance; a district's own find is there already."""
    if steps.row().origin == "self_sourced":
        yield 2
        return
    yield 1
    steps.screen("符合产业方向，建议受理")
    yield 1
    steps.dispatch()
    yield 2
    steps.accept()
    yield 3


def _along_the_track(steps: Steps, until: str | None = None) -> Script:
    steps.talk()
    yield 6
    if steps.row().track is None:
        steps.set_track("carrier")
    steps.talk()
    track = str(steps.row().track)
    for kind in TRACKS[track]:
        if kind in SKIPPED or (track == "expansion" and kind == "land_supply"):
            continue
        yield GAPS.get(kind, 9)
        steps.reach(kind)
        if kind == until:
            return


def lands(steps: Steps) -> Script:
    """As far along its track as the year allows."""
    yield from _to_talks(steps)
    yield from _along_the_track(steps)


def key_project_lands(steps: Steps) -> Script:
    yield from _to_talks(steps)
    steps.grade("key")
    yield 1
    yield from _along_the_track(steps)


def keeps_talking(steps: Steps) -> Script:
    """Contact every fortnight, up to today."""
    yield from _to_talks(steps)
    while True:
        steps.talk()
        yield 9


def stays_in_the_reserve(steps: Steps) -> Script:
    """Worth keeping, not worth pressing: a call every second month."""
    yield from _to_talks(steps)
    steps.talk()
    yield 5
    steps.grade("reserve")
    while True:
        yield 36
        steps.talk(next_in=50)


def falls_silent(steps: Steps) -> Script:
    """Two talks and nothing since: a light turns."""
    yield from _to_talks(steps)
    steps.talk()
    yield 5
    steps.talk()


def meets_an_obstacle(steps: Steps) -> Script:
    yield from _to_talks(steps)
    steps.talk()
    yield 4
    steps.obstruct(steps.officers.department, "项目含表面处理工序，需先行研判环评可行性")
    while True:
        yield 25
        steps.talk()


def is_declined_first(steps: Steps) -> Script:
    yield 1
    steps.screen("符合产业方向，建议受理")
    yield 1
    steps.dispatch()
    yield 2
    steps.decline("现有载体层高与荷载均不满足，建议改派有标准厂房的区镇")
    yield 1
    steps.wanted_district = next(
        code for code in sorted(steps.tools.reference.pack().districts) if code != steps.wanted_district
    )
    steps.dispatch("经核实贵区有空置标准厂房，请对接")
    yield 2
    steps.accept()
    yield 3
    yield from _along_the_track(steps)


def is_not_answered(steps: Steps) -> Script:
    """Taken back by the clock, and waiting for the dispatcher again."""
    yield 1
    steps.dispatch()
    yield 5
    steps.expire()


def is_transferred(steps: Steps) -> Script:
    yield from _to_talks(steps)
    steps.talk()
    yield 7
    steps.transfer()
    yield 5
    yield from _along_the_track(steps)


def is_shelved(steps: Steps) -> Script:
    yield from _to_talks(steps)
    steps.talk()
    yield 12
    steps.shelve("投资方等待董事会决议，约定四个月后再议")


def is_lost(steps: Steps) -> Script:
    yield from _to_talks(steps)
    steps.talk()
    yield 20
    steps.lose("投资方选择就近配套主要客户，落户外地")


def is_terminated(steps: Steps) -> Script:
    """Signed, then ended."""
    yield from _to_talks(steps)
    yield from _along_the_track(steps, until="signed")
    yield 30
    steps.terminate("投资方资金安排变化，双方协商解除协议")


def is_turned_down(steps: Steps) -> Script:
    """None of the city's trades: a verdict, and the lead is closed."""
    yield 2
    steps.screen("不属于本市重点产业，不予推进")
    yield 1
    steps.lose("不属于本市重点产业")


def waits_for_its_confirmation(steps: Steps) -> Script:
    yield from _to_talks(steps)
    steps.talk()
    yield 5
    if steps.row().track is None:
        steps.set_track("carrier")
    track = str(steps.row().track)
    steps.claim(next(kind for kind in TRACKS[track] if kind not in SKIPPED))


def waits_for_its_answer(steps: Steps) -> Script:
    """Dispatched at once: a few days on, hours are left; a few more, it is late."""
    yield 1
    steps.dispatch()


def waits_in_the_queue(_steps: Steps) -> Script:
    """Reported, and nobody has looked at it yet."""
    yield from ()


MANY: tuple[Fate, ...] = (
    lands, keeps_talking, is_declined_first, falls_silent, key_project_lands, is_lost, lands, meets_an_obstacle,
    is_transferred, stays_in_the_reserve, is_shelved, lands, is_terminated, waits_for_its_confirmation, is_not_answered,
)  # fmt: skip
"""Fates in turn, for what was reported long enough ago."""
