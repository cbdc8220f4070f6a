"""What a batch of reports may touch, read in a fixed number of queries and kept up to date while it is worked through."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, Table, select
from sqlalchemy.orm import Session

from crm.domain.match_input import Answer
from crm.store.identity import Key, owners
from crm.store.key_lists import in_keys
from crm.store.models import Enterprise, EnterpriseKey, Lead, Model, Project, ProjectParty
from crm.store.queries.park_checks import answers_of_projects
from crm.store.unit_of_work import DocumentKey, Row

Place = tuple[str, str]
SHOWN_BY_LEADS = ("industries", "stage")  # of a project, by the documents of its leads


@dataclass(slots=True)
class Known:
    """Rows by id, as plain dicts; `put_*` keeps the lookups in step."""

    owners: dict[Key, str] = field(default_factory=dict)
    enterprises: dict[str, Row] = field(default_factory=dict)
    codes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    projects: dict[str, Row] = field(default_factory=dict)
    leads: dict[str, Row] = field(default_factory=dict)
    leads_by_place: dict[Place, Row] = field(default_factory=dict)
    answers: Mapping[str, tuple[Answer, ...]] = field(default_factory=dict)  # of parks, by project
    matched_with: dict[str, Row | None] = field(default_factory=dict)
    _of_enterprise: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    _of_project: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    _projects_of: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))

    def put_lead(self, lead: Row) -> None:
        if (before := self.leads.get(lead["id"])) is not None and before["enterprise_id"] != lead["enterprise_id"]:
            self._of_enterprise[before["enterprise_id"] or ""].pop(lead["id"], None)
        self.leads[lead["id"]] = lead
        self.leads_by_place[lead["organisation"], lead["source_ref"]] = lead
        if lead["enterprise_id"]:
            self._of_enterprise[lead["enterprise_id"]][lead["id"]] = None
        if lead["project_id"]:
            self._of_project[lead["project_id"]][lead["id"]] = None

    def link(self, lead: Row, project: Row) -> None:
        self._of_project[project["id"]][lead["id"]] = None

    def put_project(self, project: Row) -> None:
        self.projects[project["id"]] = project
        if project["enterprise_id"]:
            self._projects_of[project["enterprise_id"]][project["id"]] = None

    def leads_of_enterprise(self, enterprise_id: str) -> list[Row]:
        return [self.leads[lead_id] for lead_id in self._of_enterprise[enterprise_id]]

    def leads_of_project(self, project_id: str) -> list[Row]:
        return [self.leads[lead_id] for lead_id in self._of_project[project_id]]

    def open_project_of(self, enterprise_id: str) -> Row | None:
        """The enterprise's project that a vague new report belongs to: the earliest that is still open."""
        still_open = [
            project
            for project_id in self._projects_of[enterprise_id]
            if (project := self.projects[project_id])["off_line"] in (None, "shelved")
        ]
        return min(still_open, key=lambda project: (project["received_at"], project["id"]), default=None)

    def has_other_code(self, enterprise_id: str, code: str) -> bool:
        return any(known != code for known in self.codes.get(enterprise_id, ()))

    def is_hidden(self, enterprise_id: str) -> bool:
        """Known from confidential reports only."""
        mine = self.leads_of_enterprise(enterprise_id)
        return bool(mine) and all(lead["confidential"] for lead in mine)

    def documents_of_enterprise(self, enterprise_id: str) -> tuple[DocumentKey, ...]:
        projects = (("project", project_id) for project_id in self._projects_of[enterprise_id])
        return (("enterprise", enterprise_id), *projects)

    def documents_of_project(self, project: Row, before: Row | None) -> tuple[DocumentKey, ...]:
        """The project's own and its enterprise's; its leads' when what they show of it is another than `before`."""
        enterprise = (("enterprise", project["enterprise_id"]),) if project["enterprise_id"] else ()
        shown = before is not None and any(before[name] != project[name] for name in SHOWN_BY_LEADS)
        leads = (("lead", lead_id) for lead_id in self._of_project[project["id"]]) if shown else ()
        return (("project", project["id"]), *enterprise, *leads)


def load_known(session: Session, keys: Collection[Key], places: Collection[Place]) -> Known:
    """Everything a batch with these keys and (organisation, source_ref) places may touch."""
    known = Known(owners=owners(session, keys))
    again = list(_rows_where_in(session, Lead.__table__, (Lead.organisation, Lead.source_ref), places))
    enterprise_ids = set(known.owners.values()) | {row["enterprise_id"] for row in again if row["enterprise_id"]}
    project_ids = {row["project_id"] for row in again if row["project_id"]}
    parties = _rows_where_in(session, ProjectParty.__table__, (ProjectParty.enterprise_id,), _singles(enterprise_ids))
    party_rows = list(parties)
    project_ids |= {row["project_id"] for row in party_rows}
    for row in _rows_where_in(session, Enterprise.__table__, (Enterprise.id,), _singles(enterprise_ids)):
        known.enterprises[row["id"]] = row
    for row in _rows_where_in(session, Project.__table__, (Project.id,), _singles(project_ids), lock=True):
        known.put_project(row)
    for row in party_rows:
        known._projects_of[row["enterprise_id"]][row["project_id"]] = None
    for row in _leads(session, enterprise_ids, project_ids):
        known.put_lead(row)
    code_keys = _rows_where_in(
        session, EnterpriseKey.__table__, (EnterpriseKey.enterprise_id,), _singles(enterprise_ids)
    )
    for row in code_keys:
        if row["kind"] == "uscc":
            known.codes[row["enterprise_id"]].add(row["value"])
    for project in known.projects.values():
        known.matched_with[project["id"]] = known.enterprises.get(project["enterprise_id"] or "")
    known.answers = answers_of_projects(session, project_ids) if project_ids else {}
    return known


def _singles(values: Iterable[str]) -> list[tuple[str]]:
    return [(value,) for value in sorted(values)]


def _rows_where_in(
    session: Session, table: Any, columns: tuple[Any, ...], keys: Collection[tuple[str, ...]], *, lock: bool = False
) -> Iterable[Row]:
    if keys:
        yield from plain_rows(session, select(table).where(in_keys(session, columns, keys)), table, lock=lock)


def _leads(session: Session, enterprise_ids: Collection[str], project_ids: Collection[str]) -> Iterable[Row]:
    for ids, column in ((enterprise_ids, Lead.enterprise_id), (project_ids, Lead.project_id)):
        yield from _rows_where_in(session, Lead.__table__, (column,), _singles(ids))


def plain_rows(
    session: Session,
    statement: Select[Any],
    table: Any,
    *,
    lock: bool = False,
    parameters: Mapping[str, Any] | None = None,
) -> Iterable[Row]:
    """Rows as dicts of the table's columns; `lock` holds them until the transaction ends."""
    if lock and session.get_bind().dialect.name != "sqlite":
        statement = statement.order_by(*table.primary_key).with_for_update()
    for row in session.execute(statement, parameters).mappings():
        yield dict(row)


def load_row(session: Session, name: str, *, lock: bool = False, **key: str) -> Row | None:
    """One row of a state table by column values."""
    table: Table = Model.metadata.tables[name]
    statement = select(table).where(*(table.c[column] == value for column, value in key.items()))
    return next(iter(plain_rows(session, statement, table, lock=lock)), None)
