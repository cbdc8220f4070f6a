"""Which parks and districts suit a report: hard constraints with three values, fit, and every park accounted for."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crm.domain.match_input import Answer, MatchInput, SiteNeeds
from crm.domain.match_result import MatchResult
from crm.domain.match_weights import Standing
from crm.domain.matching import Matcher
from crm.domain.park_limits import ParkLimits
from crm.domain.parks import Carrier, Verdict, judge
from crm.domain.reference import Park
from tests.factories.packs import small_pack

BOARDS = "线路板的研发与生产"
PACK = small_pack()
MATCHER = Matcher(PACK)


def match(*carriers: Carrier, **needs: Any) -> MatchResult:
    matcher = Matcher(PACK, carriers) if carriers else MATCHER
    return matcher.match(MatchInput(**{"main_business": BOARDS, **needs}))


def proposed(result: MatchResult) -> list[str]:
    return [park.code for park in result.parks]


def rejection(result: MatchResult, code: str) -> tuple[str, ...]:
    return next(park.reasons for park in result.rejected if park.code == code)


def checks(result: MatchResult, code: str) -> tuple[str, ...]:
    return next(park.unknown for park in result.parks if park.code == code)


def test_the_park_of_the_same_node_comes_first() -> None:
    assert proposed(match())[0] == "P1"


def test_a_park_whose_tenants_would_be_supplied_follows() -> None:
    assert "供货" in next(park for park in match().parks if park.code == "P2").reasons[0]


def test_a_park_without_a_relation_is_rejected_so() -> None:
    assert rejection(match(), "P3")[0].startswith("no chain relation")


def test_a_park_that_accepts_no_projects_is_rejected_so() -> None:
    assert rejection(match(), "P5") == ("accepts no projects",)


def test_a_park_inside_a_proposed_one_is_not_proposed_too() -> None:
    assert rejection(match(), "P4")[0].startswith("part of P1")


def test_land_above_the_planned_area_breaks_and_names_both_numbers() -> None:
    reason = rejection(match(land_mu=900, site_mode="land"), "P1")[0]
    assert reason.startswith("breaks 用地：需 900 亩，园区规划 100 亩")


def test_a_park_inside_another_has_no_more_land_than_it() -> None:
    assert rejection(match(land_mu=900, site_mode="land"), "P4")[0].startswith("breaks")


def test_land_within_the_planned_area_is_a_check_for_the_park() -> None:
    assert checks(match(land_mu=90, site_mode="land"), "P1") == ("用地 90 亩：园区规划 100 亩，剩余可供用地待园区核实",)


def test_land_is_no_constraint_of_a_lease() -> None:
    assert "P1" in proposed(match(land_mu=900, site_mode="lease"))


def test_floor_area_above_the_planned_one_breaks() -> None:
    assert rejection(match(floor_area_m2=20_001, site_mode="lease"), "P2")[0].startswith("breaks 建筑面积")


def test_floor_area_equal_to_the_planned_one_does_not_break() -> None:
    assert "P2" in proposed(match(floor_area_m2=20_000, site_mode="lease"))


def test_energy_and_process_risks_are_checks_where_nothing_is_known() -> None:
    assert len(checks(match(energy_tce=200_000, process_risks=("电镀",)), "P1")) == 2


def test_a_broken_constraint_is_named_even_without_a_relation() -> None:
    result = match(main_business="新能源客车的生产", land_mu=101, site_mode="land")
    assert rejection(result, "P1")[0].startswith("breaks")


def test_a_carrier_that_is_large_enough_meets_the_need() -> None:
    result = match(Carrier("K1", park="P1", free_area=3000), floor_area_m2=2000, site_mode="lease")
    assert (checks(result, "P1"), "够用 2000 ㎡" in result.parks[0].reasons[-1]) == ((), True)


def test_free_carriers_that_are_too_small_together_break() -> None:
    result = match(Carrier("K1", park="P1", free_area=900), floor_area_m2=2000, site_mode="lease")
    assert rejection(result, "P1")[0].startswith("breaks 建筑面积：需 2000 ㎡，空置载体合计 900 ㎡")


def test_free_carriers_that_would_do_together_are_a_check() -> None:
    carriers = [Carrier(f"K{i}", park="P1", free_area=1500) for i in range(2)]
    assert len(checks(match(*carriers, floor_area_m2=2000, site_mode="lease"), "P1")) == 1


def test_a_let_carrier_is_not_offered() -> None:
    result = match(Carrier("K1", park="P1", free_area=9000, state="let"), floor_area_m2=2000, site_mode="lease")
    assert len(checks(result, "P1")) == 1


def test_a_carrier_of_unknown_size_rejects_nothing() -> None:
    result = match(Carrier("K1", park="P1"), floor_area_m2=2000, site_mode="lease")
    assert len(checks(result, "P1")) == 1


def test_a_ceiling_known_to_be_too_low_breaks() -> None:
    result = match(Carrier("K1", park="P1", height_m=5), site_needs=SiteNeeds(height_m=8))
    assert rejection(result, "P1")[0].startswith("breaks 层高：需 8 m，空置载体最高 5 m")


def test_a_ceiling_nobody_measured_is_a_check() -> None:
    carriers = (Carrier("K1", park="P1", height_m=5), Carrier("K2", park="P1"))
    assert checks(match(*carriers, site_needs=SiteNeeds(height_m=8)), "P1") == ("层高 8 m：待园区核实",)


def test_a_ground_floor_need_is_broken_by_upper_floors() -> None:
    result = match(Carrier("K1", park="P1", storey=3), site_needs=SiteNeeds(storey=1))
    assert rejection(result, "P1")[0].startswith("breaks 楼层")


def test_a_risk_that_every_carrier_refuses_breaks() -> None:
    result = match(Carrier("K1", park="P1", refuses_risks=("电镀",)), process_risks=("电镀",))
    assert rejection(result, "P1")[0].startswith("breaks 工艺：含电镀")


def test_a_risk_that_one_carrier_accepts_is_met() -> None:
    result = match(Carrier("K1", park="P1", accepts_risks=("电镀",)), process_risks=("电镀",))
    assert checks(result, "P1") == ()


def test_a_carrier_of_an_inner_park_counts_for_the_outer_one() -> None:
    result = match(Carrier("K1", park="P4", free_area=3000), floor_area_m2=2000, site_mode="lease")
    assert "空置" in result.parks[0].reasons[-1]


def test_a_park_of_unknown_district_is_proposed_with_a_check() -> None:
    assert checks(match(main_business="接插件的生产"), "P6") == ("园区所在区镇待核实",)


def test_a_preferred_district_raises_its_parks() -> None:
    before, after = match(), match(preferred_districts=("D2",))
    assert score(after, "P2") > score(before, "P2")


def test_the_district_that_talked_first_is_named() -> None:
    assert any("已首谈" in reason for reason in match(first_talk_district="D1").parks[0].reasons)


def test_districts_follow_their_parks() -> None:
    assert [district.code for district in match().districts][:2] == ["D1", "D2"]


def test_a_preferred_district_without_a_park_is_a_valid_answer() -> None:
    district = next(d for d in match(preferred_districts=("D4",)).districts if d.code == "D4")
    assert "暂无对口园区" in district.reasons[0]


def score(result: MatchResult, code: str) -> float:
    return next(park.score for park in result.parks if park.code == code)


amounts = st.none() | st.floats(0, 1e9)
texts = st.lists(
    st.sampled_from(
        ["线路板", "连接器", "智能手表", "存款", "的生产", "销售", "；", "，", "(不含", ")", "为", "提供", "x"]
    )
).map("".join)
reports = st.builds(
    MatchInput,
    name=texts,
    main_business=texts,
    business_scope=texts,
    site_mode=st.sampled_from(["land", "lease", "buy", "office", "undecided"]),
    land_mu=amounts,
    floor_area_m2=amounts,
    energy_tce=amounts,
    process_risks=st.lists(st.sampled_from(["电镀", "危化"]), max_size=2).map(tuple),
    preferred_districts=st.lists(st.sampled_from(["D1", "D4"]), max_size=2, unique=True).map(tuple),
    chain_nodes=st.lists(st.sampled_from(["A01", "B02"]), max_size=2).map(tuple),
)


@settings(max_examples=150, deadline=None)
@given(reports)
def test_every_park_is_proposed_or_rejected_exactly_once(report: MatchInput) -> None:
    result = MATCHER.match(report)
    assert Counter([p.code for p in result.parks] + [r.code for r in result.rejected]) == Counter(list(PACK.parks))


@settings(max_examples=150, deadline=None)
@given(reports)
def test_scores_lie_between_nought_and_one_best_first(report: MatchInput) -> None:
    result = MATCHER.match(report)
    for ranked in (result.industries, result.nodes, result.parks, result.districts):
        scores = [item.score for item in ranked]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)


@settings(max_examples=100, deadline=None)
@given(energy=amounts, land=amounts, risks=st.lists(st.text(min_size=1, max_size=4), max_size=3))
def test_what_nobody_knows_never_rejects(energy: float | None, land: float | None, risks: list[str]) -> None:
    unmeasured = {
        code: park.__class__(code, park.name, industries=("AA",), nodes=("A01",)) for code, park in PACK.parks.items()
    }
    matcher = Matcher(small_pack(parks=unmeasured), [Carrier("K1", park="P1")])
    report = MatchInput(main_business=BOARDS, energy_tce=energy, land_mu=land, process_risks=tuple(risks))
    assert matcher.match(report).rejected == ()


SITES = st.builds(
    Carrier,
    code=st.just("K"),
    park=st.sampled_from(["P1", "P2", "P3", "P4", "P6"]),
    free_area=st.none() | st.integers(0, 3000),
    storey=st.none() | st.integers(1, 5),
    height_m=st.none() | st.integers(3, 12),
    load_t_m2=st.none() | st.integers(0, 5),
    power_kva=st.none() | st.integers(0, 3000),
    accepts_risks=st.lists(st.sampled_from(["电镀", "危化"]), max_size=1).map(tuple),
    refuses_risks=st.lists(st.sampled_from(["电镀", "危化"]), max_size=2).map(tuple),
    state=st.sampled_from(["free", "let"]),
)
NEEDS = st.builds(
    MatchInput,
    site_mode=st.sampled_from(["land", "lease", "undecided"]),
    land_mu=st.none() | st.integers(1, 300),
    floor_area_m2=st.none() | st.integers(1, 40_000),
    process_risks=st.lists(st.sampled_from(["电镀", "危化"]), max_size=2).map(tuple),
    site_needs=st.builds(
        SiteNeeds,
        storey=st.none() | st.integers(1, 5),
        height_m=st.none() | st.integers(3, 12),
        load_t_m2=st.none() | st.integers(1, 5),
        power_kva=st.none() | st.integers(1, 3000),
    ),
)


@settings(max_examples=200, deadline=None)
@given(st.lists(SITES, max_size=5), NEEDS)
def test_the_quick_look_at_limits_says_what_judging_each_park_says(carriers: list[Carrier], needs: MatchInput) -> None:
    held = {
        code: [c for c in carriers if c.park and code in (c.park, PACK.parks[c.park].part_of)] for code in PACK.parks
    }
    judged = {
        code
        for code, park in PACK.parks.items()
        if any(f.verdict is Verdict.BREAKS for f in judge(needs, park, held[code], PACK.parks))
    }
    assert ParkLimits(PACK.parks, held).broken_by(needs) == judged


def test_a_district_with_little_in_hand_is_raised() -> None:
    matcher = MATCHER.at((), Standing(open_projects={"D1": 30, "D2": 1}))
    given = MatchInput(main_business=BOARDS)
    assert score(matcher.match(given), "P2") > score(MATCHER.match(given), "P2")


def test_what_landed_in_a_park_counts_as_there() -> None:
    result = MATCHER.at((), Standing(residents={"P3": frozenset({"A01"})})).match(MatchInput(main_business=BOARDS))
    assert next(park for park in result.parks if park.code == "P3").reasons[0] == "同环节集聚：园区已有“电路板”项目落地"


def test_a_parks_no_to_a_check_rejects_it_for_this_project() -> None:
    result = match(land_mu=90, site_mode="land", answers=(Answer("P1", "land", "breaks", "只剩 40 亩"),))
    assert rejection(result, "P1") == ("breaks 用地 90 亩：园区答复不行，只剩 40 亩",)


def test_a_parks_yes_to_a_check_is_a_reason() -> None:
    result = match(land_mu=90, site_mode="land", answers=(Answer("P1", "land", "meets"),))
    assert "园区答复可以" in result.parks[0].reasons[-1]


def test_among_a_thousand_parks_the_best_are_found() -> None:
    many = {
        f"Q{n:04}": Park(f"Q{n:04}", f"园{n}", district="D2", industries=("BB",), nodes=("B02",)) for n in range(1000)
    }
    matcher = Matcher(small_pack(parks={**PACK.parks, **many}))
    result = matcher.match(MatchInput(main_business=BOARDS, preferred_districts=("D1",)))
    assert (result.parks[0].code, len(result.parks) + len(result.rejected)) == ("P1", 1006)


def test_where_every_park_breaks_the_nearest_is_named_with_what_would_mend_it() -> None:
    carriers = [Carrier(f"K{n}", park=code, load_t_m2=1) for n, code in enumerate(("P1", "P2", "P4", "P6"))]
    result = match(*carriers, site_needs=SiteNeeds(load_t_m2=3))
    assert result.parks == ()
    assert result.notes[-1].startswith("最接近的是电路板产业园：楼面荷载：需 3 t/㎡")


def test_a_district_whose_parks_break_something_stays_an_answer() -> None:
    carriers = [Carrier(f"K{n}", park=code, load_t_m2=1) for n, code in enumerate(("P1", "P2", "P4", "P6"))]
    districts = match(*carriers, site_needs=SiteNeeds(load_t_m2=3)).districts
    assert districts[0].code == "D1"
    assert "可落园区外载体或调整需求" in districts[0].reasons[0]
