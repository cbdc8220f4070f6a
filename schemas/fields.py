"""The field types contracts are made of: texts, codes, contacts, dates; numbers come from `schemas/amounts.py`.

Each reads what people and other systems really write (full width, stray blanks), gives back one JSON value in one spelling,
and refuses what PostgreSQL, UTF-8 or a reader could not carry: NUL and other control characters, lone surrogates.
Used by `schemas/events/`, `schemas/api/` and `schemas/envelope.py`. Lengths and limits: interface.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Any

from marshmallow import ValidationError, fields, validate

from schemas.amounts import Amount, Area, Count, Energy, Land, Money, Percent
from schemas.credit_codes import credit_code_status, normalise_credit_code

__all__ = [
    "Amount", "Area", "Choice", "ClassCode", "Code", "Count", "CreditCode", "Day", "Email", "Energy", "Flag", "FreeWord",
    "Items", "Land", "LongText", "Money", "Month", "Part", "Percent", "Phone", "ShortText", "ZonedTime",
    "credit_code_status", "normalise_credit_code",
]  # fmt: skip

SHORT, LONG, WORD = 200, 100_000, 50
MOST_ITEMS = 1000
CHINA = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since 1991
FIRST_YEAR, LAST_YEAR = 1900, 2100

# C0 without tab and line ends, DEL, lone surrogates.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_LINE_CONTROL = re.compile("[\t\n\r]")
_BLANKS = " \t\n\r\xa0\u3000\u200b\ufeff"
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?")
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
        if _FORBIDDEN.search(value):
            raise self.make_error("control")
        text = value.strip(_BLANKS)
        if not self.lines and _LINE_CONTROL.search(text):
            raise self.make_error("control")
        if len(text) > self.longest:
            raise self.make_error("long", longest=self.longest)
        if self.filled and value and not any(map(str.isalnum, text)):
            raise self.make_error("blank")
        if not text:
            if self.required:
                raise self.make_error("required")
            return None
        return self.tidy(text)

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
        return text.translate(_HALF_WIDTH).upper()


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
        code = text.translate(_HALF_WIDTH).upper()
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
        match = _CLASS.fullmatch(text.translate(_HALF_WIDTH).upper())
        if match is None:
            raise self.make_error("class")
        return match.group(1) or match.group(0)


class Email(ShortText):
    """An e-mail address."""

    default_error_messages = {"email": "不是有效的电子邮箱"}

    def tidy(self, text: str) -> str:
        address = text.translate(_HALF_WIDTH)
        try:
            validate.Email()(address)
        except ValidationError as error:
            raise self.make_error("email") from error
        return address


class Phone(FreeWord):
    """A phone number as people write it, extension and remark included: at least five digits, half width."""

    default_error_messages = {"phone": "不是有效的电话号码"}

    def tidy(self, text: str) -> str:
        number = text.translate(_HALF_WIDTH)
        if len(_PHONE_DIGITS.findall(number)) < 5:
            raise self.make_error("phone")
        return number


def _year_fits(text: str) -> bool:
    return FIRST_YEAR <= int(text[:4]) <= LAST_YEAR


class Month(FreeWord):
    """`YYYY-MM`, 1900 to 2100."""

    default_error_messages = {"month": "须为 YYYY-MM，年份 1900 至 2100"}

    def tidy(self, text: str) -> str:
        month = text.translate(_HALF_WIDTH)
        if not _MONTH.fullmatch(month) or not _year_fits(month):
            raise self.make_error("month")
        return month


class Day(FreeWord):
    """`YYYY-MM-DD`, 1900 to 2100, a day of the calendar; given back as text."""

    default_error_messages = {"day": "须为 YYYY-MM-DD，年份 1900 至 2100"}

    def tidy(self, text: str) -> str:
        day = text.translate(_HALF_WIDTH)
        try:
            if _DAY.fullmatch(day) and _year_fits(day):
                return date.fromisoformat(day).isoformat()
        except ValueError as error:
            raise self.make_error("day") from error
        raise self.make_error("day")


class ZonedTime(FreeWord):
    """An instant, given back as ISO 8601 at +08:00. Without a zone it is taken as Asia/Shanghai, or refused."""

    default_error_messages = {"time": "须为带时区的时间，如 2026-01-17T09:30:00+08:00，年份 1900 至 2100", "zone": "须带时区"}

    def __init__(self, *, zone_required: bool = False, **options: Any) -> None:
        options.setdefault("metadata", {}).setdefault("format", "date-time")
        super().__init__(**options)
        self.zone_required = zone_required

    def tidy(self, text: str) -> str:
        match = _TIME.fullmatch(text)
        if match is None or not _year_fits(text):
            raise self.make_error("time")
        if self.zone_required and match["zone"] is None:
            raise self.make_error("zone")
        try:
            moment = datetime.fromisoformat(text)
            return (moment if moment.tzinfo else moment.replace(tzinfo=CHINA)).astimezone(CHINA).isoformat()
        except (ValueError, OverflowError) as error:
            raise self.make_error("time") from error


def lacks_zone(text: str) -> bool:
    """Whether a time that ZonedTime takes was written without a zone."""
    match = _TIME.fullmatch(text.strip(_BLANKS))
    return match is not None and match["zone"] is None


class Flag(fields.Boolean):
    """true or false, nothing that looks like it."""

    default_error_messages = {**MESSAGES, "invalid": "须为 true 或 false"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Items(fields.List):
    """A list of at most `most` items."""

    default_error_messages = {**MESSAGES, "invalid": "须为列表", "many": "最多 {most} 项"}

    def __init__(self, item: Any, *, most: int = MOST_ITEMS, **options: Any) -> None:
        options.setdefault("metadata", {}).setdefault("maxItems", most)
        super().__init__(item, **options)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and len(value) > self.most:
            raise self.make_error("many", most=self.most)
        return super()._deserialize(value, attr, data, **kwargs)


class Part(fields.Nested):
    """An object within the object."""

    default_error_messages = {**MESSAGES, "type": "须为 JSON 对象"}
