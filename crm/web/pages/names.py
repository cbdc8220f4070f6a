"""Codes → the words people know: organisations, districts, parks, chain nodes, kinds and states.

Loaded once a request; templates see it as `names`. Codes without a name are shown as they are, never hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from crm.domain.clock import local_date
from crm.domain.milestones import NAMES as STAGES
from crm.domain.milestones import TRACK_NAMES
from crm.domain.reference import ReferencePack
from crm.store.models import Project

ROLES = {
    "reporter": "报送人", "dispatcher": "调度", "district": "区镇招商", "carrier": "载体运营", "department": "部门会办",
    "liaison": "联络督查", "leader": "领导", "admin": "系统管理",
}  # fmt: skip
KINDS = {
    "new": "新设", "expansion": "增资扩产", "relocation_in_city": "市内迁移", "hq": "总部", "rd": "研发", "team": "团队",
}  # fmt: skip
SITE_MODES = {"land": "供地", "lease": "租赁", "buy": "购置", "office": "办公", "undecided": "未定"}
ORIGINS = {"mainland": "内资", "taiwan": "台资", "hkmo": "港澳资", "foreign": "外资"}
GRADES = {"key": "重点", "active": "跟进", "reserve": "储备"}
TYPES = {"enterprise": "企业", "lead": "线索", "project": "项目", "park": "园区", "carrier": "载体"}
LIGHTS = {"green": "正常", "yellow": "关注", "red": "预警"}
ASSIGNMENTS = {
    "pending": "待答复", "accepted": "已接受", "declined": "已退回", "expired": "逾期退回", "ended": "已结束",
}  # fmt: skip
RECEIPTS = {"received": "已登记，处理中", "processed": "已受理入库", "refused": "内容有误，待更正"}
ACTIVITIES = {
    "call": "电话", "message": "微信或邮件", "visit": "上门拜访", "reception": "来访接待", "meeting": "会谈", "other": "其他",
}  # fmt: skip
REJECTIONS = (
    ("breaks ", "条件不符："), ("no chain relation", "无产业链关系"), ("accepts no projects", "不承接项目"),
    ("part of ", "并入 "),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one request."""

    pack: ReferencePack
    organisations: Mapping[str, str] = field(default_factory=dict)

    def organisation(self, code: str | None) -> str:
        return self.organisations.get(code or "", code or "")

    def district(self, code: str | None) -> str:
        found = self.pack.districts.get(code or "")
        return found.name if found else code or ""

    def districts(self, codes: Iterable[str]) -> str:
        return "、".join(self.district(code) for code in codes)

    def park(self, code: str | None) -> str:
        found = self.pack.parks.get(code or "")
        return found.name if found else code or ""

    def node(self, code: str) -> str:
        found = self.pack.nodes.get(code)
        return found.name if found else code

    def industry(self, code: str) -> str:
        found = self.pack.industries.get(code)
        return found.name if found else code

    def industries(self, codes: Iterable[str]) -> str:
        return "、".join(self.industry(code) for code in codes)

    def project(self, project: Project) -> str:
        """What a list shows: a confidential project has its code name only."""
        return project.code_name if project.confidential else project.title

    @staticmethod
    def days_since(moment: datetime, day: date) -> int:
        return (day - local_date(moment)).days

    def stage(self, code: str | None) -> str:
        return STAGES.get(code or "", code or "")

    def track(self, code: str | None) -> str:
        return TRACK_NAMES.get(code or "", "未定")

    def facet(self, name: str, code: str) -> str:
        """A value of a search facet in words."""
        words = {"type": TYPES, "light": LIGHTS}.get(name)
        if words is not None:
            return words.get(code, code)
        reader = {
            "industry": self.industry, "node": self.node, "park": self.park, "district": self.district,
            "stage": self.stage, "source": self.organisation,
        }.get(name)  # fmt: skip
        return reader(code) if reader else code

    def rejection(self, reason: str) -> str:
        """A reason of a rejected park; its English stem is what outside systems read."""
        for stem, words in REJECTIONS:
            if reason.startswith(stem):
                return words + self._with_names(reason[len(stem) :]).lstrip("：: ，,")
        return reason

    def _with_names(self, text: str) -> str:
        code = text.strip().split("：")[0].split(" ")[0]
        return text.replace(code, self.pack.parks[code].name, 1) if code in self.pack.parks else text

    @property
    def district_choices(self) -> list[tuple[str, str]]:
        return [(district.code, district.name) for district in self.pack.districts.values()]

    @property
    def park_choices(self) -> list[tuple[str, str]]:
        """Parks that take projects, with their district."""
        taking = [park for park in self.pack.parks.values() if park.accepts_projects]
        named = [(p.code, f"{self.district(p.district)} · {p.name}" if p.district else p.name) for p in taking]
        return sorted(named, key=lambda pair: pair[1])

    @property
    def reporters(self) -> list[tuple[str, str]]:
        """Organisations that report, for the filter by source."""
        rows = self.pack.organisations.values()
        return [(row.code, row.name) for row in rows if row.reports] + self.district_choices

    @property
    def city(self) -> str:
        """The city of the pack: the county-level division most of its districts lie in."""
        counties = [d.admin_code[:6] for d in self.pack.districts.values() if len(d.admin_code) >= 6]
        division = self.pack.divisions.get(max(counties, key=counties.count)) if counties else None
        return division.name.removesuffix("市") if division else ""
