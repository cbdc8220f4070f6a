"""Which chain nodes a report speaks for, and when it is none of ours."""

from __future__ import annotations

from typing import Any

import pytest

from crm.domain.match_input import MatchInput
from crm.domain.match_result import MatchResult, from_stored
from crm.domain.matching import Matcher
from crm.domain.reference import ChainNode, Industry
from tests.factories.packs import small_pack

MATCHER = Matcher(small_pack())


def match(**given: Any) -> MatchResult:
    return MATCHER.match(MatchInput(**given))


def with_keyword(word: str) -> Matcher:
    node = ChainNode("A01", "AA", "电路板", "中游", keywords=(word,))
    return Matcher(small_pack(nodes={**MATCHER.pack.nodes, "A01": node}))


def nodes(**given: Any) -> list[str]:
    return [node.code for node in match(**given).nodes]


def test_the_main_business_names_the_node() -> None:
    assert nodes(main_business="柔性线路板的研发、生产和销售")[0] == "A01"


def test_a_longer_word_beats_the_shorter_one_inside_it() -> None:
    assert nodes(main_business="汽车连接器的生产") == ["B01"]


def test_the_reason_names_the_words() -> None:
    assert match(main_business="生产接插件").nodes[0].reasons == ("提到接插件",)


def test_full_width_and_case_are_one_spelling() -> None:
    assert with_keyword("FPC").match(MatchInput(main_business="ｆｐｃ的生产")).nodes[0].code == "A01"


def test_a_latin_word_inside_another_is_not_found() -> None:
    assert with_keyword("AR").match(MatchInput(main_business="ARM的研发")).nodes == ()


def test_what_brackets_exclude_is_not_made() -> None:
    assert nodes(main_business="接插件的生产(不含线路板)") == ["A02"]


def test_making_weighs_more_than_selling() -> None:
    assert nodes(business_scope="连接器销售；线路板制造")[0] == "A01"


def test_the_first_line_of_business_weighs_more_than_the_last() -> None:
    assert nodes(main_business="接插件的生产；线路板的生产")[0] == "A02"


def test_boilerplate_of_a_scope_says_nothing() -> None:
    assert nodes(business_scope="货物进出口；技术服务；房屋租赁；线路板制造") == ["A01"]


def test_a_customers_trade_is_not_ones_own() -> None:
    result = match(main_business="为银行提供笔记本电脑的生产")
    assert (result.suitable, result.nodes[0].code) == (True, "A03")


def test_a_class_of_gbt_4754_speaks_for_its_nodes() -> None:
    assert nodes(gbt4754=("3982",)) == ["A01"]


def test_a_hint_of_the_reporter_is_the_strongest_evidence() -> None:
    assert nodes(main_business="线路板的生产", chain_nodes=("B02",))[0] == "B02"


def test_a_hint_makes_any_report_suitable() -> None:
    assert match(main_business="吸收存款", chain_nodes=("A01",)).suitable


def test_a_bank_is_none_of_ours() -> None:
    result = match(name="某某银行股份有限公司", main_business="吸收公众存款")
    assert (result.suitable, result.unsure, result.nodes, result.parks) == (False, False, (), ())


def test_a_refusal_says_why() -> None:
    assert "银行" in match(name="某某银行", main_business="吸收公众存款").notes[0]


def test_a_refusal_rejects_every_park() -> None:
    result = match(name="某某银行", main_business="吸收公众存款")
    assert [park.code for park in result.rejected] == list(MATCHER.pack.parks)


@pytest.mark.parametrize(
    "given",
    [{"main_business": "吸收公众存款"}, {"main_business": "PCB 生产", "land_mu": 900.0}, {"summary": "新能源汽车电机"}],
)
def test_what_is_stored_reads_as_what_was_matched(given: dict[str, Any]) -> None:
    result = match(**given)
    assert from_stored(result.to_stored()) == result.to_dict()


def test_a_match_stored_park_by_park_still_reads() -> None:
    result = match(main_business="吸收公众存款").to_dict()
    assert from_stored(result) == result


def test_a_class_outside_the_chains_alone_refuses() -> None:
    assert not match(name="某某公司", gbt4754=("6621",)).suitable


def test_who_only_sells_is_asked_whether_it_makes() -> None:
    result = match(main_business="线路板、接插件的批发和零售")
    assert (result.suitable, result.unsure, result.question) == (True, True, "生产还是贸易？")


def test_a_maker_of_something_unknown_is_asked_and_not_refused() -> None:
    result = match(main_business="新型物件的研发与生产")
    assert (result.suitable, result.unsure, result.question) == (True, True, "主要生产什么产品？")


def test_a_name_alone_is_asked() -> None:
    result = match(name="某某有限公司")
    assert (result.suitable, result.unsure, result.nodes) == (True, True, ())


def test_an_outside_trade_beside_a_chain_is_asked() -> None:
    result = match(main_business="线路板的生产，吸收存款")
    assert result.suitable
    assert "银行" in (result.question or "")


def test_industries_come_from_their_nodes() -> None:
    assert match(main_business="线路板、接插件的生产").industries[0].code == "AA"


def test_a_disabled_industry_is_not_proposed() -> None:
    pack = small_pack(industries={**MATCHER.pack.industries, "CC": Industry("CC", "穿戴", "X", enabled=False)})
    assert Matcher(pack).match(MatchInput(main_business="智能手表的生产")).nodes == ()


def test_an_industry_without_a_park_is_said_and_the_nearest_offered() -> None:
    result = match(main_business="智能手表的研发与生产")
    assert result.notes == ("穿戴暂无专门园区，退到相近产业：电路板产业园、整机产业园",)


def test_the_same_report_gets_the_same_answer() -> None:
    given = MatchInput(main_business="线路板、接插件的生产", land_mu=20)
    assert Matcher(small_pack()).match(given) == MATCHER.match(given)


@pytest.mark.parametrize("text", ["", " ", "（", "）；。、", "\x00", "𠮷" * 40, "线" * 5000, "给提供", "为的"])
def test_no_text_breaks_matching(text: str) -> None:
    match(name=text, main_business=text, business_scope=text, title=text, summary=text)
