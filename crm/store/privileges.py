"""What the application's own user may do in PostgreSQL: read and write rows, change no structure, undo no history.

The owner of the tables migrates; the processes work as a role that owns nothing. Rights are given anew at every upgrade,
so that a new table is never forgotten; what a table is not named for here is refused. Called by `crm db upgrade`.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from crm.domain.errors import Invalid
from crm.store.database import Database, translated
from crm.store.models import Model

APPEND_ONLY = frozenset({"history"})
"""Facts: nobody changes or takes back what happened."""
EMPTIED = frozenset(
    {
        "bus_members", "bus_offsets", "bus_partitions", "bus_records", "dead_letters", "index_requests", "leases",
        "login_sessions", "outbox", "project_readers", "rate_windows", "reference_rows", "submissions",
    }
)  # fmt: skip
"""Messages and marks, sessions, the pack's rows: these come and go. State is changed by facts and never deleted."""
VERSION = "alembic_version"


def rights_on(table: str) -> tuple[str, ...]:
    """What the application may do to the rows of a table."""
    if table == VERSION:
        return ("SELECT",)
    if table in APPEND_ONLY:
        return ("SELECT", "INSERT")
    return ("SELECT", "INSERT", "UPDATE", "DELETE") if table in EMPTIED else ("SELECT", "INSERT", "UPDATE")


def grant(database: Database, role: str) -> None:
    """Give the role these rights and take away all others it had. Raises Invalid for a role that may not be one."""
    if database.is_sqlite:
        raise Invalid.of("application-role", "SQLite 没有用户，只有 PostgreSQL 可设")
    with translated(), database.write_engine.begin() as connection:
        _refuse_owner(connection, role)
        quoted = connection.dialect.identifier_preparer.quote_identifier(role)
        for statement in _statements(quoted, connection):
            connection.execute(text(statement))


def _refuse_owner(connection: Connection, role: str) -> None:
    found = connection.execute(
        text("SELECT rolsuper OR rolname = current_user AS mighty FROM pg_roles WHERE rolname = :role"), {"role": role}
    ).scalar_one_or_none()
    if found is None:
        raise Invalid.of("application-role", f"没有名为 {role} 的数据库用户，请先建立：CREATE ROLE … LOGIN PASSWORD …")
    if found:
        raise Invalid.of("application-role", f"{role} 是所有者或超级用户，限制不了；应用须另用一个用户")


def _statements(role: str, connection: Connection) -> list[str]:
    schema = connection.dialect.identifier_preparer.quote_identifier(
        connection.execute(text("SELECT current_schema()")).scalar_one()
    )
    quote = connection.dialect.identifier_preparer.quote_identifier
    return [
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {role}",
        f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, {role}",
        f"GRANT USAGE ON SCHEMA {schema} TO {role}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {role}",
        *(
            f"GRANT {', '.join(rights_on(table))} ON {schema}.{quote(table)} TO {role}"
            for table in (*Model.metadata.tables, VERSION)
        ),
    ]
