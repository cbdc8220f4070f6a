"""The unified social credit code (统一社会信用代码) by GB 32100-2015: how it is written, and its check digit.

A wrong code never refuses a report (product.md): it is kept as written and flagged. Read by `schemas/fields.py`, by
identity judgement and by the blind check. No letter is ever "corrected" into a digit: O is not 0.
"""

from __future__ import annotations

import re
from typing import Literal

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # clause 4.2: without I O S V Z
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))  # annex A
# Registering department, kind of body, six digits of administrative division, nine of the body, check digit.
_FORM = re.compile(rf"[{_ALPHABET[1:]}][{_ALPHABET}][0-9]{{6}}[{_ALPHABET}]{{10}}")
_NOISE = re.compile(r"[\s\u200b\ufeff\-]+")
_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}


def normalise_credit_code(text: str) -> str:
    """The code in half width and capitals, without blanks and hyphens; nothing else is touched."""
    return _NOISE.sub("", text.translate(_FULL_WIDTH)).upper()


def credit_code_check_digit(first_seventeen: str) -> str:
    """The eighteenth character for the first seventeen. Raises KeyError on a letter outside the alphabet."""
    total = sum(_VALUES[letter] * weight for letter, weight in zip(first_seventeen, _WEIGHTS, strict=True))
    return _ALPHABET[(31 - total % 31) % 31]


def credit_code_status(text: str) -> Literal["verified", "unverified"]:
    """`verified` if `text`, normalised, has the form of GB 32100 and its check digit; else `unverified`."""
    code = normalise_credit_code(text)
    if not _FORM.fullmatch(code) or credit_code_check_digit(code[:17]) != code[17]:
        return "unverified"
    return "verified"
