"""Reads that documents of a batch share, and who may see each: every grouping in one query.

Rows of the tables, not objects of the models: a projector reads five rows for each document and changes none.
Called by `crm/services/documents.py`; the rules themselves are `crm/domain/scope.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.domain.reference import ReferencePack
from crm.domain.scope import project_access
from crm.store.bulk import table_of
from crm.store.key_lists import in_values
from crm.store.models import Assignment, Lead, Model, Obstacle, Project, ProjectParty, ProjectReader
from crm.store.queries.scope import SEEN_BY_DISTRICT


class LeadSeen(NamedTuple):
    """What documents of others show of a lead."""

    organisation: str
    source_ref: str
    confidential: bool


class DocumentReads:
    """Reads of one session over one pack."""

    def __init__(self, session: Session, pack: ReferencePack) -> None:
        self.session = session
        self.pack = pack

    def rows(self, model: type[Model], ids: Collection[str]) -> list[Any]:
        table = table_of(model)
        return list(self.session.execute(select(table).where(in_values(self.session, table.c.id, ids))))

    def by_id(self, model: type[Model], ids: Collection[str]) -> dict[str, Any]:
        return {row.id: row for row in self.rows(model, ids)}

    def leads_by(self, column: str, ids: Collection[str]) -> Mapping[str, list[LeadSeen]]:
        """By the column's value, in the order of receipt."""
        grouped: dict[str, list[LeadSeen]] = defaultdict(list)
        mine = getattr(Lead, column)
        rows = self.session.execute(
            select(mine, Lead.organisation, Lead.source_ref, Lead.confidential)
            .where(in_values(self.session, mine, ids))
            .order_by(Lead.received_at, Lead.receipt_no)
        )
        for key, organisation, source_ref, confidential in rows:
            grouped[key].append(LeadSeen(organisation, source_ref, confidential))
        return grouped

    def projects_of(self, enterprise_ids: Collection[str]) -> Mapping[str, list[Any]]:
        """Rows of `projects` by enterprise."""
        pairs = self.session.execute(
            select(ProjectParty.enterprise_id, ProjectParty.project_id).where(
                in_values(self.session, ProjectParty.enterprise_id, enterprise_ids)
            )
        ).all()
        projects = self.by_id(Project, {project_id for _, project_id in pairs})
        grouped: dict[str, list[Any]] = defaultdict(list)
        for enterprise_id, project_id in pairs:
            grouped[enterprise_id].append(projects[project_id])
        return grouped

    def access_of_projects(self, projects: Collection[Any]) -> dict[str, tuple[str, ...]]:
        ids = [project.id for project in projects]
        districts = self._pairs(
            select(Assignment.project_id, Assignment.district).where(
                in_values(self.session, Assignment.project_id, ids), Assignment.state.in_(SEEN_BY_DISTRICT)
            )
        )
        departments = self._pairs(
            select(Obstacle.project_id, Obstacle.department).where(in_values(self.session, Obstacle.project_id, ids))
        )
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
        statement = select(ProjectReader.project_id, ProjectReader.actor_id).where(
            in_values(self.session, ProjectReader.project_id, wanted)
        )
        return self._pairs(statement)

    def _pairs(self, statement: Any) -> Mapping[str, list[str]]:
        grouped: dict[str, list[str]] = defaultdict(list)
        for key, value in self.session.execute(statement):
            grouped[key].append(value)
        return grouped
