"""The field types contracts are made of, in one place to import from: texts, dates, numbers, flags, lists, parts.

Each reads what people and other systems really write (full width, stray blanks), gives back one JSON value in one
spelling, and refuses the rest in Chinese. Used by `schemas/events/`, `schemas/api/` and `schemas/envelope.py`.
"""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from schemas.amounts import Amount, Area, Count, Energy, Land, Money, Percent, read_amount
from schemas.credit_codes import credit_code_status, normalise_credit_code
from schemas.dates import CHINA, Day, Month, ZonedTime, lacks_zone
from schemas.texts import (
    FORBIDDEN,
    MESSAGES,
    Choice,
    ClassCode,
    Code,
    CreditCode,
    Currency,
    Email,
    FreeWord,
    LongText,
    Phone,
    ShortText,
    Text,
)

__all__ = [
    "CHINA", "Amount", "Area", "Choice", "ClassCode", "Code", "Count", "CreditCode", "Currency", "Day", "Email",
    "Energy", "Flag", "FreeWord", "Items", "Land", "LongText", "Mapped", "Money", "Month", "Part", "Percent", "Phone",
    "ShortText", "Text", "ZonedTime", "credit_code_status", "lacks_zone", "normalise_credit_code", "read_amount",
]  # fmt: skip

MOST_ITEMS = 1000
MOST_LEVELS = 8
MOST_NUMBER = 2**53  # beyond it JSON readers disagree


class Flag(fields.Boolean):
    """true or false, nothing that looks like it."""

    default_error_messages = {**MESSAGES, "invalid": "须为 true 或 false"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


class Items(fields.List[Any]):
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


class Mapped(fields.Dict):
    """An object of any names, for what differs by kind (evidence, changed fields)."""

    default_error_messages = {
        **MESSAGES,
        "invalid": "须为 JSON 对象",
        "plain": "只能含 JSON 的文字、数字、列表与对象，最多 {depth} 层，无控制字符",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if not _is_plain(value, MOST_LEVELS):
            raise self.make_error("plain", depth=MOST_LEVELS)
        loaded: dict[Any, Any] = super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]
        return loaded


def _is_plain(value: Any, levels: int) -> bool:
    match value:
        case None | bool():
            return True
        case str():
            return not FORBIDDEN.search(value)
        case int() | float():
            return -MOST_NUMBER <= value <= MOST_NUMBER
        case dict() if levels:
            return all(isinstance(n, str) and _is_plain(n, 1) and _is_plain(v, levels - 1) for n, v in value.items())
        case list() if levels:
            return all(_is_plain(item, levels - 1) for item in value)
    return False
