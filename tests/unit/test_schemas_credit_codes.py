"""GB 32100-2015: one spelling, one check digit, and a wrong code is only flagged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.credit_codes import credit_code_check_digit, normalise_credit_code
from schemas.fields import CreditCode, credit_code_status

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
bodies = st.builds(
    lambda head, region, rest: head + region + rest,
    st.sampled_from(["91", "52", "12", "93", "Y1"]),
    st.text("0123456789", min_size=6, max_size=6),
    st.text(ALPHABET, min_size=9, max_size=9),
)


def test_the_example_of_the_standard_is_verified() -> None:
    assert credit_code_status("91350100M000100Y43") == "verified"


@pytest.mark.parametrize(
    "code",
    ["", "91350100M000100Y44", "91350100M000100Y4", "0" * 18, "91350100M000100YO3", "公司", "320583000012345"],
)
def test_what_has_not_the_form_or_the_digit_is_unverified(code: str) -> None:
    assert credit_code_status(code) == "unverified"


def test_width_case_blanks_and_hyphens_do_not_matter() -> None:
    assert normalise_credit_code("　９１３５０１００-m000 100y43\n") == "91350100M000100Y43"


def test_the_letter_o_is_never_taken_for_a_zero() -> None:
    assert credit_code_status("9135O100M000100Y43") == "unverified"


def test_a_wrong_code_is_kept() -> None:
    assert CreditCode().deserialize("91350100m000100y44") == "91350100M000100Y44"


@given(bodies)
def test_every_code_with_its_own_digit_is_verified(body: str) -> None:
    assert credit_code_status(body + credit_code_check_digit(body)) == "verified"


@given(bodies, st.integers(0, 16), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(body: str, place: int, letter: str) -> None:
    code = body + credit_code_check_digit(body)
    wrong = code[:place] + letter + code[place + 1 :]
    assert credit_code_status(wrong) == ("verified" if wrong == code else "unverified")


@given(st.text(max_size=40))
def test_any_text_has_a_status(text: str) -> None:
    assert credit_code_status(text) in {"verified", "unverified"}
