"""Invented companies: plausible name, credit code with a right check digit, trade taken from a chain node of the pack.

Drawn from a seeded generator, so that the same seed and pack give the same companies. Called by `reports.py`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from crm.demo import words
from crm.domain.reference import ChainNode, ReferencePack
from schemas.credit_codes import credit_code_check_digit

BOILERPLATE = "技术服务、技术开发、技术咨询、技术交流、技术转让、技术推广；货物进出口；技术进出口"
CONDITION = "（除依法须经批准的项目外，凭营业执照依法自主开展经营活动）"
BODY = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Company:
    """`node` None: a trade that is none of the city's. `profile`: the `enterprise` part of a report, money in 万元."""

    short: str
    node: ChainNode | None
    product: str
    profile: dict[str, Any] = field(default_factory=dict)


class CompanyMaker:
    """Makes companies one after another; brands do not repeat."""

    def __init__(self, rng: random.Random, pack: ReferencePack) -> None:
        self.rng = rng
        self.pack = pack
        brands = [a + b + c for a in words.FIRST for b in words.SECOND for c in dict.fromkeys(words.THIRD)]
        rng.shuffle(brands)
        self._brands = brands
        self._by_industry: dict[str, list[ChainNode]] = {}
        for node in pack.nodes.values():
            self._by_industry.setdefault(node.industry, []).append(node)
        self._industries = sorted(self._by_industry)
        self._made = 0

    def make(self, *, outside: bool = False) -> Company:
        """The next company; industries take turns so that each of them occurs."""
        if outside or not self._industries:
            return self._outside()
        industry = self._industries[self._made % len(self._industries)]
        self._made += 1
        node = self.rng.choice(self._by_industry[industry])
        products = list(node.products or node.keywords or (node.name,))
        chosen = self.rng.sample(products, min(len(products), 3))
        trade = self.rng.choice(words.TRADES.get(industry, ("科技",)))
        doing = "的研发、部署与运营服务" if industry in words.SERVICES else "的研发、生产与销售"
        goods = "；".join(f"{product}{_made_or_served(industry)}；{product}销售" for product in chosen)
        profile = {
            "main_business": "、".join(chosen) + doing,
            "business_scope": f"一般项目：{goods}；{BOILERPLATE}{CONDITION}",
            "gbt4754": [code for code in node.gbt4754[:1] if code in self.pack.classes],
        }
        return self._company(trade, node, chosen[0], profile)

    def _outside(self) -> Company:
        trade, business, scope = self.rng.choice(words.OUTSIDE)
        profile = {"main_business": business, "business_scope": f"许可项目：{scope}{CONDITION}"}
        return self._company(trade, None, trade, profile)

    def _company(self, trade: str, node: ChainNode | None, product: str, profile: dict[str, Any]) -> Company:
        rng = self.rng
        brand = self._brands.pop()
        place, province, city, division = rng.choice(words.PLACES)
        origin = rng.choices(("mainland", "taiwan", "hkmo", "foreign"), (70, 14, 6, 10))[0]
        common = {
            "name": f"{place}{brand}{trade}{rng.choice(words.FORMS)}",
            "uscc": self._credit_code(division),
            "aliases": [f"{brand}{trade}"],
            "province": province,
            "city": city,
            "origin": origin,
            "country": rng.choice(words.COUNTRIES) if origin == "foreign" else None,
            "registered_capital": rng.choice((500, 1000, 2000, 3000, 5000, 10000, 20000)),
            "headcount": rng.randrange(20, 900, 10),
            "parent_name": f"{brand}集团" if rng.random() < 0.1 else None,
            "honours": rng.sample(words.HONOURS, rng.choice((0, 0, 1, 1, 2))),
        }
        return Company(brand, node, product, {**common, **profile})

    def _credit_code(self, division: str) -> str:
        first = f"91{division}MA" + "".join(self.rng.choices(BODY, k=7))
        return first + credit_code_check_digit(first)


def _made_or_served(industry: str) -> str:
    return "技术服务" if industry in words.SERVICES else "制造"
