"""Reading enterprises inside a scope, their visible projects and reports, and the parties of projects.

Called by the API (`get_enterprise`, `projects_of`, `parties_of`) and the pages (`enterprise_detail`): one file for both.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from crm.domain.errors import NotFound
from crm.domain.scope import Scope
from crm.store.models import Enterprise, Lead, Project, ProjectParty
from crm.store.queries.scope import visible_enterprises, visible_leads, visible_projects


@dataclass(frozen=True, slots=True)
class Party:
    """An enterprise in its role in a project."""

    role: str
    enterprise: Enterprise


@dataclass(frozen=True, slots=True)
class EnterpriseDetail:
    """An enterprise; its projects and reports newest first."""

    enterprise: Enterprise
    projects: Sequence[Project]
    leads: Sequence[Lead]


def get_enterprise(session: Session, scope: Scope, enterprise_id: str) -> Enterprise:
    """Raises NotFound, outside the scope too."""
    found = session.scalar(select(Enterprise).where(Enterprise.id == enterprise_id, visible_enterprises(scope)))
    if found is None:
        raise NotFound("没有这家企业")
    return found


def projects_of(session: Session, scope: Scope, enterprise_id: str) -> Sequence[Project]:
    """The visible projects the enterprise is a party of, earliest report first."""
    party = select(ProjectParty.project_id).where(ProjectParty.enterprise_id == enterprise_id)
    ours = or_(Project.enterprise_id == enterprise_id, Project.id.in_(party))
    statement = select(Project).where(ours, visible_projects(scope)).order_by(Project.received_at, Project.id)
    return session.scalars(statement).all()


def enterprises_of(session: Session, projects: Sequence[Project]) -> Mapping[str, Enterprise]:
    """The investors of visible projects by enterprise id; one query for a page."""
    ids = {project.enterprise_id for project in projects if project.enterprise_id}
    return {row.id: row for row in session.scalars(select(Enterprise).where(Enterprise.id.in_(ids)))}


def parties_of(session: Session, project_ids: Collection[str]) -> Mapping[str, Sequence[Party]]:
    """The parties of visible projects, by project; one query for a page."""
    rows = session.execute(
        select(ProjectParty.project_id, ProjectParty.role, Enterprise)
        .join(Enterprise, Enterprise.id == ProjectParty.enterprise_id)
        .where(ProjectParty.project_id.in_(project_ids))
        .order_by(ProjectParty.project_id, ProjectParty.role, Enterprise.id)
    )
    found: dict[str, list[Party]] = defaultdict(list)
    for project_id, role, enterprise in rows:
        found[project_id].append(Party(role, enterprise))
    return found


def enterprise_detail(session: Session, scope: Scope, enterprise_id: str) -> EnterpriseDetail:
    """An enterprise with what of it may be seen. Raises NotFound."""
    found = get_enterprise(session, scope, enterprise_id)
    leads = select(Lead).where(Lead.enterprise_id == found.id, visible_leads(scope))
    return EnterpriseDetail(
        found,
        projects_of(session, scope, found.id)[::-1],
        session.scalars(leads.order_by(Lead.received_at.desc(), Lead.id)).all(),
    )
