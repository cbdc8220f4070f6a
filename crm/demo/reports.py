"""Reports about the invented companies: what they plan, what their site must offer, whom to call.

Numbers are of the fictitious range 139-0000-xxxx, addresses end in `.invalid`; every reference begins with `DEMO-` and every
title carries “（演示）”, so that nobody takes one for a real report.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from crm.demo import words
from crm.demo.companies import Company, CompanyMaker
from crm.domain.milestones import track_of
from crm.domain.reference import ReferencePack

MARK = "（演示）"
PREFIX = "DEMO-"
YEAR = 365
RECENT = 12  # the last days get an ordinary report each: today's queue, answers due and late
TUESDAY, FRIDAY = 1, 4
WISHES = (("new", "land"), ("new", "lease"), ("new", "lease"), ("new", "buy"), ("expansion", "land"), ("rd", "office"),
          ("hq", "office"), ("new", "undecided"), ("expansion", "lease"), ("relocation_in_city", "lease"))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Planned:
    """A report of the year: who reports what on which day. `first`: no earlier report of the same company."""

    day: date
    organisation: str
    data: dict[str, Any]
    first: bool
    suitable: bool

    @property
    def track(self) -> str | None:
        return track_of(self.data["project"]["kind"], self.data["project"]["site_mode"])

    @property
    def own_find(self) -> bool:
        return "自有线索" in self.data["project"]["summary"]


class ReportWriter:
    """Writes the reports of a year ending on `today`. `stamp` keeps references of two loads apart."""

    def __init__(self, rng: random.Random, pack: ReferencePack, today: date, stamp: str) -> None:
        self.rng = rng
        self.pack = pack
        self.today = today
        self.stamp = stamp
        self.companies = CompanyMaker(rng, pack)
        reporting = sorted(code for code, row in pack.organisations.items() if row.reports)
        self.centres = [code for code in reporting if "产业创新中心" in pack.organisations[code].name] or reporting
        self.reporting = reporting + self.centres * 4
        self._number = 0

    def year(self, count: int) -> list[Planned]:
        """About `count` reports, oldest first."""
        rng = self.rng
        planned: list[Planned] = []
        firsts = round(count * 0.76)
        for number in range(firsts):
            recent = number >= firsts - RECENT
            ago = firsts - 1 - number if recent else YEAR - round(YEAR * number / firsts)
            day = office_day(self.today - timedelta(days=ago), self.today)
            if number % 37 == 5 and not recent:
                planned.append(self._team(day))
                continue
            company = self.companies.make(outside=number % 23 == 9 and not recent)
            first = self._report(company, day, number, own_find=number % 19 == 7 and not recent)
            if number in (firsts // 3, firsts // 2):
                first.data["confidential"] = True
            planned.append(first)
            if number % 3 == 0 and len(planned) < count:
                later = office_day(day + timedelta(days=rng.randrange(7, 40)), self.today)
                planned.append(self._again(first, company, later))
        return sorted((report for report in planned if report.day <= self.today), key=lambda report: report.day)

    def _reference(self) -> str:
        self._number += 1
        return f"{PREFIX}{self.stamp}-{self._number:04d}"

    def _report(self, company: Company, day: date, number: int, *, own_find: bool) -> Planned:
        rng = self.rng
        kind, site_mode = WISHES[number % len(WISHES)]
        organisation = rng.choice(sorted(self.pack.districts)) if own_find else rng.choice(self.reporting)
        project = self._plan(company, kind, site_mode)
        if own_find:
            project["summary"] += "区镇走访所得的自有线索。"
        data = {
            "source_ref": self._reference(),
            "enterprise": _given(company.profile),
            "project": _given(project),
            "contacts": [self._person() for _ in range(rng.choice((1, 1, 2)))],
            "last_contact": {"date": (day - timedelta(days=rng.randrange(1, 10))).isoformat()},
            "reported_at": f"{day.isoformat()}T08:30:00+08:00",
        }
        return Planned(day, organisation, data, first=True, suitable=company.node is not None)

    def _again(self, first: Planned, company: Company, day: date) -> Planned:
        """Another organisation reports the same company: fewer facts, its own figures."""
        rng = self.rng
        others = [code for code in self.reporting if code != first.organisation]
        enterprise = {name: value for name, value in first.data["enterprise"].items() if rng.random() < 0.7}
        enterprise["name"] = company.profile["name"]
        plan = first.data["project"]
        kept = {name: plan[name] for name in ("kind", "site_mode", "investment", "floor_area", "land") if name in plan}
        summary = f"{company.short}拟在昆山布局{company.product}项目，投资方已来昆考察。"
        data = {
            "source_ref": self._reference(),
            "enterprise": enterprise,
            "project": {**kept, "title": plan["title"], "summary": summary},
            "contacts": [self._person()],
            "confidential": first.data.get("confidential", False),
        }
        return Planned(day, rng.choice(others), data, first=False, suitable=first.suitable)

    def _team(self, day: date) -> Planned:
        """A team without a name: it can be reported, and is protected once named."""
        company = self.companies.make()
        summary = f"海外归国团队，从事{company.product}方向研发，已完成样机，寻求孵化场地与天使投资。"
        project = {"title": f"{company.product}创业团队{MARK}", "summary": summary, "kind": "team", "site_mode": "office",
                   "investment": 300, "floor_area": 300, "jobs": 8, "masters_doctors": 5}  # fmt: skip
        enterprise = {"main_business": company.profile["main_business"], "origin": "mainland"}
        data = {
            "source_ref": self._reference(),
            "enterprise": enterprise,
            "project": project,
            "contacts": [self._person()],
        }
        return Planned(day, self.rng.choice(self.centres), data, first=True, suitable=True)

    def _plan(self, company: Company, kind: str, site_mode: str) -> dict[str, Any]:
        rng = self.rng
        what = {"rd": "研发中心", "hq": "区域总部", "expansion": "增资扩产"}.get(kind, "生产基地")
        plan: dict[str, Any] = {
            "title": f"{company.short}{company.product}{what}项目{MARK}",
            "summary": f"拟建设{company.product}{what}，面向长三角客户，达产后形成稳定供货。",
            "kind": kind,
            "site_mode": site_mode,
            "start_month": (self.today + timedelta(days=90)).strftime("%Y-%m") if rng.random() < 0.3 else None,
            "preferred_districts": [rng.choice(sorted(self.pack.districts))] if rng.random() < 0.15 else None,
            "path": rng.choice(("产业链招商", "以商引商", "基金招商", "中介招商")),
        }
        if site_mode == "land":
            land = rng.choice((15, 20, 30, 45, 60, 100, 260))
            plan |= self._figures(land * rng.randrange(380, 900)) | {"land": land, "floor_area": land * 1000}
        elif site_mode == "office":
            plan |= self._figures(rng.randrange(300, 6000, 100)) | {"floor_area": rng.randrange(200, 2500, 100)}
        else:
            plan |= self._figures(rng.randrange(800, 18000, 100)) | {"floor_area": rng.randrange(800, 9000, 200)}
            plan |= self._needs()
        return plan

    def _figures(self, investment: int) -> dict[str, Any]:
        """Money in 万元; ratios as in ordinary plans."""
        rng = self.rng
        output = round(investment * rng.uniform(0.9, 2.2))
        return {
            "investment": investment,
            "fixed_assets": round(investment * 0.7),
            "annual_output": output,
            "annual_tax": round(output * 0.05),
            "jobs": max(5, investment // rng.randrange(60, 160)),
            "energy": round(investment * 0.03),
        }

    def _needs(self) -> dict[str, Any]:
        """Half of the factories ask for something a building may not have; some bring a process that is refused."""
        rng = self.rng
        needs: dict[str, Any] = {}
        if rng.random() < 0.5:
            site = {
                "storey": rng.choice((1, 1, 2)),
                "height_m": rng.choice((6, 8, 9, 12)),
                "load_t_m2": rng.choice((1, 1.5, 2, 3)),
                "power_kva": rng.choice((630, 1250, 2000, 4000)),
            }
            needs["site_needs"] = {name: site[name] for name in rng.sample(sorted(site), rng.choice((1, 2, 3)))}
        if rng.random() < 0.25:
            needs["process_risks"] = rng.sample(words.RISKS, rng.choice((1, 1, 2)))
        return needs

    def _person(self) -> dict[str, str]:
        rng = self.rng
        number = rng.randrange(10_000)
        return {
            "name": rng.choice(words.SURNAMES) + rng.choice(words.GIVEN),
            "title": rng.choice(words.TITLES),
            "phone": f"1390000{number:04d}",
            "email": f"contact{number:04d}@demo.invalid",
        }


def _given(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in part.items() if value not in (None, [], {})}


def office_day(day: date, today: date) -> date:
    """Reports come on Tuesdays, of late on any weekday: fewer days are quicker to play."""
    if (today - day).days < RECENT:
        return day - timedelta(days=max(0, day.weekday() - FRIDAY))
    return day - timedelta(days=(day.weekday() - TUESDAY) % 7)


def by_day(reports: Sequence[Planned]) -> dict[date, list[Planned]]:
    """The reports of each day, days in order."""
    days: dict[date, list[Planned]] = {}
    for report in reports:
        days.setdefault(report.day, []).append(report)
    return days
