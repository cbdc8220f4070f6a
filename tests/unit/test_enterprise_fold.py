"""What the city knows of an enterprise is folded in the order of receipt, whatever the order of processing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crm.domain.enterprises import Report, fold_plan, fold_profile, investment_in_yuan, title_of

FIRST = datetime(2026, 3, 2, tzinfo=UTC)

names = st.sampled_from(["甲乙光电有限公司", "甲乙光电", "丙丁精密股份公司"])
words = st.lists(st.sampled_from(["一", "二", "三", "四"]), max_size=3)
numbers = st.integers(1, 5)
codes = st.sampled_from([{}, {"uscc": "A", "uscc_status": "verified"}, {"uscc": "B", "uscc_status": "unverified"}])
facts = st.fixed_dictionaries(
    {},
    optional={
        "name": names,
        "aliases": words,
        "honours": words,
        "gbt4754": words,
        "main_business": st.sampled_from(["", "做板", "做针"]),
        "registered_capital": st.floats(0, 1e6, allow_nan=False),
        "headcount": numbers,
    },
)
enterprises = st.builds(lambda given, code: given | code, facts, codes)
projects = st.fixed_dictionaries(
    {},
    optional={
        "title": st.sampled_from(["工厂", "总部"]),
        "summary": st.sampled_from(["建厂", "建楼"]),
        "kind": st.sampled_from(["new", "expansion", "hq"]),
        "site_mode": st.sampled_from(["undecided", "land", "lease"]),
        "investment": numbers,
        "process_risks": words,
        "site_needs": st.fixed_dictionaries({}, optional={"storey": numbers, "height_m": numbers}),
    },
)
bodies = st.lists(st.fixed_dictionaries({"enterprise": enterprises, "project": projects}), min_size=1, max_size=5)


def reports(*bodies: dict[str, Any]) -> list[Report]:
    """Reports in the order of receipt; every second pair shares its instant, so that the number decides."""
    return [
        Report(FIRST + timedelta(seconds=number // 2), f"R-{number:03d}", body) for number, body in enumerate(bodies)
    ]


def profile(*parts: dict[str, Any]) -> dict[str, Any]:
    return fold_profile(reports(*({"enterprise": part} for part in parts)))


def plan(*parts: dict[str, Any]) -> dict[str, Any]:
    return fold_plan(reports(*({"project": part} for part in parts)))


@given(bodies, st.randoms(use_true_random=False))
def test_any_order_of_processing_gives_the_same_profile_and_plan(bodies: list[dict[str, Any]], chance: Any) -> None:
    received = reports(*bodies)
    shuffled = list(received)
    chance.shuffle(shuffled)
    assert fold_profile(shuffled) == fold_profile(received)
    assert fold_plan(shuffled) == fold_plan(received)


@given(bodies)
def test_a_report_folded_twice_changes_nothing(bodies: list[dict[str, Any]]) -> None:
    once = reports(*bodies)
    assert fold_profile(once + once[:1]) == fold_profile(once)
    assert fold_plan(once + once[:1]) == fold_plan(once)


def test_the_first_word_counts_and_gaps_are_filled_later() -> None:
    folded = profile(
        {"name": "甲公司", "main_business": ""}, {"name": "乙公司", "main_business": "做板", "headcount": 30}
    )
    assert (folded["name"], folded["main_business"], folded["headcount"]) == ("甲公司", "做板", 30)


def test_other_names_are_kept_as_aliases() -> None:
    assert profile({"name": "甲公司", "aliases": ["甲"]}, {"name": "甲有限公司"})["aliases"] == ["甲", "甲有限公司"]


def test_lists_gather_without_repeating() -> None:
    assert profile({"honours": ["一", "二"]}, {"honours": ["二", "三"]})["honours"] == ["一", "二", "三"]


def test_registered_capital_is_kept_in_yuan() -> None:
    assert profile({"registered_capital": 10000})["registered_capital"] == 100_000_000
    assert profile({})["registered_capital"] is None


def test_a_verified_code_comes_before_an_earlier_wrong_one() -> None:
    folded = profile({"uscc": "BAD", "uscc_status": "unverified"}, {"uscc": "GOOD", "uscc_status": "verified"})
    assert (folded["uscc"], folded["uscc_status"]) == ("GOOD", "verified")


def test_a_wrong_code_alone_is_kept_as_unverified() -> None:
    folded = profile({"uscc": "BAD", "uscc_status": "unverified"})
    assert (folded["uscc"], folded["uscc_status"]) == ("BAD", "unverified")


def test_no_code_at_all_says_none() -> None:
    assert (profile({})["uscc"], profile({})["uscc_status"]) == (None, "none")


def test_an_undecided_site_gives_way_to_a_decided_one() -> None:
    assert plan({"site_mode": "undecided"}, {"site_mode": "lease"})["site_mode"] == "lease"
    assert plan({"site_mode": "land"}, {"site_mode": "lease"})["site_mode"] == "land"
    assert plan({})["site_mode"] == "undecided"


def test_site_needs_are_filled_one_by_one() -> None:
    needs = plan({"site_needs": {"storey": 1}}, {"site_needs": {"storey": 2, "height_m": 8}})["site_needs"]
    assert needs == {"storey": 1, "height_m": 8}


def test_the_kind_is_new_unless_said() -> None:
    assert plan({})["kind"] == "new"


def test_investment_counts_in_yuan_and_only_in_yuan() -> None:
    assert investment_in_yuan({"investment": 5000}) == 50_000_000
    assert investment_in_yuan({"investment": 5000, "currency": "USD"}) is None
    assert investment_in_yuan({}) is None


def test_a_title_is_made_from_the_name_or_the_summary() -> None:
    assert title_of({"title": "华东基地"}, {"name": "甲公司"}) == "华东基地"
    assert title_of({}, {"name": "甲公司"}) == "甲公司项目"
    assert title_of({"summary": "建厂"}, None) == "建厂项目"
    assert title_of({}, None) == "未命名项目"
