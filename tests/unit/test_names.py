"""The company-name model: folding, identity by equality, parts, pinyin."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.names import CompanyName, fold_name, name_key, parse_name
from search.pinyin import LIMIT, initials, pinyin, readings


@pytest.mark.parametrize(
    ("written", "folded"),
    [
        ("崑山鶴汀電子", "昆山鹤汀电子"),
        ("ＡＢＣ１２３", "abc123"),
        ("鹤汀【昆山】〔集团〕", "鹤汀(昆山)(集团)"),
        ("  鹤 汀\u3000电子 \n", "鹤汀电子"),
        ("鹤\u200b汀\u202e电\ufeff子", "鹤汀电子"),
        ("鹤汀🙂电子\ufe0f", "鹤汀电子"),
        ("鹤汀\x00电子\x1b", "鹤汀电子"),
        ("⾦石", "金石"),
    ],
)
def test_spellings_of_one_name_fold_to_one(written: str, folded: str) -> None:
    assert fold_name(written) == folded


@given(st.text(max_size=60))
def test_folding_twice_changes_nothing_more(text: str) -> None:
    once = name_key(text)
    assert name_key(once) == once


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("鹤汀光电（昆山）有限公司", "鹤汀光电昆山有限公司"),
        ("鹤汀光电（昆山）有限公司", "鶴汀光電(崑山) 有限公司"),
        ("昆山鹤汀光电有限公司", "昆山鹤汀光电有限公司（扩建）"),
        ("昆山鹤汀光电有限公司", "昆山鹤汀光电有限公司(筹)"),
        ("昆山鹤汀光电有限公司", "昆山鹤汀光电有限公司（原苏州鹤汀电子有限公司）"),
        ("昆山鹤汀光电有限公司", "昆山鹤汀光电有限公司（二期扩建项目）（暂定名）"),
        ("昆山鹤汀光电有限公司", "昆山鹤汀光电有限公司（900001.SH）"),
        ("Heting Opto Co., Ltd.", "HETING OPTO CO LTD"),
        ("鹤汀·光电有限公司", "鹤汀光电有限公司"),
    ],
)
def test_one_name_written_twice_has_one_key(one: str, other: str) -> None:
    assert name_key(one) == name_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("鹤汀光电（昆山）有限公司", "鹤汀光电（苏州）有限公司"),
        ("鹤汀光电有限公司", "鹤汀光电股份有限公司"),
        ("鹤汀光电有限公司", "鹤汀光电有限责任公司"),
        ("鹤汀光电有限公司", "鹤汀光电有限公司昆山分公司"),
        ("昆山鹤汀光电有限公司", "昆山汀鹤光电有限公司"),
        ("鹤汀会计师事务所（特殊普通合伙）", "鹤汀会计师事务所（普通合伙）"),
    ],
)
def test_two_companies_have_two_keys(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize("written", ["", "   ", "！？", "🙂", "（）"])
def test_a_text_without_a_letter_has_no_key(written: str) -> None:
    assert name_key(written) == ""


def test_a_remark_that_is_the_whole_name_stays() -> None:
    assert name_key("（筹）") == "筹"


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("昆山鹤汀光电股份有限公司", ("昆山", "鹤汀", "光电", "股份有限公司", "")),
        ("江苏省苏州市鹤汀新材料科技有限公司", ("江苏省苏州市", "鹤汀", "新材料科技", "有限公司", "")),
        ("鹤汀精密机械（昆山）有限公司", ("昆山", "鹤汀", "精密机械", "有限公司", "")),
        ("鹤汀航空科技昆山有限公司", ("昆山", "鹤汀", "航空科技", "有限公司", "")),
        ("鹤汀能源（集团）股份有限公司", ("", "鹤汀", "能源", "集团股份有限公司", "")),
        ("鹤汀新药开发有限公司昆山分公司", ("", "鹤汀", "新药开发", "有限公司", "昆山分公司")),
        ("鹤汀会计师事务所（特殊普通合伙）", ("", "鹤汀", "会计师", "事务所特殊普通合伙", "")),
        ("苏州工业园区鹤汀模具厂", ("苏州工业园区", "鹤汀", "模具", "厂", "")),
        ("鹤汀", ("", "鹤汀", "", "", "")),
        ("昆山", ("", "昆山", "", "", "")),
        ("", ("", "", "", "", "")),
    ],
)
def test_a_name_is_region_brand_industry_and_form(name: str, parts: tuple[str, ...]) -> None:
    assert parse_name(name) == CompanyName(*parts)


def test_the_core_has_neither_form_nor_division_word() -> None:
    assert parse_name("苏州市鹤汀光电有限公司").core == "苏州鹤汀光电"


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("重庆长城", "chongqingchangcheng"),
        ("长汀", "changting"),
        ("乐鹤", "lehe"),
        ("鹤汀银行", "hetingyinhang"),
        ("行鹤", "xinghe"),
        ("曾鹤", "zenghe"),
        ("厦门", "xiamen"),
        ("3d打印", "3ddayin"),
    ],
)
def test_polyphones_are_read_as_in_names(text: str, sound: str) -> None:
    assert pinyin(text) == sound


def test_every_reading_a_person_may_type_is_kept() -> None:
    assert {"".join(reading) for reading in readings("乐单")} == {"ledan", "leshan", "yuedan", "yueshan"}
    assert len(readings("长乐行重曾单盛朝")) == LIMIT


def test_initials_keep_latin_words_whole() -> None:
    assert initials("abc鹤汀光电") == "abchtgd"
    assert (pinyin(""), initials("")) == ("", "")
