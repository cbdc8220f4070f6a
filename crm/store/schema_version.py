"""Whether the database's schema is the newest: asked by every command at its start, and by `/readyz`.

Apart from `schema.py`, which changes the schema: Alembic takes 0.2 s to import, and the answer is one row and the heads of
some files.
"""

from __future__ import annotations

import re
from pathlib import Path

from sqlalchemy import inspect, text

from crm.store.database import Database, translated

REVISIONS = Path(__file__).parents[1] / "migrations" / "versions"
_LINK = re.compile(r"^(revision|down_revision) = (?:'(\w+)'|None)$", re.MULTILINE)


def is_current(database: Database) -> bool:
    """Whether the schema is at the newest revision. Raises Unavailable."""
    with translated(), database.read_engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        at = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return bool(at == newest())


def newest() -> str:
    """The revision no other one follows."""
    links = [dict(_LINK.findall(path.read_text(encoding="utf-8"))) for path in sorted(REVISIONS.glob("*.py"))]
    (head,) = {link["revision"] for link in links} - {link["down_revision"] for link in links}
    return str(head)
