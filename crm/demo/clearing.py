"""`crm demo clear`: takes away what `crm demo load` brought, with everything that hangs on it, and nothing else.

Demonstration data is no fact of the city: rows and their history go, so that what stays is still what its history says.
An enterprise or project that a real report joined stays, without the demonstration reports.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update

from crm.demo.accounts import DOMAIN, accounts_file
from crm.demo.line import Line, others_at_work
from crm.demo.reports import PREFIX
from crm.domain.actors import system
from crm.services.facts import public_project
from crm.store.identity import CHUNK
from crm.store.models import (
    Activity,
    Assignment,
    Carrier,
    Contact,
    Enterprise,
    EnterpriseHint,
    EnterpriseKey,
    HistoryLine,
    InboxMessage,
    Lead,
    LoginSession,
    Match,
    Membership,
    MergeProposal,
    Milestone,
    Obstacle,
    Project,
    ProjectParty,
    ProjectReader,
    Receipt,
    Submission,
    User,
)
from crm.store.unit_of_work import DocumentKey, Fact, Row, UnitOfWork, unit_of_work
from crm.wiring import Deployment

PROJECT_CHILDREN: tuple[Any, ...] = (Match, Assignment, Milestone, Activity, Obstacle, ProjectParty, ProjectReader)
ENTERPRISE_CHILDREN: tuple[Any, ...] = (EnterpriseKey, EnterpriseHint)


@dataclass(frozen=True, slots=True)
class Doomed:
    """What goes; `kept`: names of enterprises that stay, `joined`: projects that stay, since real reports joined them."""

    leads: tuple[str, ...]
    enterprises: tuple[str, ...]
    projects: tuple[str, ...]
    carriers: tuple[str, ...]
    users: tuple[str, ...]
    kept: tuple[str, ...]
    joined: tuple[str, ...]

    @property
    def documents(self) -> list[DocumentKey]:
        groups = {
            "lead": self.leads,
            "enterprise": self.enterprises,
            "project": self.projects,
            "carrier": self.carriers,
        }
        return [(kind, id_) for kind, ids in groups.items() for id_ in ids]


def clear_demo(deployment: Deployment) -> str:
    """Remove the demonstration data; what was removed and what stays, in a sentence."""
    tools = deployment.tools
    alone = not others_at_work(tools)
    if alone:
        _catch_up(deployment)  # what is still on its way would come back after the clearing
    with unit_of_work(tools.database, tools.clock) as unit:
        doomed = _find(unit)
        _remove(unit, doomed)
    accounts_file(tools.settings).unlink(missing_ok=True)
    if alone:
        _catch_up(deployment)
    return _sentence(doomed)


def _catch_up(deployment: Deployment) -> None:
    line = Line(deployment)
    try:
        line.catch_up()
    finally:
        line.close()


def _sentence(doomed: Doomed) -> str:
    if not (doomed.leads or doomed.carriers or doomed.users):
        return "没有演示数据"
    gone = f"已清除演示数据：{len(doomed.leads)} 条报送、{len(doomed.carriers)} 处载体、{len(doomed.users)} 个账号"
    if not doomed.kept:
        return gone
    return f"{gone}；{len(doomed.kept)} 家企业因有真实报送而保留：{'、'.join(doomed.kept[:10])}"


def _find(unit: UnitOfWork) -> Doomed:
    session = unit.session
    leads = session.execute(
        select(Lead.id, Lead.enterprise_id, Lead.project_id).where(Lead.source_ref.startswith(PREFIX, autoescape=True))
    ).all()
    touched = {row.enterprise_id for row in leads if row.enterprise_id}
    worked = {row.project_id for row in leads if row.project_id}
    real = Lead.source_ref.not_like(f"{PREFIX}%")
    real_enterprises = set(session.scalars(select(Lead.enterprise_id).where(real, Lead.enterprise_id.is_not(None))))
    real_projects = set(session.scalars(select(Lead.project_id).where(real, Lead.project_id.is_not(None))))
    names = {row.id: row.name for row in _all(unit, select(Enterprise), Enterprise.id, touched & real_enterprises)}
    return Doomed(
        leads=tuple(sorted(row.id for row in leads)),
        enterprises=tuple(sorted(touched - real_enterprises)),
        projects=tuple(sorted(worked - real_projects)),
        carriers=tuple(session.scalars(select(Carrier.id).where(Carrier.demo.is_(True)).order_by(Carrier.id))),
        users=tuple(session.scalars(select(User.id).where(User.email.like(f"%@{DOMAIN}")).order_by(User.id))),
        kept=tuple(sorted(names.values())),
        joined=tuple(sorted(worked & real_projects)),
    )


def _remove(unit: UnitOfWork, doomed: Doomed) -> None:
    receipts = [row.receipt_no for row in _all(unit, select(Lead), Lead.id, doomed.leads)]
    _leave_joined(unit, doomed)
    _delete(unit, Contact, Contact.lead_id, doomed.leads)
    _delete(unit, Receipt, Receipt.receipt_no, receipts)
    _delete(unit, Submission, Submission.receipt_no, receipts)
    _delete(unit, InboxMessage, InboxMessage.event_id, receipts)
    _remove_proposals(unit, doomed)
    for child in PROJECT_CHILDREN:
        _delete(unit, child, child.project_id, doomed.projects)
    for child in ENTERPRISE_CHILDREN:
        _delete(unit, child, child.enterprise_id, doomed.enterprises)
    _delete(unit, LoginSession, LoginSession.user_id, doomed.users)
    _delete(unit, Membership, Membership.user_id, doomed.users)
    _delete(unit, ProjectReader, ProjectReader.actor_id, [f"user:{user_id}" for user_id in doomed.users])
    aggregates: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (Lead, doomed.leads),
        (Enterprise, doomed.enterprises),
        (Project, doomed.projects),
        (Carrier, doomed.carriers),
        (User, doomed.users),
    )
    for model, ids in aggregates:
        _delete(unit, model, model.id, ids)
        _delete(unit, HistoryLine, HistoryLine.aggregate_id, ids)
    unit.raise_documents(doomed.documents, deleted=True)


def _remove_proposals(unit: UnitOfWork, doomed: Doomed) -> None:
    """Proposals to merge that a demonstration report or enterprise is part of."""
    gone: set[str] = set()
    for column, ids in (
        (MergeProposal.lead_id, doomed.leads),
        (MergeProposal.enterprise_a, doomed.enterprises),
        (MergeProposal.enterprise_b, doomed.enterprises),
    ):
        gone |= {row.id for row in _all(unit, select(MergeProposal), column, ids)}
    _delete(unit, MergeProposal, MergeProposal.id, gone)
    _delete(unit, HistoryLine, HistoryLine.aggregate_id, gone)


def _leave_joined(unit: UnitOfWork, doomed: Doomed) -> None:
    """Projects that stay lose their demonstration reports: in their columns by a fact, in their history's rows by omission."""
    going = set(doomed.leads)
    for line in _all(unit, select(HistoryLine), HistoryLine.aggregate_id, doomed.joined):
        leads = line.rows.get("leads", [])
        if any(row["id"] in going for row in leads):
            left = [row for row in leads if row["id"] not in going]
            rows = {**line.rows, "leads": left}
            unit.session.execute(update(HistoryLine).where(HistoryLine.id == line.id).values(rows=rows))
    for project in _all(unit, select(Project), Project.id, doomed.joined):
        statement = select(Lead).where(Lead.project_id == project.id).order_by(Lead.received_at, Lead.receipt_no)
        staying = [lead for lead in unit.session.scalars(statement) if lead.id not in going]
        unit.record(_without_demo(project, staying, unit))


