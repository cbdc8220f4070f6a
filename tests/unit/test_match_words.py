"""The words a match rests on, marked in the text as it was written."""

from __future__ import annotations

import pytest

from crm.services.match_words import MOST_SHOWN, marked, words_of


def hits(text: str, *words: str) -> list[str]:
    return [piece for piece, hit in marked(text, words) if hit]


def test_a_word_is_marked_where_it_stands() -> None:
    assert marked("生产连接器及线束", ["连接器"]) == [("生产", False), ("连接器", True), ("及线束", False)]


def test_every_place_is_marked() -> None:
    assert hits("连接器、高速连接器", "连接器") == ["连接器", "连接器"]


@pytest.mark.parametrize(("text", "word"), [("連接器的研發", "连接器"), ("ＦＰＣ制造", "fpc"), ("FPC 制造", "fpc")])
def test_the_text_keeps_its_own_spelling(text: str, word: str) -> None:
    (piece,) = hits(text, word)
    assert piece in text


def test_words_that_overlap_are_one_mark_each_letter_once() -> None:
    assert "".join(piece for piece, _ in marked("汽车连接器", ["汽车连接器", "连接器"])) == "汽车连接器"


def test_markup_in_the_text_is_text() -> None:
    assert marked("<b>连接器</b>", ["连接器"])[0] == ("<b>", False)


def test_a_long_text_is_cut() -> None:
    pieces = marked("长" * 5000, ["连接器"])
    assert len("".join(piece for piece, _ in pieces)) == MOST_SHOWN + 1


def test_a_proposal_of_an_earlier_version_marks_nothing() -> None:
    assert words_of({"nodes": [{"code": "IT10", "score": 0.5, "reasons": ["提到连接器"]}]}) == []
