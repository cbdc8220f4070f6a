"""Measuring: cases read, intervals, baselines, the table, the trial of an edit."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

import crm.reference
from crm.domain.chain_edits import ChainEdit
from crm.domain.errors import Invalid
from crm.domain.match_input import MatchInput
from crm.domain.vocabulary import plain_finder
from crm.services.compiling import automaton, compile_matcher
from crm.services.evaluation_cases import Case, case_of, read_cases
from crm.services.match_baselines import bm25, substring_count
from crm.services.match_evaluation import Share, compare
from crm.services.match_report import as_row, table
from crm.services.match_trial import try_out
from search.folding import fold_text
from tests.factories.packs import small_pack

PACK = small_pack()
OWN = Path(crm.reference.__file__).parent / "kunshan"
DAY = date(2026, 3, 2)


def case(number: int, text: str, node: str | None, **more: Any) -> Case:
    expected = {"industry": PACK.nodes[node].industry, "node": node} if node else None
    return case_of({"id": str(number), "main_business": text, "negative": node is None, "expected": expected, **more})


CASES = [
    case(1, "柔性线路板的生产", "A01"),
    case(2, "接插件的生产", "A01"),
    case(3, "吸收公众存款", None),
    case(4, "智能手表的研发与生产", "C01", kind="speech", part="held_out"),
]


def test_wilsons_interval_of_a_half() -> None:
    assert [round(bound, 3) for bound in Share(5, 10).interval()] == [0.237, 0.763]


def test_an_interval_of_nothing_says_nothing() -> None:
    assert Share(0, 0).interval() == (0.0, 1.0)


def test_kinds_and_parts_are_measured_apart() -> None:
    assert [(found.kind, found.part) for found in compare(CASES, PACK)] == [
        ("registry", "development"), ("speech", "held_out"),
    ]  # fmt: skip


def test_the_matcher_stands_beside_two_baselines() -> None:
    (found, _) = compare(CASES, PACK)
    assert (list(found.baselines), found.matcher.shares["negatives refused"]) == (
        ["substring count", "BM25"], Share(1, 1),
    )  # fmt: skip


def test_an_alternative_answer_is_right() -> None:
    row = {"id": "9", "negative": False, "main_business": "接插件的生产"}
    expected = {"industry": "BB", "alt_industries": ["AA"], "node": "B01", "alt_nodes": ["A02"]}
    (found,) = compare([case_of({**row, "expected": expected})], PACK)
    assert found.matcher.wrong == {}


def test_a_confusion_names_both_industries() -> None:
    (found,) = compare([case(1, "新能源客车的生产", "A01")], PACK)
    assert found.matcher.confused == {("AA", "BB"): 1}


def test_doubt_is_right_where_a_person_would_ask() -> None:
    (found,) = compare([case(1, "新型物件的研发与生产", None, unsure_ok=True)], PACK)
    assert found.matcher.shares["negatives refused"] == Share(1, 1)


def test_held_out_cases_that_went_wrong_are_not_named() -> None:
    (found,) = compare([case(7, "接插件的生产", "C01", part="held_out")], PACK)
    assert not any("7" in line.split("未中")[-1] for line in table(found, wrong=True) if "未中" in line)


def test_the_row_of_a_program_has_counts_and_intervals() -> None:
    row = as_row(compare(CASES, PACK)[0])
    assert row["shares"]["industry first"]["count"] == 2
    assert set(row["baselines"]) == {"substring count", "BM25"}


@pytest.mark.parametrize("baseline", [substring_count, bm25])
def test_a_baseline_finds_what_is_written(baseline: Any) -> None:
    answer = baseline(PACK, fold_text)(MatchInput(main_business="笔记本电脑的整机组装"))
    assert answer.nodes[:1] == ("A03",)


def test_nothing_written_is_nothing_found() -> None:
    assert not substring_count(PACK, fold_text)(MatchInput(main_business="吸收存款")).suitable


def test_a_case_that_is_no_case_is_named_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text('{"id": "1", "negative": false}\n')
    with pytest.raises(Invalid, match="第 1 行"):
        read_cases(tmp_path)


def test_lines_that_expect_nothing_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "leads.jsonl").write_text('{"source_ref": "R1"}\n\n')
    assert read_cases(tmp_path) == []


def test_the_citys_own_cases_are_of_both_kinds_and_parts() -> None:
    cases = read_cases(OWN)
    assert len(cases) >= 300
    assert {(c.kind, c.part) for c in cases} == {
        (kind, part) for kind in ("registry", "speech") for part in ("development", "held_out")
    }


def test_a_word_is_tried_on_the_cases() -> None:
    edit = ChainEdit("e", "word", "A01", {"word": "软板", "weight": 1.0}, DAY)
    trial = try_out(compile_matcher(PACK), edit, [case(1, "软板的生产", "A01"), *CASES], DAY)
    assert (trial["mended"], trial["broken"], trial["cases"]) == (1, 0, 5)


def test_a_word_that_does_harm_is_seen() -> None:
    edit = ChainEdit("e", "word", "B02", {"word": "柔性线路板", "weight": 2.0}, DAY)
    trial = try_out(compile_matcher(PACK), edit, CASES, DAY)
    assert (trial["broken"], trial["broken_cases"]) == (1, ["1"])


def test_a_case_kept_for_measuring_is_counted_and_not_named() -> None:
    edit = ChainEdit("e", "industry", "CC", {"enabled": False}, DAY)
    trial = try_out(compile_matcher(PACK), edit, CASES, DAY)
    assert (trial["broken"], trial["broken_cases"]) == (1, [])


def test_weights_are_tried_by_the_parks_they_propose() -> None:
    edit = ChainEdit("e", "weights", "weights", {"same_node": 0.0}, DAY)
    trial = try_out(compile_matcher(PACK), edit, CASES, DAY)
    assert (trial["broken"], trial["other_parks"] > 0) == (0, True)


def test_both_finders_find_the_same() -> None:
    words = ["汽车连接器", "连接器", "ar", "arm", "机器人", "机器"]
    text = "汽车连接器与arm机器人机器连接器ar"
    assert list(automaton(words)(text)) == list(plain_finder(words)(text))
