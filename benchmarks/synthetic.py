"""Synthetic reports for measuring: seeded, about 1.2 KB of Chinese JSON as real ones are; invented names.

Of a hundred, twenty are second reports of an enterprise reported before, two correct an earlier report, one is refused.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import orjson

from crm.bus.port import Record
from crm.domain.reference import ReferencePack
from crm.services.submission import AMENDED, SUBMITTED
from schemas.credit_codes import credit_code_check_digit
from schemas.topics import LEADS_SUBMITTED, source_of

SYLLABLES = (
    "铂泓钜晟湛璟昱澍禾峤骏沁砺曜弈珂霖衍煦栩邃漱箬荻岑芮翊屿澜珩忻霁筠黎朔垚棠攸泠槿砚湜璞郅庹邺骁劭维特朗克诺斯思"
)
SCATTER = 48_271  # prime to the number of names: neighbours do not share their first syllables
PLACES = ("苏州", "昆山", "无锡", "上海", "宁波", "深圳", "合肥", "成都")
FORMS = ("科技有限公司", "有限公司", "股份有限公司")
MODES = ("land", "lease", "lease", "buy", "office", "undecided")
SCOPE = (
    "一般项目：技术服务、技术开发、技术咨询、技术交流、技术转让、技术推广",
    "货物进出口；技术进出口；进出口代理",
    "专用设备制造（不含许可类专业设备制造）",
    "新材料技术研发；新材料技术推广服务",
    "工程和技术研究和试验发展；信息技术咨询服务",
    "租赁服务（不含许可类租赁服务）；机械设备租赁",
    "以自有资金从事投资活动；企业管理咨询",
    "（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）",
)
SUMMARY = (
    "一期建设洁净厂房与配套研发中心，二期视订单情况扩产。",
    "产品面向长三角客户供货，已与三家整机厂签订意向协议。",
    "达产后预计新增就业岗位二百余个，其中研发人员不低于三成。",
    "对层高、承重和双回路供电有要求，希望年内完成选址。",
    "企业拟将华东区域总部与结算中心一并落户。",
    "团队近三年研发投入年均增长两成，拥有发明专利四十余项。",
)
HUNDRED = 100
SECOND, CORRECTED, FAULTY = 20, 2, 1  # of a hundred
BACK = 80  # from a correction to a first report


class Reports:
    """Report events of one seed; `brand` of a number is the same each time, so that searches know what to ask for."""

    def __init__(self, pack: ReferencePack, seed: int = 7) -> None:
        self.rng = random.Random(seed)
        self.nodes = sorted(pack.nodes.values(), key=lambda node: node.code)
        self.reporting = sorted(code for code, row in pack.organisations.items() if row.reports)

    def records(self, count: int) -> Iterator[Record]:
        for number in range(count):
            place = _place(number)
            if place < CORRECTED and number > HUNDRED:
                yield self._corrected(number)
            else:
                data = self.report(number, again=place >= HUNDRED - SECOND and number > 0)
                if place == CORRECTED:
                    data["project"]["investment"] = -FAULTY
                yield self._record(number, number, SUBMITTED, data)

    def _corrected(self, number: int) -> Record:
        """Under the key of the report it corrects, a first one, so that it comes after it."""
        return self._record(number, number - BACK, AMENDED, self.report(number - BACK))

    def _record(self, number: int, reported: int, kind: str, data: dict[str, Any]) -> Record:
        event = {
            "specversion": "1.0",
            "id": f"bench-{number}",
            "source": source_of(self.reporting[reported % len(self.reporting)]),
            "type": kind,
            "time": "2026-03-02T09:30:00+08:00",
            "datacontenttype": "application/json",
            "data": data,
        }
        return Record(LEADS_SUBMITTED, f"bench-{reported}", orjson.dumps(event))

    def _reported_before(self, number: int) -> int:
        while True:
            earlier = self.rng.randrange(number)
            if CORRECTED < _place(earlier) < HUNDRED - SECOND or earlier == 0:
                return earlier

    def report(self, number: int, *, again: bool = False) -> dict[str, Any]:
        """`again`: about an enterprise that was reported before."""
        rng = self.rng
        enterprise = self._reported_before(number) if again else number
        node = self.nodes[enterprise % len(self.nodes)]
        words = [*node.products, *node.keywords]
        products = "、".join(words[:3])
        mode = rng.choice(MODES)
        return {
            "source_ref": f"B-{number:07d}",
            "enterprise": {
                "name": full_name(enterprise, node.name),
                "uscc": credit_code(enterprise) if rng.random() < 0.7 else None,
                "province": "江苏",
                "origin": "mainland",
                "main_business": f"{products}的研发、生产和销售",
                "business_scope": "；".join([*rng.sample(SCOPE, 3), *rng.sample(words, min(4, len(words)))]),
                "registered_capital": rng.choice((500, 1000, 5000)),
            },
            "project": {
                "title": f"{brand(enterprise)}{node.name}项目",
                "summary": f"拟建设{products}产线。" + "".join(rng.sample(SUMMARY, rng.randrange(1, 4))),
                "kind": "new",
                "site_mode": mode,
                "investment": rng.randrange(500, 60000, 50),
                "floor_area": None if mode == "land" else rng.randrange(500, 20000, 100),
                "land": rng.randrange(10, 200, 5) if mode == "land" else None,
            },
            "contacts": [{"name": rng.choice(SYLLABLES) + "先生", "phone": f"1390000{number % 10000:04d}"}],
        }


def accepted(count: int) -> int:
    """How many of so many reports are not refused."""
    return count - sum(_place(number) == CORRECTED for number in range(count))


def _place(number: int) -> int:
    """Its place in the hundred: each hundred holds every kind, well mixed."""
    return number * 37 % HUNDRED


def brand(number: int) -> str:
    """Three syllables; a fourth where those are used up."""
    size = len(SYLLABLES)
    round_, place = divmod(number, size**3)
    place = place * SCATTER % size**3
    name = SYLLABLES[place % size] + SYLLABLES[place // size % size] + SYLLABLES[place // size // size]
    return name + (SYLLABLES[round_ - 1] if round_ else "")


def full_name(number: int, trade: str) -> str:
    return f"{PLACES[number % len(PLACES)]}{brand(number)}{trade[:6]}{FORMS[number % len(FORMS)]}"


def credit_code(number: int) -> str:
    first = f"91320583MA{number:07d}"
    return first + credit_code_check_digit(first)
