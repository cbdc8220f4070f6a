"""Names of organisations: one read a request, for every page that shows who."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.store.models import Organisation


def organisation_names(session: Session) -> Mapping[str, str]:
    """Code → name of every organisation."""
    return {row.code: row.name for row in session.execute(select(Organisation.code, Organisation.name))}


def departments(session: Session) -> list[tuple[str, str]]:
    """The departments an obstacle may be given to, as (code, name)."""
    statement = select(Organisation.code, Organisation.name).where(
        Organisation.kind.in_(("department", "bureau", "office")), Organisation.active.is_(True)
    )
    return [(code, name) for code, name in session.execute(statement.order_by(Organisation.code))]
