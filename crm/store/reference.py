"""The reference pack in the database: saved whole, read back whole, recognised by its version."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm.domain.reference import (
    ChainLink,
    ChainNode,
    ChainWord,
    District,
    Division,
    EconomicClass,
    Industry,
    OutsideWord,
    Park,
    ReferenceOrganisation,
    ReferencePack,
    SideLine,
)
from crm.store.bulk import insert_rows, upsert
from crm.store.models import Organisation, ReferenceRow, ReferenceState

MAPPED: dict[str, tuple[str, type[Any]]] = {
    "industries": ("industry", Industry),
    "nodes": ("node", ChainNode),
    "parks": ("park", Park),
    "districts": ("district", District),
    "organisations": ("organisation", ReferenceOrganisation),
    "classes": ("class", EconomicClass),
    "divisions": ("division", Division),
}
LISTED: dict[str, tuple[str, type[Any]]] = {
    "links": ("link", ChainLink),
    "words": ("word", ChainWord),
    "outside": ("outside", OutsideWord),
    "side_lines": ("side_line", SideLine),
}
"""Fields of the pack → kind of their rows and what a row becomes: by code, or in order."""


def save_pack(session: Session, pack: ReferencePack, now: datetime) -> None:
    """Replace the loaded pack; organisations are upserted, those of an older pack stay."""
    session.execute(delete(ReferenceRow))
    insert_rows(session, ReferenceRow, list(_rows(pack)))
    table = Organisation.metadata.tables["organisations"]
    upsert(session, table, [_organisation(row) for row in pack.organisations.values()])
    state = {"id": 1, "version": pack.version, "loaded_at": now}
    upsert(session, ReferenceState.metadata.tables["reference_state"], [state])


def _rows(pack: ReferencePack) -> Iterator[dict[str, Any]]:
    for name, (kind, _) in MAPPED.items():
        for code, row in getattr(pack, name).items():
            yield {"kind": kind, "code": code, "data": asdict(row)}
    for name, (kind, _) in LISTED.items():
        for number, row in enumerate(getattr(pack, name)):
            yield {"kind": kind, "code": f"{number:06d}", "data": asdict(row)}


def _organisation(row: ReferenceOrganisation) -> dict[str, Any]:
    return {
        "code": row.code,
        "version": 1,
        "name": row.name,
        "kind": row.kind,
        "city": row.city,
        "parent": row.parent,
        "reports": row.reports,
        "active": True,
    }


def loaded_version(session: Session) -> str | None:
    """Version of the loaded pack, None before `crm reference load`."""
    return session.scalar(select(ReferenceState.version).where(ReferenceState.id == 1))


def load_pack(session: Session, version: str) -> ReferencePack:
    """The pack as it was saved."""
    found: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    statement = select(ReferenceRow.kind, ReferenceRow.code, ReferenceRow.data)
    for kind, code, data in session.execute(statement.order_by(ReferenceRow.kind, ReferenceRow.code)):
        found[kind][code] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    mapped: dict[str, Any] = {
        name: {code: made(**row) for code, row in found[kind].items()} for name, (kind, made) in MAPPED.items()
    }
    listed: dict[str, Any] = {
        name: tuple(made(**row) for row in found[kind].values()) for name, (kind, made) in LISTED.items()
    }
    return ReferencePack(version=version, **mapped, **listed)
