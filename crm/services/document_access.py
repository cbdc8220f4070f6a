"""Reads that documents of a batch share, and who may see each: every grouping in one query.

Called by `crm/services/documents.py`; the rules themselves are `crm/domain/scope.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.domain.reference import ReferencePack
from crm.domain.scope import project_access
from crm.store.models import Assignment, Lead, Obstacle, Project, ProjectParty, ProjectReader
from crm.store.queries.scope import SEEN_BY_DISTRICT


class DocumentReads:
    """Reads of one session over one pack."""

    def __init__(self, session: Session, pack: ReferencePack) -> None:
        self.session = session
        self.pack = pack

    def by_id(self, model: Any, ids: Collection[str]) -> dict[str, Any]:
        return {row.id: row for row in self.session.scalars(select(model).where(model.id.in_(ids)))}

    def leads_by(self, column: str, ids: Collection[str]) -> Mapping[str, list[Lead]]:
        grouped: dict[str, list[Lead]] = defaultdict(list)
        statement = select(Lead).where(getattr(Lead, column).in_(ids)).order_by(Lead.received_at, Lead.receipt_no)
        for lead in self.session.scalars(statement):
            grouped[getattr(lead, column)].append(lead)
        return grouped

    def projects_of(self, enterprise_ids: Collection[str]) -> Mapping[str, list[Project]]:
        grouped: dict[str, list[Project]] = defaultdict(list)
        rows = self.session.execute(
            select(ProjectParty.enterprise_id, Project)
            .join(Project, Project.id == ProjectParty.project_id)
            .where(ProjectParty.enterprise_id.in_(enterprise_ids))
        )
        for enterprise_id, project in rows:
            grouped[enterprise_id].append(project)
        return grouped

    def access_of_projects(self, projects: Collection[Project]) -> dict[str, tuple[str, ...]]:
        ids = [project.id for project in projects]
        districts = self._pairs(
            select(Assignment.project_id, Assignment.district).where(
                Assignment.project_id.in_(ids), Assignment.state.in_(SEEN_BY_DISTRICT)
            )
        )
        departments = self._pairs(select(Obstacle.project_id, Obstacle.department).where(Obstacle.project_id.in_(ids)))
        readers = self.readers(ids)
        parents = {code: row.parent for code, row in self.pack.districts.items()}
        access = {}
        for project in projects:
            own = [*districts[project.id], *((project.district,) if project.district else ())]
            seen_by = [code for district in own for code in (district, parents.get(district)) if code]
            access[project.id] = project_access(
                project.confidential, seen_by, departments[project.id], readers[project.id]
            )
        return access

    def readers(self, ids: Iterable[str]) -> Mapping[str, list[str]]:
        wanted = sorted(ids)
        statement = select(ProjectReader.project_id, ProjectReader.actor_id).where(ProjectReader.project_id.in_(wanted))
        return self._pairs(statement)

    def _pairs(self, statement: Any) -> Mapping[str, list[str]]:
        grouped: dict[str, list[str]] = defaultdict(list)
        for key, value in self.session.execute(statement):
            grouped[key].append(value)
        return grouped
