"""The named few of a confidential project: chosen by the administrator, by user or token."""

from __future__ import annotations

from typing import Any

from sqlalchemy import or_, select

from crm.domain.actors import Actor
from crm.domain.errors import Invalid, NotFound
from crm.domain.permissions import Verb, require
from crm.services.facts import public_project
from crm.services.known import plain_rows
from crm.services.tools import Tools
from crm.store.models import ApiToken, Lead, Project, ProjectReader, User
from crm.store.unit_of_work import Fact, UnitOfWork, unit_of_work


def name_reader(tools: Tools, actor: Actor, project: str, *, email: str | None, token_id: str | None) -> str:
    """Let a user or token read a confidential project (id or code name); the code name. Raises NotFound, Invalid."""
    require(actor, Verb.ADMINISTER)
    with unit_of_work(tools.database, tools.clock) as unit:
        found = or_(Project.id == project, Project.code_name == project)
        statement = select(Project.__table__).where(found, Project.confidential.is_(True))
        row = next(iter(plain_rows(unit.session, statement, Project.__table__, lock=True)), None)
        if row is None:
            raise NotFound("没有这个涉密项目")
        reader = {"project_id": row["id"], "actor_id": _actor_id(unit, email, token_id)}
        row["version"] += 1
        row["updated_at"] = unit.now
        leads = unit.session.scalars(select(Lead.id).where(Lead.project_id == row["id"]))
        documents = [("project", row["id"]), *(("lead", lead_id) for lead_id in leads)]
        if row["enterprise_id"]:
            documents.append(("enterprise", row["enterprise_id"]))
        rows = {"projects": [row], ProjectReader.__tablename__: [reader]}
        unit.record(
            Fact(
                type="project.updated.v1",
                aggregate="project",
                aggregate_id=row["id"],
                version=row["version"],
                actor=actor,
                rows=rows,
                change=public_project(row),
                documents=tuple(documents),
            )
        )
        return str(row["code_name"])


def _actor_id(unit: UnitOfWork, email: str | None, token_id: str | None) -> str:
    if email and (user_id := unit.session.scalar(select(User.id).where(User.email == email.strip().lower()))):
        return f"user:{user_id}"
    if token_id and unit.session.get(ApiToken, token_id) is not None:
        return f"token:{token_id}"
    raise Invalid.of("user", "请用 --user 给出用户邮箱，或用 --token 给出令牌编号")


def confidential_projects(tools: Tools) -> list[dict[str, Any]]:
    """Code names and readers, for the administrator: nothing that says what the projects are."""
    readers = select(ProjectReader.project_id, ProjectReader.actor_id)
    with tools.database.read() as session:
        named: dict[str, list[str]] = {}
        for project_id, actor_id in session.execute(readers):
            named.setdefault(project_id, []).append(actor_id)
        rows = session.execute(
            select(Project.id, Project.code_name, Project.stage, Project.received_at)
            .where(Project.confidential.is_(True))
            .order_by(Project.received_at)
        )
        return [
            {
                "code_name": row.code_name,
                "stage": row.stage,
                "received_at": row.received_at,
                "readers": named.get(row.id, []),
            }
            for row in rows
        ]
