"""Edits of the chain graph laid over a pack: what each does, when it holds, what is refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from crm.domain.chain_edits import ChainEdit, check, laid_over
from crm.domain.errors import Invalid
from crm.domain.match_input import MatchInput
from crm.domain.matching import Matcher
from crm.domain.reference import ReferencePack
from tests.factories.packs import small_pack

PACK = small_pack()
DAY = date(2026, 3, 2)


def edited(kind: str, subject: str, day: date = DAY, ends_on: date | None = None, **data: Any) -> ReferencePack:
    return laid_over(PACK, [ChainEdit("e1", kind, subject, data, DAY, ends_on)], day)


def first_node(pack: ReferencePack, text: str) -> str | None:
    return next((node.code for node in Matcher(pack).match(MatchInput(main_business=text)).nodes), None)


def test_a_new_word_speaks_for_its_node() -> None:
    assert first_node(edited("word", "A01", word="软板", weight=1.0), "软板的生产") == "A01"


def test_a_muted_word_says_nothing_for_its_node() -> None:
    assert first_node(edited("word", "A02", word="接插件", weight=0), "接插件的生产") is None


def test_an_outside_word_turns_away() -> None:
    pack = edited("outside", "烧烤", word="烧烤店", weight=1.0)
    assert not Matcher(pack).match(MatchInput(main_business="烧烤店连锁经营")).suitable


def test_an_industry_switched_off_is_not_proposed() -> None:
    assert first_node(edited("industry", "CC", enabled=False), "智能手表的生产") is None


def test_weights_change_the_ranking() -> None:
    def gap(pack: ReferencePack) -> float:
        parks = Matcher(pack).match(MatchInput(main_business="线路板的生产")).parks
        return parks[0].score - parks[1].score

    assert gap(edited("weights", "weights", linked=0.9, fills_hole=0.9)) < gap(PACK)


def test_a_new_node_is_known_once_it_has_words() -> None:
    node = ChainEdit("e1", "node", "A09", {"industry": "AA", "name": "钻针", "position": "上游"}, DAY)
    word = ChainEdit("e2", "word", "A09", {"word": "微型钻针", "weight": 1.0}, DAY)
    assert first_node(laid_over(PACK, [node, word], DAY), "微型钻针的生产") == "A09"


def test_a_renamed_node_keeps_its_words() -> None:
    pack = edited("node", "A01", industry="AA", name="印制电路", position="中游")
    assert (pack.nodes["A01"].name, first_node(pack, "线路板的生产")) == ("印制电路", "A01")


def test_a_link_brings_parks_nearer() -> None:
    pack = edited("link", "C01", target="B02", relation="supplies", present=True)
    parks = Matcher(pack).match(MatchInput(main_business="智能手表的生产")).parks
    assert "P3" in [park.code for park in parks]


def test_a_link_is_taken_away() -> None:
    there = PACK.links[0]
    data = {"target": there.target, "relation": there.relation, "present": False}
    assert there not in edited("link", there.source, **data).links


def test_a_park_gets_another_aim() -> None:
    assert edited("park", "P3", nodes=["C01"]).parks["P3"].nodes == ("C01",)


def test_an_edit_holds_from_its_day_to_its_last() -> None:
    day_before, last, after = date(2026, 3, 1), date(2026, 3, 9), date(2026, 3, 10)
    versions = [
        edited("word", "A01", day, last, word="软板", weight=1.0).version for day in (day_before, DAY, last, after)
    ]
    assert [version == PACK.version for version in versions] == [True, False, False, True]


def test_an_edit_of_something_gone_is_passed_over() -> None:
    assert edited("word", "Z99", word="软板", weight=1.0).nodes == PACK.nodes


@pytest.mark.parametrize(
    ("kind", "subject", "data", "field"),
    [
        ("word", "Z99", {"word": "软板", "weight": 1}, "subject"),
        ("word", "A01", {"word": "软", "weight": 1}, "word"),
        ("word", "A01", {"word": "软板", "weight": 9}, "weight"),
        ("word", "A01", {"word": "软板", "weight": 1, "kind": "poem"}, "kind"),
        ("outside", " ", {"word": "烧烤", "weight": 1}, "subject"),
        ("industry", "ZZ", {"enabled": False}, "subject"),
        ("industry", "AA", {"enabled": "no"}, "enabled"),
        ("weights", "weights", {}, "data"),
        ("weights", "weights", {"luck": 1}, "luck"),
        ("weights", "weights", {"room": -1}, "room"),
        ("node", "A09", {"industry": "ZZ", "name": "钻针", "position": "上游"}, "industry"),
        ("node", "A09", {"industry": "AA", "name": "", "position": "上游"}, "name"),
        ("node", "A09", {"industry": "AA", "name": "钻针", "position": "天上"}, "position"),
        ("link", "A01", {"target": "A01", "relation": "supplies", "present": True}, "target"),
        ("link", "A01", {"target": "A02", "relation": "loves", "present": True}, "relation"),
        ("park", "P9", {"nodes": []}, "subject"),
        ("park", "P1", {"nodes": ["Z99"]}, "nodes"),
        ("poem", "A01", {}, "kind"),
    ],
)
def test_a_fault_names_its_field(kind: str, subject: str, data: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        check(PACK, ChainEdit("e", kind, subject, data, DAY))
    assert field in [fault.field for fault in refusal.value.errors]


def test_an_end_before_the_beginning_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        check(PACK, ChainEdit("e", "word", "A01", {"word": "软板", "weight": 1}, DAY, date(2026, 1, 1)))
    assert refusal.value.errors[0].field == "ends_on"
