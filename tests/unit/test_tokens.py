"""Tokens: what both engines index of a document."""

from __future__ import annotations

from schemas.documents import SearchDocument
from search.mapping import FIELDS, Kind, digest
from search.tokens import document_row, one_off, words


def row(**values: object) -> dict[str, list[str]]:
    given = {"type": "enterprise", "id": "E1", "name": "昆山鹤汀光电有限公司", "access": ("bureau",), **values}
    return document_row(SearchDocument(**given))  # type: ignore[arg-type,return-value]


def test_han_characters_stand_alone_and_latin_words_whole() -> None:
    assert words("3d打印 abc，x") == ["3d", "打", "印", "abc", "x"]


def test_every_field_of_a_row_is_declared_in_the_mapping() -> None:
    declared = {field.name for field in FIELDS}
    assert set(row()) <= declared


def test_every_text_is_joined_by_single_blanks() -> None:
    kinds = {field.name: field.kind for field in FIELDS}
    for name, values in row(body="研发、 生产\n销售", short_names=("鹤 汀",), title="A  b").items():
        if kinds[name] in (Kind.WORDS, Kind.TERMS):
            assert all(value == " ".join(value.split()) for value in values), name


def test_a_name_gives_brand_core_and_shorthands() -> None:
    found = row()
    assert found["brands"] == ["鹤汀"]
    assert found["cores"] == ["昆山鹤汀光电"]
    assert found["shorthands"] == ["鹤汀光电 昆山鹤汀 昆山鹤汀光电"]


def test_a_name_gives_pinyin_and_initials_of_its_forms() -> None:
    found = row()
    assert found["pinyin"] == ["heting hetingguangdian kunshanhetingguangdian"]
    assert found["initials"] == ["ht htgd kshtgd"]
    assert "guangdian" in found["pinyin_inner"][0].split()


def test_each_name_is_a_value_of_its_own_so_that_phrases_do_not_cross() -> None:
    assert row(full_names=("甲乙", "丙丁"))["names"] == ["昆 山 鹤 汀 光 电 有 限 公 司", "甲 乙", "丙 丁"]


def test_spellings_one_character_apart_share_a_form() -> None:
    asked = set(one_off("鹤汀光电"))
    for written in ("鹤丁光电", "鹤汀电", "鹤汀小光电", "汀鹤光电"):
        assert asked & set(one_off(written)), written


def test_spellings_two_characters_apart_share_none() -> None:
    assert not set(one_off("鹤汀光电")) & set(one_off("鹿亭光电"))


def test_two_characters_have_no_near_spelling() -> None:
    assert one_off("鹤汀") == ()


def test_three_characters_keep_the_place_of_the_gap() -> None:
    assert not set(one_off("鹤汀湾")) & set(one_off("汀湾鹤"))


def test_a_document_without_names_still_has_a_row() -> None:
    assert row(name="", full_names=())["brands"] == [""]


def test_missing_sort_values_are_marked_as_missing() -> None:
    assert row()["present"] == []
    assert row(investment=0, updated_at="2026-01-01T00:00:00Z")["present"] == ["updated_at", "investment"]


def test_the_digest_of_the_mapping_is_the_same_in_every_process() -> None:
    assert digest() == digest()
    assert len(digest()) == 8
