"""Milestones: the stage and the day of landing follow from dated facts; who confirms; which claims cannot stand."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from crm.domain.errors import Invalid
from crm.domain.milestones import (
    LANDING,
    NAMES,
    NON_COUNTING_AGREEMENTS,
    OFF_LINE,
    STAGES,
    TRACKS,
    YI,
    Reached,
    allowed_kinds,
    check_claim,
    confirmer_of,
    derive_stage,
    landing_date,
    track_of,
)

DAY = date(2026, 5, 6)
LATER = date(2026, 7, 8)
EVIDENCE = {"document": "证照"}


def reached(*kinds: str, on: date = DAY) -> list[Reached]:
    return [Reached(kind, on) for kind in kinds]


@pytest.mark.parametrize(
    ("kind", "site_mode", "track"),
    [
        ("new", "land", "land"),
        ("new", "lease", "carrier"),
        ("new", "buy", "carrier"),
        ("new", "office", "light"),
        ("new", "undecided", None),
        ("relocation_in_city", "land", "land"),
        ("expansion", "land", "expansion"),
        ("expansion", "undecided", "expansion"),
        ("hq", "lease", "light"),
        ("rd", "undecided", "light"),
        ("team", "land", "light"),
    ],
)
def test_the_track_follows_from_kind_and_site_mode(kind: str, site_mode: str, track: str | None) -> None:
    assert track_of(kind, site_mode) == track


def test_without_a_track_only_the_first_milestones_can_be_claimed() -> None:
    assert allowed_kinds(None) == ("negotiating", "screening", "signed", "company_registration")


def test_every_milestone_and_way_off_the_line_has_a_name() -> None:
    assert set(STAGES) | set(OFF_LINE) <= set(NAMES)


@pytest.mark.parametrize(
    ("assignment", "stage"),
    [
        (None, "reported"),
        ("pending", "dispatched"),
        ("accepted", "negotiating"),
        ("declined", "reported"),
        ("expired", "reported"),
        ("ended", "reported"),
    ],
)
def test_before_the_first_milestone_the_assignment_says_the_stage(assignment: str | None, stage: str) -> None:
    assert derive_stage("land", (), assignment) == stage


@pytest.mark.parametrize("track", TRACKS)
def test_the_stage_is_the_furthest_confirmed_milestone_whatever_the_order(track: str) -> None:
    kinds = TRACKS[track][2:6]
    for order in permutations(kinds[:4]):
        assert derive_stage(track, reached(*order), "accepted") == kinds[-1]


def test_registered_before_signed_is_no_step_back_on_signing() -> None:
    assert derive_stage("land", reached("company_registration"), "accepted") == "company_registration"
    assert derive_stage("land", reached("company_registration", "signed"), "accepted") == "company_registration"


def test_milestones_of_another_track_do_not_count_for_the_stage() -> None:
    assert derive_stage("light", reached("land_supply"), "accepted") == "negotiating"


def test_a_verdict_shows_but_while_a_district_owes_its_answer() -> None:
    assert derive_stage("land", reached("screening"), None) == "screening"
    assert derive_stage("land", reached("screening"), "pending") == "dispatched"
    assert derive_stage("land", reached("screening"), "accepted") == "screening"


@pytest.mark.parametrize(
    ("track", "kinds"),
    [
        ("land", ("company_registration", "land_supply")),
        ("carrier", ("company_registration", "signed", "handover")),
        ("expansion", ("change_filing", "land_supply")),
        ("expansion", ("project_filing", "equipment_in")),
        ("light", ("company_registration", "moved_in")),
    ],
)
def test_landed_on_the_day_the_last_condition_was_met(track: str, kinds: tuple[str, ...]) -> None:
    for late in kinds:
        facts = [Reached(kind, LATER if kind == late else DAY) for kind in kinds]
        assert landing_date(track, facts) == LATER


@pytest.mark.parametrize("track", LANDING)
def test_not_landed_while_one_condition_is_missing(track: str) -> None:
    groups = LANDING[track]
    for missing in groups:
        kept = [group[0] for group in groups if group is not missing]
        assert landing_date(track, reached(*kept)) is None


def test_a_second_way_to_meet_a_condition_does_not_move_the_landing() -> None:
    first = [Reached("change_filing", DAY), Reached("equipment_in", DAY)]
    assert landing_date("expansion", [*first, Reached("land_supply", LATER)]) == DAY


def test_a_project_without_a_track_never_lands() -> None:
    assert landing_date(None, reached("company_registration", "signed")) is None


def confirmer(kind: str, *before: str, track: str = "land", investment: int | None = 1, sampled: bool = False) -> str:
    return confirmer_of(kind, track, reached(*before), investment, sampled)


def test_the_district_confirms_ordinary_steps() -> None:
    assert confirmer("entry_review") == "district"


@pytest.mark.parametrize("kind", ["signed", "screening"])
def test_the_bureau_confirms_signing_and_verdicts(kind: str) -> None:
    assert confirmer(kind) == "bureau"


def test_the_bureau_confirms_everything_from_one_yi() -> None:
    assert confirmer("entry_review", investment=YI) == "bureau"
    assert confirmer("entry_review", investment=YI - 1) == "district"


def test_the_bureau_confirms_the_step_that_completes_landing_and_no_later_one() -> None:
    assert confirmer("land_supply", "company_registration") == "bureau"
    assert confirmer("land_supply") == "district"
    assert confirmer("completion", "company_registration", "land_supply") == "district"


def test_the_bureau_confirms_the_random_tenth() -> None:
    assert confirmer("entry_review", sampled=True) == "bureau"


def test_an_unknown_investment_stays_with_the_district() -> None:
    assert confirmer("entry_review", investment=None) == "district"


def refused_field(kind: str, track: str | None, evidence: dict[str, Any]) -> str:
    with pytest.raises(Invalid) as refusal:
        check_claim(kind, track, evidence)
    return refusal.value.errors[0].field


@pytest.mark.parametrize("kind", ["landed", "", "reported", "dispatched", *OFF_LINE])
def test_what_is_no_milestone_cannot_be_claimed(kind: str) -> None:
    assert refused_field(kind, "land", EVIDENCE) == "kind"


def test_a_milestone_of_another_track_cannot_be_claimed() -> None:
    assert refused_field("handover", "land", EVIDENCE) == "kind"
    assert refused_field("handover", None, EVIDENCE) == "kind"


@pytest.mark.parametrize("evidence", [{}, {"document": ""}, {"files": []}, {"a": None, "b": {}}])
def test_a_claim_without_evidence_is_refused(evidence: dict[str, Any]) -> None:
    assert refused_field("negotiating", "land", evidence) == "evidence"


def test_a_screening_needs_its_verdict() -> None:
    assert refused_field("screening", "land", EVIDENCE) == "evidence.verdict"
    check_claim("screening", "land", {"verdict": "同意引进"})


@pytest.mark.parametrize("agreement", NON_COUNTING_AGREEMENTS)
def test_a_framework_or_a_ceremony_is_no_signing(agreement: str) -> None:
    assert refused_field("signed", "land", {"agreement": agreement}) == "evidence.agreement"


@pytest.mark.parametrize("agreement", ["investment_agreement", "lease", "purchase"])
def test_a_counting_agreement_is_a_signing(agreement: str) -> None:
    check_claim("signed", "carrier", {"agreement": agreement})
