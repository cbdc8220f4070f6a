"""What officers do with one project of the demonstration year: each step a call of the real service, at the clock's time."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select

from crm.demo.officers import Officers
from crm.domain.actors import Actor
from crm.domain.clock import local_date
from crm.services import dispatch, progress
from crm.services.tools import Tools
from crm.store.models import Milestone, Project

TALKS = (
    ("visit", "投资方来昆考察园区与载体，对配套条件表示认可"),
    ("call", "电话沟通投资强度、用能与环评条件"),
    ("meeting", "召开项目推进会，梳理选址与政策诉求"),
    ("visit", "赴企业总部拜访，了解产线布局与投资节奏"),
    ("meeting", "就协议文本第二轮磋商，剩余两条待确认"),
)
PAPERS: Mapping[str, str] = {
    "entry_review": "准入评审会议纪要",
    "tenancy_review": "入驻联审意见",
    "review": "评审意见",
    "company_registration": "营业执照",
    "project_filing": "投资项目备案证",
    "change_filing": "变更登记通知书",
    "land_supply": "国有建设用地使用权出让合同",
    "construction_start": "建筑工程施工许可证",
    "completion": "竣工验收备案表",
    "handover": "房屋交接单",
    "fit_out": "装修进场单",
    "equipment_in": "设备进场清单",
    "production_start": "投产报告",
    "moved_in": "社保缴纳证明",
    "investment_enrolment": "投资入库通知",
    "enterprise_enrolment": "入统通知",
    "full_capacity": "达产验收意见",
}


@dataclass(slots=True)
class Steps:
    """One project in the hands of its officers. `wanted_district`: where to send it whatever the proposal says."""

    tools: Tools
    officers: Officers
    rng: random.Random
    project_id: str
    wanted_district: str | None = None

    @property
    def today(self) -> date:
        return local_date(self.tools.clock.now())

    def row(self) -> Any:
        """The project as it stands: a plain row of its columns."""
        with self.tools.database.glance() as session:
            return session.execute(_project_statement(), {"id": self.project_id}).one()

    def screen(self, verdict: str) -> None:
        """The bureau's verdict: one claims, another confirms."""
        row = self.row()
        milestone_id = self._claim(row, "screening", self.officers.dispatcher, {"verdict": verdict})
        self._confirm(milestone_id, row.version + 1, self.officers.second_dispatcher)

    def dispatch(self, note: str = "产品与园区主导产业一致，请抓紧对接") -> None:
        row = self.row()
        district, park = self._place(row)
        dispatch.dispatch(
            self.tools, self.officers.dispatcher, row.id, row.version, district=district, park=park, note=note
        )

    def _place(self, row: Any) -> tuple[str, str | None]:
        """The first proposed park that lies in the district; the wanted district comes first, then the proposal."""
        parks = self.tools.reference.pack().parks
        proposed = [parks[code] for code in row.proposed_parks if code in parks]
        wanted = self.wanted_district or next((park.district for park in proposed if park.district), None)
        district = wanted or next(iter(row.proposed_districts), self.officers.home)
        return district, next((park.code for park in proposed if park.district == district), None)

    def accept(self) -> None:
        row = self.row()
        dispatch.accept(self.tools, self.officers.officer(str(row.district)), row.id, row.version)

    def decline(self, reason: str) -> None:
        row = self.row()
        dispatch.decline(self.tools, self.officers.officer(str(row.district)), row.id, row.version, reason=reason)

    def expire(self) -> None:
        """The clock takes back what nobody answered in time."""
        dispatch.expire_unanswered(self.tools, self.tools.clock.now())

    def transfer(self) -> None:
        row = self.row()
        others = [code for code in sorted(self.tools.reference.pack().districts) if code != row.district]
        reason = "首谈区镇载体条件不符，经协商流转"
        actor = self.officers.dispatcher
        district = self.rng.choice(others)
        dispatch.transfer(self.tools, actor, row.id, row.version, district=district, split=None, reason=reason)

    def talk(self, *, next_in: int = 10) -> None:
        kind, summary = self.rng.choice(TALKS)
        progress.log_activity(
            self.tools,
            self.officers.officer(str(self.row().district)),
            self.project_id,
            kind=kind,
            occurred_on=self.today,
            summary=summary,
            two_sided=self.rng.random() < 0.6,
            next_step="跟进投资方答复",
            next_on=self.today + timedelta(days=next_in),
        )

    def reach(self, kind: str) -> None:
        """The district claims, the other one who must confirms."""
        row = self.row()
        officers = self.officers
        claimant, officer = officers.colleague(str(row.district)), officers.officer(str(row.district))
        self._confirm(self._claim(row, kind, claimant, _evidence(kind, row.track)), row.version + 1, officer)

    def claim(self, kind: str) -> None:
        """Claimed today, waiting for its confirmation."""
        row = self.row()
        self._claim(row, kind, self.officers.colleague(str(row.district)), _evidence(kind, row.track))

    def _confirm(self, milestone_id: str, version: int, district_officer: Actor) -> None:
        with self.tools.database.glance() as session:
            confirmer = session.scalars(select(Milestone.confirmer).where(Milestone.id == milestone_id)).one()
        actor = self.officers.second_dispatcher if confirmer == "bureau" else district_officer
        progress.confirm_milestone(self.tools, actor, self.project_id, milestone_id, version)

    def _claim(self, row: Any, kind: str, claimant: Actor, evidence: Mapping[str, Any]) -> str:
        return progress.claim_milestone(
            self.tools, claimant, row.id, row.version, kind=kind, occurred_on=self.today, evidence=evidence
        )

    def obstruct(self, department: str, description: str) -> None:
        actor = self.officers.officer(str(self.row().district))
        due_on = self.today + timedelta(days=14)
        progress.raise_obstacle(
            self.tools, actor, self.project_id, department=department, description=description, due_on=due_on
        )

    def grade(self, grade: str) -> None:
        row = self.row()
        progress.edit_project(self.tools, self.officers.dispatcher, row.id, row.version, track=None, grade=grade)

    def set_track(self, track: str) -> None:
        row = self.row()
        progress.edit_project(self.tools, self.officers.dispatcher, row.id, row.version, track=track, grade=None)

    def shelve(self, reason: str) -> None:
        row = self.row()
        wake_on = self.today + timedelta(days=120)
        progress.shelve(self.tools, self.officers.dispatcher, row.id, row.version, reason=reason, wake_on=wake_on)

    def lose(self, reason: str) -> None:
        row = self.row()
        progress.lose(self.tools, self.officers.dispatcher, row.id, row.version, reason=reason)

    def terminate(self, reason: str) -> None:
        row = self.row()
        progress.terminate(self.tools, self.officers.dispatcher, row.id, row.version, reason=reason)


def _evidence(kind: str, track: str | None) -> dict[str, Any]:
    if kind == "signed":
        agreement = "lease" if track == "carrier" else "investment_agreement"
        return {"agreement": agreement, "document": "协议扫描件（演示）"}
    return {"document": f"{PAPERS.get(kind, '佐证材料')}（演示）"}


@cache
def _project_statement() -> Select[Any]:
    """Kept: asked for every step of the year."""
    return select(Project.__table__).where(Project.id == bindparam("id"))
