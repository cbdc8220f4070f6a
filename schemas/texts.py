"""Texts of a contract: names, long texts, codes, contacts; one spelling each, nothing PostgreSQL or UTF-8 cannot carry.

NUL and other control characters and lone surrogates are refused in every text (architecture, trap 5). Lengths:
interface.md. Re-exported by `schemas/fields.py`, which is where schemas import them from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from marshmallow import ValidationError, fields, validate

from schemas.amounts import to_half_width
from schemas.credit_codes import normalise_credit_code

SHORT, LONG, WORD = 200, 100_000, 50
BLANKS = " \t\n\r\xa0\u3000\u200b\ufeff"

# C0 without tab and line ends, DEL, lone surrogates.
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_CONTROL = re.compile("[\t\n\r]")
_CLASS = re.compile(r"[A-T]|[A-T]?([0-9]{2,4})")
_PHONE_DIGITS = re.compile(r"[0-9]")

MESSAGES = {"required": "必填", "null": "不能为空"}


class Text(fields.String):
    """A text of at most `longest` characters after its outer blanks are gone; empty counts as absent."""

    longest = SHORT
    lines = False
    default_error_messages = {
        **MESSAGES,
        "invalid": "须为文字",
        "control": "含有不可用的控制字符",
        "long": "最多 {longest} 个字",
        "blank": "不能只有空白或符号",
    }

    def __init__(self, *, filled: bool = False, **options: Any) -> None:
        options.setdefault("metadata", {}).setdefault("maxLength", self.longest)
        super().__init__(**options)
        self.filled = filled

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        # A printable text has neither control characters nor blanks but " ": most texts need no closer look.
        text = value.strip(" ") if value.isprintable() else self._without_blanks(value)
        if len(text) > self.longest:
            raise self.make_error("long", longest=self.longest)
        if self.filled and value and not any(map(str.isalnum, text)):
            raise self.make_error("blank")
        if not text:
            if self.required:
                raise self.make_error("required")
            return None
        return self.tidy(text)

    def _without_blanks(self, value: str) -> str:
        text = value.strip(BLANKS)
        if FORBIDDEN.search(value) or (not self.lines and _LINE_CONTROL.search(text)):
            raise self.make_error("control")
        return text

    def tidy(self, text: str) -> str:
        """The one spelling kept, or ValidationError; `text` is not empty."""
        return text


class ShortText(Text):
    """Names and titles: one line, up to 200 characters."""


class LongText(Text):
    """Descriptions: lines and tabs allowed, up to 100,000 characters."""

    longest = LONG
    lines = True


class FreeWord(Text):
    """A word of a list nobody closed (招商路径, 工艺风险): up to 50 characters."""

    longest = WORD


class Code(FreeWord):
    """A code of the reference pack: half width, capitals. Whether it exists is the caller's to check."""

    def tidy(self, text: str) -> str:
        return to_half_width(text).upper()


class Choice(FreeWord):
    """One of a closed list; capitals do not matter unless the list has them."""

    default_error_messages = {"choice": "只能是：{choices}"}

    def __init__(self, choices: Iterable[str], **options: Any) -> None:
        self.choices = tuple(choices)
        options.setdefault("metadata", {})["enum"] = list(self.choices)
        super().__init__(**options)

    def tidy(self, text: str) -> str:
        if text in self.choices:
            return text
        if text.lower() in self.choices:
            return text.lower()
        raise self.make_error("choice", choices=" ".join(self.choices))


class Currency(FreeWord):
    """An ISO 4217 letter code."""

    default_error_messages = {"currency": "须为三个字母的币种代码，如 CNY、USD"}

    def tidy(self, text: str) -> str:
        code = to_half_width(text).upper()
        if not re.fullmatch("[A-Z]{3}", code):
            raise self.make_error("currency")
        return code


class CreditCode(ShortText):
    """A unified social credit code; a wrong one is kept (`credit_code_status` tells), never refused."""

    def tidy(self, text: str) -> str:
        return normalise_credit_code(text)


class ClassCode(FreeWord):
    """A code of GB/T 4754-2017: a section letter or two to four digits; the letter before digits is dropped (C3974)."""

    default_error_messages = {"class": "须为 GB/T 4754 代码，如 3974"}

    def tidy(self, text: str) -> str:
        match = _CLASS.fullmatch(to_half_width(text).upper())
        if match is None:
            raise self.make_error("class")
        return match.group(1) or match.group(0)


_check_email = validate.Email()


class Email(ShortText):
    """An e-mail address."""

    default_error_messages = {"email": "不是有效的电子邮箱"}

    def tidy(self, text: str) -> str:
        address = to_half_width(text)
        try:
            _check_email(address)
        except ValidationError as error:
            raise self.make_error("email") from error
        return address


class Phone(FreeWord):
    """A phone number as people write it, extension and remark included: at least five digits, half width."""

    default_error_messages = {"phone": "不是有效的电话号码"}

    def tidy(self, text: str) -> str:
        number = to_half_width(text)
        if len(_PHONE_DIGITS.findall(number)) < 5:
            raise self.make_error("phone")
        return number
