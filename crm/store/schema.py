"""The database's schema, changed: Alembic run from code, so that no ini file is needed. Its version: `schema_version.py`."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.exc import ProgrammingError

from crm.domain.errors import CrmError
from crm.store.database import Database, is_denial, translated

FOLDER = Path(__file__).parents[1] / "migrations"


def upgrade(database: Database) -> None:
    """Bring the schema to the newest revision. Raises CrmError for a database user who may not change it."""
    with translated(), database.write_engine.begin() as connection:
        try:
            command.upgrade(_config(connection), "head")
        except ProgrammingError as error:
            if not is_denial(error):
                raise
            raise CrmError("当前数据库用户无权改动表结构：请以数据库的所有者运行 crm db upgrade") from error


def downgrade(database: Database, revision: str) -> None:
    """Take the schema back, "base" for nothing at all."""
    with translated(), database.write_engine.begin() as connection:
        command.downgrade(_config(connection), revision)


def new_revision(database: Database, message: str, revision_id: str) -> None:
    """Write a migration from the difference between models and database (developers)."""
    with database.write_engine.begin() as connection:
        command.revision(_config(connection), message=message, autogenerate=True, rev_id=revision_id)


def check(database: Database) -> None:
    """Raises when models and migrations disagree."""
    with database.write_engine.begin() as connection:
        command.check(_config(connection))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
