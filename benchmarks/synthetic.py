"""Synthetic reports for measuring: varied, seeded, 350 to 900 bytes of Chinese JSON, a third of them second reports."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import orjson

from crm.bus.port import Record
from crm.domain.reference import ReferencePack
from schemas.credit_codes import credit_code_check_digit
from schemas.topics import LEADS_SUBMITTED

SYLLABLES = (
    "铂泓钜晟湛璟昱澍禾峤骏沁砺曜弈珂霖衍煦栩邃漱箬荻岑芮翊屿澜珩忻霁筠黎朔垚棠攸泠槿砚湜璞郅庹邺骁劭维特朗克诺斯思"
)
PLACES = ("苏州", "昆山", "无锡", "上海", "宁波", "深圳", "合肥", "成都")
FORMS = ("科技有限公司", "有限公司", "股份有限公司")
MODES = ("land", "lease", "lease", "buy", "office", "undecided")
REPEATED = 3  # every third report is about an enterprise reported before


class Reports:
    """Report events of one seed; `brand` of a number is the same each time, so that searches know what to ask for."""

    def __init__(self, pack: ReferencePack, seed: int = 7) -> None:
        self.rng = random.Random(seed)
        self.nodes = sorted(pack.nodes.values(), key=lambda node: node.code)
        self.reporting = sorted(code for code, row in pack.organisations.items() if row.reports)

    def records(self, count: int) -> Iterator[Record]:
        for number in range(count):
            organisation = self.reporting[number % len(self.reporting)]
            event = {
                "specversion": "1.0",
                "id": f"bench-{number}",
                "source": f"/organisations/{organisation}",
                "type": "lead.submitted.v1",
                "time": "2026-03-02T09:30:00+08:00",
                "datacontenttype": "application/json",
                "data": self.report(number),
            }
            yield Record(LEADS_SUBMITTED, f"bench-{number}", orjson.dumps(event))

    def report(self, number: int) -> dict[str, Any]:
        rng = self.rng
        enterprise = rng.randrange(number + 1) if number % REPEATED == REPEATED - 1 else number
        node = self.nodes[enterprise % len(self.nodes)]
        products = "、".join(node.products[:3] or node.keywords[:3])
        mode = rng.choice(MODES)
        return {
            "source_ref": f"B-{number:07d}",
            "enterprise": {
                "name": full_name(enterprise, node.name),
                "uscc": credit_code(enterprise) if rng.random() < 0.7 else None,
                "province": "江苏",
                "origin": "mainland",
                "main_business": f"{products}的研发、生产和销售" * rng.choice((1, 1, 2)),
                "registered_capital": rng.choice((500, 1000, 5000)),
            },
            "project": {
                "title": f"{brand(enterprise)}{node.name}项目",
                "summary": f"拟建设{products}产线，" + "面向长三角客户供货。" * rng.randrange(1, 6),
                "kind": "new",
                "site_mode": mode,
                "investment": rng.randrange(500, 60000, 50),
                "floor_area": None if mode == "land" else rng.randrange(500, 20000, 100),
                "land": rng.randrange(10, 200, 5) if mode == "land" else None,
            },
            "contacts": [{"name": rng.choice(SYLLABLES) + "先生", "phone": f"1390000{number % 10000:04d}"}],
        }


def brand(number: int) -> str:
    size = len(SYLLABLES)
    return SYLLABLES[number % size] + SYLLABLES[number // size % size] + SYLLABLES[number // size // size % size]


def full_name(number: int, trade: str) -> str:
    return f"{PLACES[number % len(PLACES)]}{brand(number)}{trade[:6]}{FORMS[number % len(FORMS)]}"


def credit_code(number: int) -> str:
    first = f"91320583MA{number:07d}"
    return first + credit_code_check_digit(first)
