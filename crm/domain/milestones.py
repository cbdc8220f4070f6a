"""Milestones of the four tracks, and what follows from them: the stage, landing, who must confirm.

Source: product.md "Milestones" and the plan's landing definition; codes: docs/glossary.md. Pure: called by
`crm/services/progress.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from crm.domain.errors import Invalid

YI = 100_000_000  # 1亿元 in 元: from here on the bureau confirms

TRACKS: Mapping[str, tuple[str, ...]] = {
    "land": (
        "negotiating", "screening", "entry_review", "signed", "company_registration", "project_filing", "land_supply",
        "construction_start", "completion", "production_start", "investment_enrolment", "enterprise_enrolment",
        "full_capacity",
    ),
    "carrier": (
        "negotiating", "screening", "tenancy_review", "signed", "company_registration", "handover", "fit_out",
        "production_start", "investment_enrolment", "enterprise_enrolment", "full_capacity",
    ),
    "expansion": (
        "negotiating", "screening", "review", "signed", "change_filing", "project_filing", "land_supply",
        "equipment_in", "production_start", "investment_enrolment", "full_capacity",
    ),
    "light": (
        "negotiating", "screening", "signed", "company_registration", "moved_in", "enterprise_enrolment",
    ),
}  # fmt: skip
"""Milestones in order. Expansion keeps `signed`, since a supplementary agreement is often made."""

WITHOUT_TRACK = ("negotiating", "screening", "signed", "company_registration")

NAMES: Mapping[str, str] = {
    "reported": "已报送",
    "dispatched": "已派发",
    "negotiating": "在谈",
    "screening": "研判",
    "entry_review": "准入评审",
    "tenancy_review": "入驻联审",
    "review": "评审",
    "signed": "签约",
    "company_registration": "注册",
    "project_filing": "立项备案",
    "change_filing": "变更或技改备案",
    "land_supply": "供地",
    "handover": "交房",
    "fit_out": "装修进场",
    "equipment_in": "设备进场",
    "construction_start": "开工",
    "completion": "竣工",
    "production_start": "投产",
    "investment_enrolment": "投资入库",
    "enterprise_enrolment": "升规入统",
    "full_capacity": "达产",
    "moved_in": "入驻",
    "shelved": "搁置",
    "lost": "流失",
    "terminated": "终止",
    "unchosen": "未选中",
    "merged": "已合并",
}
TRACK_NAMES: Mapping[str, str] = {"land": "供地", "carrier": "载体", "expansion": "增资扩产", "light": "总部研发团队"}
STAGES = ("reported", "dispatched", *dict.fromkeys(kind for track in TRACKS.values() for kind in track))
OFF_LINE = ("shelved", "lost", "terminated", "unchosen", "merged")

NON_COUNTING_AGREEMENTS = ("framework_agreement", "intent", "signing_event")


@dataclass(frozen=True, slots=True)
class Reached:
    """A confirmed milestone."""

    kind: str
    occurred_on: date


def track_of(kind: str, site_mode: str) -> str | None:
    """The track that follows from the project's kind and site mode; None: a person sets it."""
    if kind == "expansion":
        return "expansion"
    if kind in ("hq", "rd", "team"):
        return "light"
    return {"land": "land", "lease": "carrier", "buy": "carrier", "office": "light"}.get(site_mode)


def allowed_kinds(track: str | None) -> tuple[str, ...]:
    return TRACKS[track] if track else WITHOUT_TRACK


def landing_date(track: str | None, reached: Iterable[Reached]) -> date | None:
    """The day the last of the track's landing conditions was met; None while one is missing."""
    days: dict[str, date] = {}
    for milestone in reached:
        days[milestone.kind] = min(milestone.occurred_on, days.get(milestone.kind, milestone.occurred_on))
    groups = LANDING.get(track or "", ())
    met = [min((days[kind] for kind in group if kind in days), default=None) for group in groups]
    if not met or any(day is None for day in met):
        return None
    return max(day for day in met if day is not None)


LANDING: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "land": (("company_registration",), ("land_supply",)),
    "carrier": (("company_registration",), ("signed",), ("handover",)),
    "expansion": (("change_filing", "project_filing"), ("land_supply", "equipment_in")),
    "light": (("company_registration",), ("moved_in",)),
}
"""Landed = all groups met, each by any of its kinds."""


def derive_stage(track: str | None, reached: Collection[Reached], assignment: str | None) -> str:
    """The furthest confirmed milestone of the track; before the first, what the assignment says.

    `assignment`: state of the latest assignment (pending, accepted, declined, expired) or None.
    """
    order = allowed_kinds(track)
    kinds = {milestone.kind for milestone in reached}
    furthest = [kind for kind in order if kind in kinds]
    before = {"pending": "dispatched", "accepted": "negotiating"}.get(assignment or "", "reported")
    if not furthest:
        return before
    # While a district owes an answer that is what everyone must see, even if the verdict is in already.
    return before if furthest[-1] == "screening" and before == "dispatched" else furthest[-1]


def confirmer_of(
    kind: str, track: str | None, reached: Collection[Reached], investment: int | None, sampled: bool
) -> str:
    """Who confirms: the bureau for signed, ≥ 1亿, the milestone that completes landing and the random tenth."""
    completes = landing_date(track, [*reached, Reached(kind, date.max)]) and not landing_date(track, reached)
    by_bureau = kind in ("signed", "screening") or (investment or 0) >= YI or completes or sampled
    return "bureau" if by_bureau else "district"


def check_claim(kind: str, track: str | None, evidence: Mapping[str, Any]) -> None:
    """Refuse a claim that cannot stand. Raises Invalid."""
    if kind not in NAMES or kind in OFF_LINE or kind in ("reported", "dispatched"):
        raise Invalid.of("kind", f"没有名为 {kind} 的节点")
    if kind not in allowed_kinds(track):
        path = TRACK_NAMES.get(track or "", "未定")
        raise Invalid.of("kind", f"{path}路径没有“{NAMES[kind]}”节点；请先在项目中确定招商路径")
    if not any(value not in (None, "", [], {}) for value in evidence.values()):
        raise Invalid.of("evidence", "请至少填写一项佐证")
    if kind == "screening" and not evidence.get("verdict"):
        raise Invalid.of("evidence.verdict", "研判须写明结论")
    if kind == "signed" and evidence.get("agreement") in NON_COUNTING_AGREEMENTS:
        raise Invalid.of("evidence.agreement", "框架协议、意向和签约活动不计签约，只有投资协议、租赁或购买合同可以")
