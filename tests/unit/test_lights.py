"""Lights: every colour says which rule and which date made it so."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from crm.domain.lights import CONTACT_EVERY, TALKING, Watched, light_of

TODAY = date(2026, 6, 1)
TALKS = Watched(
    stage="negotiating",
    off_line=None,
    grade="active",
    stage_since=TODAY,
    last_contact=TODAY,
    answer_due=None,
    landed=False,
)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def test_fresh_talks_are_green_and_need_no_reason() -> None:
    light = light_of(TALKS, TODAY)
    assert (light.colour, light.reasons) == ("green", ())


@pytest.mark.parametrize(("days", "colour"), [(61, "green"), (62, "yellow"), (92, "yellow"), (93, "red")])
def test_stalled_talks_turn_yellow_after_two_months_and_red_after_three(days: int, colour: str) -> None:
    talks = replace(TALKS, stage="screening", stage_since=ago(days), last_contact=None, assigned=False)
    assert light_of(talks, TODAY).colour == colour


def test_a_district_that_has_a_project_must_call_whatever_its_stage() -> None:
    talks = replace(TALKS, stage="screening", last_contact=ago(15))
    assert light_of(talks, TODAY).colour == "yellow"
    assert light_of(replace(talks, assigned=False), TODAY).colour == "green"


def test_talks_in_which_somebody_talks_do_not_stall() -> None:
    assert light_of(replace(TALKS, stage_since=ago(300), last_contact=ago(3)), TODAY).colour == "green"


@pytest.mark.parametrize("stage", sorted(TALKING))
def test_every_stage_of_talks_can_stall(stage: str) -> None:
    assert light_of(replace(TALKS, stage=stage, stage_since=ago(100), last_contact=ago(95)), TODAY).colour == "red"


@pytest.mark.parametrize("stage", ["signed", "construction_start", "full_capacity"])
def test_what_is_signed_does_not_stall_as_talks(stage: str) -> None:
    assert light_of(replace(TALKS, stage=stage, stage_since=ago(300), last_contact=ago(300)), TODAY).colour == "green"


@pytest.mark.parametrize(("grade", "days"), sorted(CONTACT_EVERY.items()))
def test_silence_longer_than_the_grade_allows_is_yellow(grade: str, days: int) -> None:
    watched = replace(TALKS, grade=grade)
    assert light_of(replace(watched, last_contact=ago(days)), TODAY).colour == "green"
    late = light_of(replace(watched, last_contact=ago(days + 1)), TODAY)
    assert late.colour == "yellow"
    assert late.reasons == (f"超过 {days} 天未联系（上次 {ago(days + 1)}）",)


def test_without_any_contact_silence_counts_from_the_beginning_of_the_talks() -> None:
    assert light_of(replace(TALKS, last_contact=None, stage_since=ago(15)), TODAY).colour == "yellow"


@pytest.mark.parametrize(("due", "colour"), [(TODAY, "green"), (ago(1), "red")])
def test_a_dispatch_is_red_from_the_day_after_its_deadline(due: date, colour: str) -> None:
    assert light_of(replace(TALKS, stage="dispatched", answer_due=due), TODAY).colour == colour


def test_the_worst_rule_gives_the_colour_and_all_give_reasons() -> None:
    light = light_of(replace(TALKS, stage_since=ago(70), last_contact=ago(70), answer_due=ago(2)), TODAY)
    assert light.colour == "red"
    assert [reason[:2] for reason in light.reasons] == ["派发", "洽谈", "超过"]


def test_off_the_line_nothing_is_late() -> None:
    assert light_of(replace(TALKS, off_line="shelved", stage_since=ago(300)), TODAY).colour == "green"
