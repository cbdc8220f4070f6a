"""Amounts people write: one reading or none."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from schemas.amounts import MONEY_UNITS, read_amount
from schemas.fields import Amount, Area, Count, Energy, Land, Money, Percent


def load(field: Amount, value: Any) -> Any:
    return field.deserialize(value)


@pytest.mark.parametrize(
    ("written", "wan"),
    [
        ("5亿元", 50000), ("5亿", 50000), ("8000万", 8000), ("8000万元", 8000), ("3,500", 3500), ("３，５００", 3500),
        ("1.2亿元", 12000), ("５亿元", 50000), (" 300 万元 ", 300), ("5千万", 5000), ("5000元", 0.5), ("0", 0),
        ("12,345,678", 12345678), ("0.25亿", 2500),
    ],
)  # fmt: skip
def test_money_with_one_reading_is_taken_in_wan(written: str, wan: float) -> None:
    assert load(Money(), written) == wan


@pytest.mark.parametrize(
    "written",
    [
        "约5亿", "5-8亿", "5亿左右", "500万美元", "3,50", "1,2,3", "3 500", "五亿", "5²", "⑤", "1亿2", "1亿2000万",
        "1e9",
        "0030", "5.", ".5", "--5", "5亿亿", "abc", "5 000 万", "1.234,5", "½", "∞", "nan", "inf", "0x10", "5" * 60, "٣",
    ],
)  # fmt: skip
def test_money_with_no_or_several_readings_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        load(Money(), written)


@pytest.mark.parametrize(
    "value",
    [True, False, 1e308, -1, -0.001, 1_000_000_001, float("nan"), float("inf"), float("-inf"), 10**400, [], {}, "-5"],
)
def test_what_is_no_amount_is_refused(value: Any) -> None:
    with pytest.raises(ValidationError):
        load(Money(), value)


def test_the_limits_themselves_are_amounts() -> None:
    assert (load(Money(), 0), load(Money(), 1e9)) == (0, 1_000_000_000)


def test_a_whole_number_is_always_given_as_an_int() -> None:
    assert [type(load(Money(), value)) for value in (50000, 50000.0, "50000.0")] == [int, int, int]


def test_money_is_kept_to_the_yuan() -> None:
    assert load(Money(), 1.23456789) == 1.2346


def test_an_empty_cell_is_no_amount_and_no_fault() -> None:
    assert load(Money(), "  ") is None


@pytest.mark.parametrize(
    ("field", "written", "value"),
    [
        (Area(), "3000㎡", 3000), (Area(), "3000 m2", 3000), (Area(), "1.5万平方米", 15000), (Land(), "３０", 30),
        (Land(), "30亩", 30), (Land(), "2公顷", 30), (Energy(), "1500吨标煤", 1500), (Energy(), "0.2万吨标准煤", 2000),
        (Count(), "300人", 300), (Percent(), "30%", 30),
    ],
)  # fmt: skip
def test_units_people_write_are_converted(field: Amount, written: str, value: float) -> None:
    assert load(field, written) == value


@pytest.mark.parametrize(
    ("field", "written"), [(Land(), "666㎡"), (Area(), "30亩"), (Count(), 2.5), (Percent(), 101), (Money(), "30亩")]
)
def test_a_unit_of_another_quantity_is_refused(field: Amount, written: Any) -> None:
    with pytest.raises(ValidationError):
        load(field, written)


def test_the_message_names_the_limits_and_the_unit() -> None:
    with pytest.raises(ValidationError, match="须在 0 至 1000000000 之间（㎡）"):
        load(Area(), -5)


@given(st.decimals(min_value=0, max_value=10**9, places=4), st.sampled_from(["", "万", "万元"]))
def test_any_plain_figure_is_read_as_itself(figure: Decimal, unit: str) -> None:
    assert load(Money(), f"{figure:f}{unit}") == float(figure)


@given(st.integers(0, 10**9))
def test_thousands_separators_change_nothing(figure: int) -> None:
    assert load(Money(), f"{figure:,}") == figure


@given(st.integers(0, 10**5), st.integers(0, 3))
def test_yi_is_ten_thousand_wan(whole: int, tenths: int) -> None:
    assert read_amount(f"{whole}.{tenths}亿元", MONEY_UNITS) == (Decimal(whole) + Decimal(tenths) / 10) * 10000


@given(st.text(alphabet="0123456789.,，亿万元-+ ５²e", max_size=14))
def test_a_text_is_read_exactly_or_not_at_all(text: str) -> None:
    amount = read_amount(text, MONEY_UNITS)
    if amount is not None and amount:
        digits = "".join(ch for ch in text.replace("５", "5") if ch.isascii() and ch.isdigit())
        assert "".join(map(str, amount.as_tuple().digits)).strip("0") == digits.strip("0")


@given(st.one_of(st.text(), st.floats(), st.integers(), st.booleans(), st.binary(), st.none()))
def test_nothing_but_a_validation_error_ever_leaves_an_amount(value: Any) -> None:
    try:
        loaded = load(Money(allow_none=True), value)
    except ValidationError:
        return
    assert loaded is None or 0 <= loaded <= 10**9
