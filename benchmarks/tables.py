"""The tables the line writes, as the floors copy them."""

from __future__ import annotations

from sqlalchemy import func, select

from crm.store.database import Database
from crm.store.models import Model

WRITTEN = (
    "inbox", "receipts", "leads", "contacts", "enterprises", "enterprise_keys", "enterprise_hints", "projects",
    "project_parties", "matches", "merge_proposals", "dead_letters", "history", "search_documents", "outbox",
)  # fmt: skip


def counted(database: Database, table: str) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Model.metadata.tables[table])) or 0
