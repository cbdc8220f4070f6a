"""Invented companies that look real: brand, trade and form by number, and a credit code with a right check digit."""

from __future__ import annotations

from dataclasses import dataclass

from schemas.credit_codes import credit_code_check_digit

_FIRST = "铂泓钜晟湛璟昱澍禾峤骏沁砺曜弈"
_SECOND = "岑芮翊屿澜珩忻霁筠黎朔甫垚棠攸"
_THIRD = "斯维特朗克森泰诺微科瑞迪恩拓元"
_TRADES = ("精密机械", "光学材料", "智能装备", "新材料", "生物试剂", "传感技术", "自动化设备")
_PLACES = (
    ("苏州", "江苏", "苏州市"),
    ("无锡", "江苏", "无锡市"),
    ("宁波", "浙江", "宁波市"),
    ("合肥", "安徽", "合肥市"),
)
_FORMS = ("有限公司", "股份有限公司", "科技有限公司")


@dataclass(frozen=True, slots=True)
class Company:
    """`name` is the full name, `short` the brand alone."""

    name: str
    uscc: str
    short: str
    province: str
    city: str


def company(number: int) -> Company:
    """The `number`-th company; any two below 3,375 differ in brand, name and code."""
    size = len(_FIRST)
    brand = _FIRST[number % size] + _SECOND[number // size % size] + _THIRD[number // size // size % size]
    place, province, city = _PLACES[number % len(_PLACES)]
    name = f"{place}{brand}{_TRADES[number % len(_TRADES)]}{_FORMS[number % len(_FORMS)]}"
    return Company(name, credit_code(number), brand, province, city)


def credit_code(number: int) -> str:
    """A code of GB 32100 whose check digit is right."""
    first = f"91320583MA{number:07d}"
    return first + credit_code_check_digit(first)


def wrong_code(number: int) -> str:
    """The code of `number` with another check digit."""
    right = credit_code(number)
    return right[:17] + ("0" if right[17] != "0" else "1")
