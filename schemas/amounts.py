"""Numbers people write: money, areas, land, energy, counts, and the units they write after them.

The wire carries plain numbers in the interface's unit; spreadsheets and chats bring "5亿元", "3,500" or full-width
digits. What reads in one way only is taken, all else is refused: a refused figure is asked for again, a wrong one is
believed.
Used by every schema of this room; feeds and paste-in use `read_amount` directly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from marshmallow import fields

UPPER_LIMIT = 1_000_000_000  # 1e9: interface.md
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " "}
# Superscripts and circled digits stay as they are: NFKC would turn 5² into 52.
_WRITTEN = re.compile(r"([-−]?)((?:0|[1-9][0-9]{0,2}(?:,[0-9]{3})+|[1-9][0-9]*)(?:\.[0-9]+)?) *((?:[^\d.,\s].*)?)")
_LONGEST = 40

_MONEY = {"元": "0.0001", "万": "1", "万元": "1", "百万": "100", "百万元": "100", "千万": "1000", "千万元": "1000"}
_MONEY |= {"亿": "10000", "亿元": "10000", "百亿": "1000000", "百亿元": "1000000"}
_AREA = dict.fromkeys(("㎡", "m²", "m2", "平方米", "平米"), "1") | dict.fromkeys(
    ("万㎡", "万m²", "万平方米", "万平米"), "10000"
)


def _table(units: Mapping[str, str]) -> Mapping[str, Decimal]:
    return MappingProxyType({unit: Decimal(factor) for unit, factor in units.items()})


MONEY_UNITS = _table(_MONEY)
AREA_UNITS = _table(_AREA)
LAND_UNITS = _table({"亩": "1", "公顷": "15"})
ENERGY_UNITS = _table({"吨标煤": "1", "吨标准煤": "1", "tce": "1", "万吨标煤": "10000", "万吨标准煤": "10000"})
COUNT_UNITS = _table({"人": "1", "名": "1", "个": "1"})
PERCENT_UNITS = _table({"%": "1"})
NO_UNITS = _table({})


def to_half_width(text: str) -> str:
    """Full-width ASCII and the ideographic blank as their half-width twins; nothing else is touched."""
    return text.translate(_HALF_WIDTH)


def read_amount(text: str, units: Mapping[str, Decimal]) -> Decimal | None:
    """The one number `text` can mean, in the unit whose factor is 1; None when it is not one number or ambiguous."""
    folded = to_half_width(text).strip()
    written = _WRITTEN.fullmatch(folded) if len(folded) <= _LONGEST else None
    if written is None:
        return None
    sign, digits, unit = written.groups()
    factor = units.get(unit.strip(), None) if unit else Decimal(1)
    if factor is None:
        return None
    value = Decimal(digits.replace(",", "")) * factor
    return -value if sign else value


class Amount(fields.Float):
    """A number from 0 to `most`; `places` decimals are kept, an int is given where it is whole."""

    units: Mapping[str, Decimal] = NO_UNITS
    unit_name = ""
    places = 6
    default_error_messages = {
        "required": "必填",
        "null": "不能为空",
        "invalid": "须为数字，且只有一种读法；单位：{unit}",
        "range": "须在 0 至 {most} 之间（{unit}）",
        "whole": "须为整数",
    }

    def __init__(self, *, most: int = UPPER_LIMIT, **options: Any) -> None:
        options.setdefault("metadata", {}).update({"minimum": 0, "maximum": most})
        if self.unit_name:
            options["metadata"].setdefault("description", f"单位：{self.unit_name}")
        super().__init__(**options)
        self.most = most

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if type(value) is int and 0 <= value <= self.most:
            return value
        if isinstance(value, str):
            return self._from_text(value)
        # bool is an int in Python and a mistake here
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            raise self.make_error("invalid", unit=self.unit_name or "无")
        if not 0 <= value <= self.most:
            raise self.make_error("range", most=self.most, unit=self.unit_name or "无")
        return self._tidy(value)

    def _from_text(self, text: str) -> float | int | None:
        if not text.strip():
            return None  # an empty cell
        amount = read_amount(text, self.units)
        if amount is None:
            raise self.make_error("invalid", unit=self.unit_name or "无")
        if not 0 <= amount <= self.most:
            raise self.make_error("range", most=self.most, unit=self.unit_name or "无")
        return self._tidy(amount)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return None if value is None else self._tidy(value)

    def _tidy(self, value: float | Decimal) -> float | int:
        """The same number always in the same JSON: 50000.0 and 50000 are equal content."""
        rounded = round(float(value), self.places)
        return int(rounded) if rounded.is_integer() else rounded


class Money(Amount):
    """万元 of the record's currency, kept to the 元."""

    units, unit_name, places = MONEY_UNITS, "万元", 4


class Area(Amount):
    """Floor area in ㎡."""

    units, unit_name = AREA_UNITS, "㎡"


class Land(Amount):
    """Land in 亩 (1 公顷 is 15 亩; ㎡ are refused: 亩 has no exact factor)."""

    units, unit_name = LAND_UNITS, "亩"


class Energy(Amount):
    """Energy in 吨标煤 a year (GB/T 2589)."""

    units, unit_name = ENERGY_UNITS, "吨标煤"


class Percent(Amount):
    """0 to 100."""

    units, unit_name = PERCENT_UNITS, "%"

    def __init__(self, **options: Any) -> None:
        super().__init__(most=100, **options)


class Count(Amount):
    """A whole number: people, storeys."""

    units, unit_name = COUNT_UNITS, "个"

    def _tidy(self, value: float | Decimal) -> int:
        if value != math.trunc(value):
            raise self.make_error("whole")
        return int(value)
