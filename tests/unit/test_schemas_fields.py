"""Texts, codes, contacts and dates: one spelling each, the rest refused in Chinese."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from schemas.fields import (
    Choice,
    ClassCode,
    Code,
    Currency,
    Day,
    Email,
    Flag,
    FreeWord,
    Items,
    LongText,
    Mapped,
    Month,
    Phone,
    ShortText,
    ZonedTime,
    lacks_zone,
)


def refused(field: Any, value: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        field.deserialize(value)
    return str(caught.value.messages)


@pytest.mark.parametrize("bad", ["a\x00b", "a\x1bb", "a\x7f", "\ud800", "a\udfffb"])
@pytest.mark.parametrize("field", [ShortText(), LongText(), FreeWord(), Email(), Phone(), Code(), Month(), ZonedTime()])
def test_control_characters_and_lone_surrogates_are_refused_everywhere(field: Any, bad: str) -> None:
    assert "控制字符" in refused(field, bad)


def test_lines_and_tabs_are_for_long_texts_only() -> None:
    assert LongText().deserialize("一\n二\t三\r\n四") == "一\n二\t三\r\n四"
    assert "控制字符" in refused(ShortText(), "一\n二")


def test_outer_blanks_are_cut_full_width_and_zero_width_included() -> None:
    assert ShortText().deserialize("　 某公司\u200b\n") == "某公司"


@pytest.mark.parametrize("blank", [" ", "　 　", "\u200b", "——", "/"])
def test_a_name_of_blanks_or_marks_alone_is_refused(blank: str) -> None:
    assert "空白" in refused(ShortText(filled=True), blank)


def test_emoji_and_bidi_marks_in_a_name_are_kept() -> None:
    assert ShortText(filled=True).deserialize("某\u202e测试🙂公司") == "某\u202e测试🙂公司"


@pytest.mark.parametrize(("field", "longest"), [(ShortText(), 200), (LongText(), 100_000), (FreeWord(), 50)])
def test_a_text_may_be_as_long_as_its_limit_and_no_longer(field: Any, longest: int) -> None:
    assert len(field.deserialize("字" * longest)) == longest
    assert f"最多 {longest} 个字" in refused(field, "字" * (longest + 1))


@pytest.mark.parametrize("value", [1, True, [], {}, 1.5])
def test_a_text_is_a_text(value: Any) -> None:
    assert "须为文字" in refused(ShortText(), value)


def test_an_empty_required_text_is_missing() -> None:
    assert "必填" in refused(ShortText(required=True), "  ")


def test_codes_are_half_width_capitals() -> None:
    assert Code().deserialize(" ｋhtd ") == "KHTD"


def test_a_choice_ignores_capitals_and_names_the_choices() -> None:
    assert Choice(("new", "rd")).deserialize("RD") == "rd"
    assert "只能是：new rd" in refused(Choice(("new", "rd")), "old")


@pytest.mark.parametrize(("written", "kept"), [("3974", "3974"), ("C3974", "3974"), ("c39", "39"), ("C", "C")])
def test_class_codes_lose_the_letter_before_digits(written: str, kept: str) -> None:
    assert ClassCode().deserialize(written) == kept


@pytest.mark.parametrize("written", ["39741", "3", "Z", "电子", "3974a"])
def test_what_is_no_class_code_is_refused(written: str) -> None:
    assert "GB/T 4754" in refused(ClassCode(), written)


@pytest.mark.parametrize("address", ["not-an-address", "a@b", "@b.cn", "a b@c.cn", "a@@b.cn"])
def test_a_bad_mail_address_is_refused(address: str) -> None:
    assert "电子邮箱" in refused(Email(), address)


def test_a_mail_address_in_full_width_is_read() -> None:
    assert Email().deserialize("ｗang＠example.com") == "wang@example.com"


@pytest.mark.parametrize(
    "number", ["13900000000", "0512-5700 0000 转 8", "＋86 139 0000 0000", "13900000000（微信同号）"]
)
def test_phones_are_taken_as_people_write_them(number: str) -> None:
    assert Phone().deserialize(number)


def test_a_phone_needs_five_digits() -> None:
    assert "电话" in refused(Phone(), "未知")


@pytest.mark.parametrize(
    "month", ["20226-09", "2026-13", "2026-9", "1899-12", "2101-01", "2026/09", "2026-09-01", "٢٠٢٦-09"]
)
def test_what_is_no_month_is_refused(month: str) -> None:
    assert "YYYY-MM" in refused(Month(), month)


@pytest.mark.parametrize("day", ["2026-02-30", "2026-1-5", "20260105", "2026-W01-1", "1800-01-01", "明天"])
def test_what_is_no_day_is_refused(day: str) -> None:
    assert "YYYY-MM-DD" in refused(Day(), day)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("2026-01-17T09:30:00+08:00", "2026-01-17T09:30:00+08:00"),
        ("2026-01-17T01:30:00Z", "2026-01-17T09:30:00+08:00"),
        ("2026-01-17 09:30", "2026-01-17T09:30:00+08:00"),
        ("2026-01-17T09:30:00.5-0100", "2026-01-17T18:30:00.500000+08:00"),
    ],
)
def test_an_instant_is_kept_in_china_time(written: str, kept: str) -> None:
    assert ZonedTime().deserialize(written) == kept


@pytest.mark.parametrize(
    "time", ["2026-01-17", "2026-01-17T25:00:00Z", "2026-01-17T09:30:00+99:00", "9999-12-31T23:59:00Z"]
)
def test_what_is_no_instant_is_refused(time: str) -> None:
    assert "时区" in refused(ZonedTime(), time)


def test_a_missing_zone_can_be_told_and_refused() -> None:
    assert lacks_zone(" 2026-01-17T09:30:00")
    assert not lacks_zone("2026-01-17T09:30:00Z")
    assert "须带时区" in refused(ZonedTime(zone_required=True), "2026-01-17T09:30:00")


def test_dates_and_times_are_written_as_iso() -> None:
    class Answer(Schema):
        day = Day()
        at = ZonedTime()

    moment = datetime(2026, 1, 17, 1, 30, tzinfo=timezone(timedelta()))
    assert Answer().dump({"day": date(2026, 1, 2), "at": moment}) == {
        "day": "2026-01-02",
        "at": "2026-01-17T09:30:00+08:00",
    }


@pytest.mark.parametrize("value", ["true", 1, 0, "yes"])
def test_a_flag_is_true_or_false_alone(value: Any) -> None:
    assert "true 或 false" in refused(Flag(), value)


@pytest.mark.parametrize("code", ["人民币", "CN", "C1Y", "USDT"])
def test_a_currency_is_three_letters(code: str) -> None:
    assert "币种" in refused(Currency(), code)


def test_a_list_has_a_limit() -> None:
    assert "最多 2 项" in refused(Items(ShortText(), most=2), ["a", "b", "c"])
    assert "须为列表" in refused(Items(ShortText()), "a")


@pytest.mark.parametrize("value", [{"a": "\x00"}, {"a": float("nan")}, {"a": 10**30}, {"a": {1}}, {"\x00": 1}, {1: 2}])
def test_a_free_object_holds_plain_json_only(value: Any) -> None:
    assert "只能含 JSON" in refused(Mapped(), value)


def test_a_free_object_has_a_depth() -> None:
    deep: Any = 1
    for _ in range(9):
        deep = {"a": deep}
    assert "最多 8 层" in refused(Mapped(), deep)
    assert Mapped().deserialize({"a": [{"b": None}, "文字", 1.5, True]})


@given(st.one_of(st.text(), st.integers(), st.floats(), st.none(), st.lists(st.text())))
def test_nothing_but_a_validation_error_ever_leaves_a_field(value: Any) -> None:
    for field in (ShortText(), Email(), Phone(), Month(), Day(), ZonedTime(), ClassCode(), Currency(), Flag()):
        try:
            field.deserialize(value)
        except ValidationError:
            continue
