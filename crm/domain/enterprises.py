"""What a city knows of an enterprise: a fold over its reports in the order of receipt.

Whatever the order in which reports are processed, the same reports give the same profile and the same plan
(promise 2): services fold anew over all reports whenever one is added. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Values = dict[str, Any]

WAN = 10_000  # 1 万元 in 元
SINGLE = (
    "name", "english_name", "parent_name", "province", "city", "origin", "country", "main_business",
    "business_scope", "headcount",
)  # fmt: skip
LISTS = ("aliases", "former_names", "gbt4754", "honours")
LIST_LIMIT = 50


@dataclass(frozen=True, slots=True)
class Report:
    """A report as folded: its receipt, and `data` of the interface."""

    received_at: datetime
    receipt_no: str
    data: Mapping[str, Any]

    @property
    def order(self) -> tuple[datetime, str]:
        return self.received_at, self.receipt_no


def in_order(reports: Iterable[Report]) -> list[Report]:
    return sorted(reports, key=lambda report: report.order)


def fold_profile(reports: Sequence[Report]) -> Values:
    """The enterprise: for each field the first word counts, lists gather. Money in 元."""
    parts = [report.data.get("enterprise") or {} for report in in_order(reports)]
    profile: Values = {name: _first(parts, name) for name in SINGLE}
    profile.update({name: _gathered(parts, name) for name in LISTS})
    profile["main_business"] = profile["main_business"] or ""
    profile["business_scope"] = profile["business_scope"] or ""
    capital = _first(parts, "registered_capital")
    profile["registered_capital"] = round(capital * WAN) if capital is not None else None
    verified = [part for part in parts if part.get("uscc_status") == "verified"]
    coded = verified or [part for part in parts if part.get("uscc")]
    profile["uscc"] = coded[0]["uscc"] if coded else None
    profile["uscc_status"] = "verified" if verified else "unverified" if coded else "none"
    other_names = [part["name"] for part in parts if part.get("name") and part["name"] != profile["name"]]
    profile["aliases"] = list(dict.fromkeys([*profile["aliases"], *other_names]))[:LIST_LIMIT]
    return profile


def fold_plan(reports: Sequence[Report]) -> Values:
    """The project's plan, in the units of the interface: first word counts, lists gather."""
    parts = [report.data.get("project") or {} for report in in_order(reports)]
    plan: Values = {}
    for name in dict.fromkeys(key for part in parts for key in part):
        values = [part.get(name) for part in parts]
        if any(isinstance(value, list) for value in values):
            plan[name] = _gathered(parts, name)
        elif any(isinstance(value, dict) for value in values):
            plan[name] = _first_of_each([value for value in values if value])
        else:
            plan[name] = _first(parts, name)
    for vague in ("site_mode",):
        decided = [part.get(vague) for part in parts if part.get(vague) not in (None, "undecided")]
        plan[vague] = decided[0] if decided else "undecided"
    plan["kind"] = plan.get("kind") or "new"
    return {name: value for name, value in plan.items() if value not in (None, "", [], {})}


def investment_in_yuan(plan: Mapping[str, Any]) -> int | None:
    """Planned investment in 元; None when unknown or in a currency that needs a day's rate."""
    amount = plan.get("investment")
    if amount is None or plan.get("currency", "CNY") != "CNY":
        return None
    yuan: int = round(amount * WAN)
    return yuan


def title_of(plan: Mapping[str, Any], profile: Mapping[str, Any] | None) -> str:
    """The given title, else one made from the name or the first words of the summary."""
    if plan.get("title"):
        return str(plan["title"])
    if profile and profile.get("name"):
        return f"{profile['name'][:190]}项目"
    return f"{str(plan.get('summary', ''))[:40].strip() or '未命名'}项目"


def _first(parts: Sequence[Mapping[str, Any]], name: str) -> Any:
    return next((part[name] for part in parts if part.get(name) not in (None, "", [], {})), None)


def _gathered(parts: Sequence[Mapping[str, Any]], name: str) -> list[Any]:
    items = [item for part in parts for item in part.get(name) or []]
    return list(dict.fromkeys(items))[:LIST_LIMIT]


def _first_of_each(parts: Sequence[Mapping[str, Any]]) -> Values:
    return {name: _first(parts, name) for name in dict.fromkeys(key for part in parts for key in part)}
