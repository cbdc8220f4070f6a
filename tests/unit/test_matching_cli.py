"""`crm match`: a row out for a row in, in the shape of interface.md."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import crm.reference
from crm.domain.reference import ReferencePack
from crm.reference.loader import load_pack
from crm.services.compiling import compile_matcher
from crm.services.evaluation_cases import case_of
from crm.services.match_evaluation import Share, evaluate, matcher_answers
from crm.services.matching_cli import match_lines


@pytest.fixture(scope="module")
def pack() -> ReferencePack:
    return load_pack(Path(crm.reference.__file__).parent / "kunshan")


def lead(main_business: str, **project: Any) -> str:
    data = {
        "source_ref": "R1",
        "enterprise": {"name": "某某有限公司", "main_business": main_business},
        "project": project,
    }
    return json.dumps(data, ensure_ascii=False)


def test_an_answer_has_the_fields_of_the_interface(pack: ReferencePack) -> None:
    (row,) = match_lines([lead("柔性电路板的生产")], pack)
    assert list(row) == [
        "source_ref", "suitable", "unsure", "question", "industries", "nodes", "parks", "districts", "rejected", "notes"
    ]  # fmt: skip


def test_an_answer_is_json(pack: ReferencePack) -> None:
    (row,) = match_lines([lead("柔性电路板的生产")], pack)
    assert json.loads(json.dumps(row)) == row


def test_circuit_boards_belong_to_their_node(pack: ReferencePack) -> None:
    (row,) = match_lines([lead("柔性电路板的生产")], pack)
    assert row["nodes"][0]["code"] == "IT07"


def test_traditional_characters_are_read(pack: ReferencePack) -> None:
    (row,) = match_lines([lead("連接器的研發與生產")], pack)
    assert row["nodes"][0]["code"] == "IT10"


def test_a_distillery_is_none_of_ours(pack: ReferencePack) -> None:
    (row,) = match_lines([lead("白酒的酿造与销售")], pack)
    assert not row["suitable"]


def test_a_faulty_line_does_not_stop_the_rest(pack: ReferencePack) -> None:
    rows = list(match_lines(['{"source_ref": "R0"}', "{", lead("柔性电路板的生产")], pack))
    assert [("error" in row, row["source_ref"]) for row in rows] == [(True, "R0"), (True, None), (False, "R1")]


def test_a_fault_names_its_field(pack: ReferencePack) -> None:
    (row,) = match_lines([lead("柔性电路板的生产", land=-1)], pack)
    assert row["error"]["field"] == "project.land"


def test_blank_lines_give_no_row(pack: ReferencePack) -> None:
    assert list(match_lines(["", "\n"], pack)) == []


def test_an_evaluation_counts_right_and_wrong(pack: ReferencePack) -> None:
    cases = [
        {"id": "1", "name": "甲", "main_business": "柔性电路板的生产", "negative": False,
         "expected": {"industry": "IT", "node": "IT07"}},
        {"id": "2", "name": "乙", "main_business": "白酒的酿造与销售", "negative": False,
         "expected": {"industry": "IT", "node": "IT07"}},
        {"id": "3", "name": "丙", "main_business": "白酒的酿造与销售", "negative": True, "expected": {}},
    ]  # fmt: skip
    outcome = evaluate([case_of(case) for case in cases], matcher_answers(compile_matcher(pack)))
    assert (outcome.shares["positives kept"], outcome.shares["negatives refused"]) == (Share(1, 2), Share(1, 1))
    assert outcome.wrong["positives kept"] == ["2"]


def test_half_a_character_is_a_fault_and_does_not_stop_the_rest(pack: ReferencePack) -> None:
    broken = '{"source_ref": "\\ud800", "enterprise": {"name": "\\ud800x"}}'
    rows = list(match_lines([broken, lead("柔性电路板的生产")], pack))
    assert [(row["source_ref"], "error" in row) for row in rows] == [(None, True), ("R1", False)]
    assert json.dumps(rows, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    "project",
    [
        {"summary": "拟租赁厂房生产柔性电路板，需用电1200kVA"},
        {"summary": "柔性电路板，租厂房3000平，配套员工宿舍"},
        {"summary": "做柔性电路板的，想在本地租赁厂房"},
    ],
)
def test_a_wish_for_premises_is_never_the_trade(pack: ReferencePack, project: dict[str, Any]) -> None:
    (row,) = match_lines([json.dumps({"source_ref": "R1", "enterprise": {}, "project": project})], pack)
    assert (row["suitable"], row["unsure"], row["nodes"][0]["code"]) == (True, False, "IT07")
