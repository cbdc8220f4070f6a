"""Lights: green, yellow or red by rule and date, never by hand (product.md "Rules"). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

STALLED_YELLOW = timedelta(days=61)  # 2 months without a new stage or a contact
STALLED_RED = timedelta(days=92)  # 3 months
TALKING = frozenset({"reported", "dispatched", "negotiating", "screening", "entry_review", "tenancy_review", "review"})
IN_TALKS = TALKING - {"reported", "dispatched"}
CONTACT_EVERY = {"key": 7, "active": 14, "reserve": 60}  # calendar days, by grade


@dataclass(frozen=True, slots=True)
class Light:
    """A colour and why: one sentence naming the rule and the date."""

    colour: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Watched:
    """What the rules look at."""

    stage: str
    off_line: str | None
    grade: str
    stage_since: date
    last_contact: date | None
    answer_due: date | None  # of a dispatch not answered yet
    landed: bool
    assigned: bool = True  # to a district: somebody is there to call


def light_of(project: Watched, today: date) -> Light:
    """The worst of all rules that apply today."""
    if project.off_line is not None:
        return Light("green")
    found: list[tuple[str, str]] = []
    if project.answer_due is not None and today > project.answer_due:
        found.append(("red", f"派发逾期未答复（应于 {project.answer_due} 前）"))
    if project.stage in TALKING:
        found.extend(_stalled(project, today))
    if project.assigned and project.stage in IN_TALKS:
        found.extend(_silent(project, today))
    colours = [colour for colour, _ in found]
    worst = "red" if "red" in colours else "yellow" if colours else "green"
    return Light(worst, tuple(reason for _, reason in found))


def _stalled(project: Watched, today: date) -> Sequence[tuple[str, str]]:
    moved = max(project.stage_since, project.last_contact or project.stage_since)
    waited = today - moved
    if waited > STALLED_RED:
        return [("red", f"洽谈停滞超过 3 个月（自 {moved}）")]
    if waited > STALLED_YELLOW:
        return [("yellow", f"洽谈停滞超过 2 个月（自 {moved}）")]
    return []


def _silent(project: Watched, today: date) -> Sequence[tuple[str, str]]:
    last = project.last_contact or project.stage_since
    days = CONTACT_EVERY[project.grade]
    if (today - last).days > days:
        return [("yellow", f"超过 {days} 天未联系（上次 {last}）")]
    return []
