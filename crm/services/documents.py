"""Rows → search documents: what each type shows, to whom, under which name.

Called by the projector, by `crm index rebuild` and by `repair`. Revisions are read before the rows, so a document never
claims a newer revision than the state it shows; a later change raises the revision and is written over it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.domain.clock import local_date
from crm.domain.reference import ReferencePack
from crm.domain.scope import lead_access
from crm.services.document_access import DocumentReads
from crm.services.lights import lights_of
from crm.services.tools import Tools
from crm.store.identity import CHUNK
from crm.store.key_lists import in_keys
from crm.store.models import (
    Carrier,
    Enterprise,
    Lead,
    Project,
    SearchRevision,
)
from crm.store.unit_of_work import DocumentKey
from schemas.documents import SearchDocument
from search.index import VersionedDocument

BODY_LIMIT = 4000
PUBLIC = ("public",)


def build_documents(tools: Tools, keys: Collection[DocumentKey]) -> list[VersionedDocument]:
    """The documents of these keys as they are now; a row that is gone becomes a tombstone."""
    with tools.database.read() as session:
        revisions = _revisions(session, keys)
        builder = _Builder(tools, session)
        found: dict[DocumentKey, SearchDocument] = {}
        for kind, build in builder.by_type().items():
            ids = sorted(id_ for type_, id_ in revisions if type_ == kind)
            for start in range(0, len(ids), CHUNK):
                found.update({(kind, document.id): document for document in build(ids[start : start + CHUNK])})
    return [
        VersionedDocument(key[0], key[1], revision, None if deleted else found.get(key))
        for key, (revision, deleted) in revisions.items()
    ]


def all_keys(tools: Tools, batch: int = 2000) -> Iterator[list[DocumentKey]]:
    """Every document key, in batches, for a rebuild or a check."""
    last = ("", "")
    while True:
        with tools.database.read() as session:
            statement = (
                select(SearchRevision.type, SearchRevision.id)
                .where(_after(last))
                .order_by(SearchRevision.type, SearchRevision.id)
                .limit(batch)
            )
            keys = [(kind, id_) for kind, id_ in session.execute(statement)]
        if not keys:
            return
        yield keys
        last = keys[-1]


def _after(key: DocumentKey) -> Any:
    return (SearchRevision.type > key[0]) | ((SearchRevision.type == key[0]) & (SearchRevision.id > key[1]))


def _revisions(session: Session, keys: Collection[DocumentKey]) -> dict[DocumentKey, tuple[int, bool]]:
    rows = session.execute(
        select(SearchRevision.type, SearchRevision.id, SearchRevision.revision, SearchRevision.deleted).where(
            in_keys(session, (SearchRevision.type, SearchRevision.id), set(keys))
        )
    )
    return {(kind, id_): (revision, deleted) for kind, id_, revision, deleted in rows}


class _Builder:
    """Builds documents of one session; each type in a fixed number of queries a batch."""

    def __init__(self, tools: Tools, session: Session) -> None:
        self.session = session
        self.pack: ReferencePack = tools.reference.pack()
        self.reads = DocumentReads(session, self.pack)
        self.today = local_date(tools.clock.now())

    def by_type(self) -> dict[str, Any]:
        return {
            "enterprise": self.enterprises,
            "lead": self.leads,
            "project": self.projects,
            "park": self.parks,
            "carrier": self.carriers,
        }

    def projects(self, ids: list[str]) -> Iterator[SearchDocument]:
        rows = self.reads.rows(Project, ids)
        enterprises = self.reads.by_id(Enterprise, {row.enterprise_id for row in rows if row.enterprise_id})
        leads = self.reads.leads_by("project_id", ids)
        access = self.reads.access_of_projects(rows)
        lights = lights_of(self.session, rows, self.today)
        for row in rows:
            enterprise = enterprises.get(row.enterprise_id or "")
            common: dict[str, Any] = {
                "access": access[row.id],
                "industries": tuple(row.industries),
                "nodes": tuple(row.nodes),
                "park": row.park,
                "district": row.district,
                "stage": row.stage,
                "light": lights[row.id].colour,
                "sources": tuple(row.sources),
                "investment": row.investment,
                "updated_at": row.updated_at.isoformat(),
            }
            if row.confidential:
                yield SearchDocument(type="project", id=row.id, name=row.code_name, title=row.code_name, **common)
            else:
                named = _names(enterprise)
                business = enterprise.main_business if enterprise else ""
                body = _body(row.summary, business, *_scope(enterprise), *self._place(row.district, row.park))
                refs = tuple(lead.source_ref for lead in leads[row.id])
                yield SearchDocument(
                    type="project",
                    id=row.id,
                    name=row.title,
                    title=row.title,
                    body=body,
                    source_refs=refs,
                    **named,
                    **common,
                )

    def enterprises(self, ids: list[str]) -> Iterator[SearchDocument]:
        rows = self.reads.rows(Enterprise, ids)
        projects = self.reads.projects_of(ids)
        leads = self.reads.leads_by("enterprise_id", ids)
        every = {project.id: project for mine in projects.values() for project in mine}
        access = self.reads.access_of_projects(list(every.values()))
        for row in rows:
            mine = projects[row.id]
            openly = [lead for lead in leads[row.id] if not lead.confidential]
            shown = [project for project in mine if not project.confidential]
            tokens = {t for project in mine for t in access[project.id] if not t.startswith("department:")}
            if openly:
                tokens.add("bureau")
            latest = max(shown, key=lambda project: project.received_at, default=None)
            yield SearchDocument(
                type="enterprise",
                id=row.id,
                name=row.name,
                access=tuple(sorted(tokens)),
                title=latest.title if latest else "",
                body=_body(
                    row.main_business, *_scope(row), *(self._place(latest.district, latest.park) if latest else ())
                ),
                source_refs=tuple(lead.source_ref for lead in openly),
                industries=tuple(dict.fromkeys(code for project in shown for code in project.industries)),
                nodes=tuple(dict.fromkeys(code for project in shown for code in project.nodes)),
                park=latest.park if latest else None,
                district=latest.district if latest else None,
                stage=latest.stage if latest else None,
                sources=tuple(dict.fromkeys(lead.organisation for lead in openly)),
                investment=latest.investment if latest else None,
                updated_at=row.updated_at.isoformat(),
                **_names(row),
            )

    def leads(self, ids: list[str]) -> Iterator[SearchDocument]:
        rows = self.reads.rows(Lead, ids)
        projects = self.reads.by_id(Project, {row.project_id for row in rows if row.project_id})
        readers = self.reads.readers(projects)
        for row in rows:
            project = projects.get(row.project_id or "")
            part = row.data.get("enterprise") or {}
            plan = row.data.get("project") or {}
            yield SearchDocument(
                type="lead",
                id=row.id,
                name=part.get("name") or plan.get("title") or str(plan.get("summary", ""))[:60],
                access=lead_access(row.confidential, row.organisation, readers[row.project_id or ""]),
                uscc=part.get("uscc"),
                full_names=(part["name"],) if part.get("name") else (),
                former_names=tuple(part.get("former_names") or ()),
                short_names=tuple(part.get("aliases") or ()),
                english_names=(part["english_name"],) if part.get("english_name") else (),
                title=plan.get("title") or "",
                body=_body(plan.get("summary", ""), part.get("main_business", ""), part.get("business_scope", "")),
                source_refs=(row.source_ref,),
                industries=tuple(project.industries) if project else (),
                stage=row.project_stage,
                sources=(row.organisation,),
                province=part.get("province"),
                city=part.get("city"),
                updated_at=row.updated_at.isoformat(),
            )

    def parks(self, ids: list[str]) -> Iterator[SearchDocument]:
        for park in (self.pack.parks[code] for code in ids if code in self.pack.parks):
            nodes = [self.pack.nodes[code].name for code in park.nodes if code in self.pack.nodes]
            yield SearchDocument(
                type="park",
                id=park.code,
                name=park.name,
                access=PUBLIC,
                full_names=(park.name,),
                short_names=park.aliases,
                body=_body(
                    *self._place(park.district, None),
                    park.focus,
                    "；".join(nodes),
                    "；".join(park.anchors),
                    park.status,
                ),
                industries=park.industries,
                nodes=park.nodes,
                park=park.code,
                district=park.district,
            )

    def carriers(self, ids: list[str]) -> Iterator[SearchDocument]:
        for row in self.reads.rows(Carrier, ids):
            area = f"可用 {row.free_area:g} ㎡" if row.free_area is not None else ""
            district = (f"district:{row.district}",) if row.district else ()
            yield SearchDocument(
                type="carrier",
                id=row.id,
                name=row.name,
                access=("bureau", f"operator:{row.operator}", *district),
                full_names=(row.name,),
                body=_body(*self._place(row.district, row.park), area, row.fire_class or ""),
                park=row.park,
                district=row.district,
                updated_at=row.updated_at.isoformat(),
            )

    def _place(self, district: str | None, park: str | None) -> tuple[str, ...]:
        """Names of district and park, so that people find what lies there."""
        found = (self.pack.districts.get(district or ""), self.pack.parks.get(park or ""))
        return tuple(place.name for place in found if place is not None)


def _names(enterprise: Any) -> dict[str, Any]:
    if enterprise is None:
        return {}
    return {
        "uscc": enterprise.uscc,
        "full_names": (enterprise.name,) if enterprise.name else (),
        "former_names": tuple(enterprise.former_names),
        "short_names": tuple(enterprise.aliases),
        "english_names": (enterprise.english_name,) if enterprise.english_name else (),
        "province": enterprise.province,
        "city": enterprise.city,
    }


def _scope(enterprise: Any) -> tuple[str, ...]:
    return (enterprise.business_scope,) if enterprise else ()


def _body(*texts: str) -> str:
    return "\n".join(text for text in texts if text)[:BODY_LIMIT]
