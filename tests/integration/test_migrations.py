"""The schema: from empty to the newest, in step with the models, and back to nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from crm.store import schema
from crm.store.database import Database
from crm.store.models import Model
from crm.store.schema_version import is_current, newest


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Database]:
    database = Database(f"sqlite:///{tmp_path}/empty.db")
    yield database
    database.dispose()


def tables(database: Database) -> set[str]:
    with database.write_engine.connect() as connection:
        return set(inspect(connection).get_table_names())


def test_an_empty_database_is_not_current(empty: Database) -> None:
    assert not is_current(empty)


def test_upgrading_makes_every_table_of_the_models(empty: Database) -> None:
    schema.upgrade(empty)
    assert is_current(empty)
    assert tables(empty) - {"alembic_version"} == set(Model.metadata.tables)


def test_models_and_migrations_agree(empty: Database) -> None:
    schema.upgrade(empty)
    schema.check(empty)


def test_upgrading_twice_changes_nothing(empty: Database) -> None:
    schema.upgrade(empty)
    schema.upgrade(empty)
    assert is_current(empty)


def test_downgrading_to_the_base_leaves_nothing(empty: Database) -> None:
    schema.upgrade(empty)
    schema.downgrade(empty, "base")
    assert tables(empty) <= {"alembic_version", "sqlite_sequence"}
    assert not is_current(empty)
    schema.upgrade(empty)
    schema.check(empty)


def test_the_newest_revision_is_alembics_head() -> None:
    assert newest() == ScriptDirectory(str(schema.FOLDER)).get_current_head()