def _without_demo(project: Project, staying: Sequence[Lead], unit: UnitOfWork) -> Fact:
    row: Row = {column.name: getattr(project, column.name) for column in Project.__table__.columns}
    row |= {
        "version": project.version + 1,
        "first_lead_id": staying[0].id,
        "received_at": staying[0].received_at,
        "sources": list(dict.fromkeys(lead.organisation for lead in staying)),
        "updated_at": unit.now,
    }
    touched: list[DocumentKey] = [("project", project.id)]
    if project.enterprise_id:
        touched.append(("enterprise", project.enterprise_id))
    return Fact(
        type="project.updated.v1",
        aggregate="project",
        aggregate_id=project.id,
        version=row["version"],
        actor=system("demo"),
        rows={"projects": [row]},
        change=public_project(row),
        documents=tuple(touched),
        reason="演示报送已清除",
    )


def _all(unit: UnitOfWork, statement: Any, column: Any, ids: Collection[str]) -> Iterator[Any]:
    for chunk in _chunks(ids):
        yield from unit.session.scalars(statement.where(column.in_(chunk))).all()


def _delete(unit: UnitOfWork, model: Any, column: Any, ids: Collection[str]) -> None:
    for chunk in _chunks(ids):
        unit.session.execute(delete(model).where(column.in_(chunk)))


def _chunks(ids: Collection[str]) -> Iterator[list[str]]:
    wanted = sorted(ids)
    for start in range(0, len(wanted), CHUNK):
        yield wanted[start : start + CHUNK]
