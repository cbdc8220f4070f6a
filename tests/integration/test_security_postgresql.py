"""The application's own user in a real PostgreSQL: the product's work goes on under it, and what it may not do is refused."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from crm.domain.clock import FixedClock
from crm.domain.errors import CrmError, Unavailable
from crm.services.reference import load_reference
from crm.store import schema
from crm.store.database import Database
from crm.store.models import Model
from crm.store.privileges import rights_on
from crm.wiring import connect
from tests.factories.cities import START, City, settings_in
from tests.factories.databases import temporary_database
from tests.factories.leads import lead_data
from tests.servers import server_url

pytestmark = pytest.mark.postgresql


@dataclass(frozen=True, slots=True)
class Granted:
    """A database as its owner and as the application reach it."""

    owner: str
    application: str
    role: str


def crm(url: str, *words: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "CRM_DATABASE_URL": url}
    command = [sys.executable, "-c", "from crm.cli import main; main()", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def role() -> Iterator[str]:
    name = f"crm_app_{uuid.uuid4().hex[:8]}"
    server = create_engine(server_url("postgresql"), isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN"))
    yield name
    with server.connect() as connection:
        connection.execute(text(f"DROP ROLE {name}"))
    server.dispose()


@pytest.fixture(scope="module")
def granted(role: str) -> Iterator[Granted]:
    with temporary_database(server_url("postgresql")) as owner:
        done = crm(owner, "db", "upgrade", "--application-role", role)
        assert done.returncode == 0, done.stderr
        yield Granted(owner, as_user(owner, role), role)


def as_user(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def city(granted: Granted, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city whose every process works as the application's user."""
    folder = tmp_path_factory.mktemp("city")
    (folder / "database.url").write_text(granted.application, encoding="utf-8")
    deployment = connect(settings_in(folder), FixedClock(START), owns_index=True)
    load_reference(deployment.tools.database, deployment.tools.clock, deployment.tools.settings.reference_dir)
    deployment.bus.ensure_topics()
    deployment.tools.index.ensure()
    made = City(deployment, FixedClock(START))
    yield made
    made.close()


def test_a_report_becomes_a_project_under_the_applications_user(city: City) -> None:
    lead = city.report("AG-BJ", lead_data(1))
    assert city.one("projects", id=lead["project_id"])["stage"]
    assert city.count("history") > 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE history SET reason = 'another'",
        "DELETE FROM history",
        "TRUNCATE history",
        "DELETE FROM receipts",
        "DELETE FROM leads",
        "UPDATE alembic_version SET version_num = '0000'",
        "CREATE TABLE another (id int)",
        "ALTER TABLE leads ADD COLUMN another int",
        "DROP TABLE leads",
        "CREATE ROLE another",
    ],
)
def test_what_undoes_history_or_changes_structure_is_refused(granted: Granted, statement: str) -> None:
    engine = create_engine(granted.application)
    with engine.connect() as connection, pytest.raises(ProgrammingError) as refusal:
        connection.execute(text(statement))
    engine.dispose()
    assert getattr(refusal.value.orig, "sqlstate", None) == "42501"


@pytest.mark.parametrize("table", sorted(Model.metadata.tables))
def test_on_every_table_it_has_the_rights_that_are_meant_and_no_others(granted: Granted, table: str) -> None:
    owner = create_engine(granted.owner)
    every = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    with owner.connect() as connection:
        asked = text("SELECT has_table_privilege(:role, :table, :right)")
        has = [
            right
            for right in every
            if connection.execute(asked, {"role": granted.role, "table": table, "right": right}).scalar_one()
        ]
    owner.dispose()
    assert tuple(has) == rights_on(table)


def test_a_right_it_lacks_makes_a_worker_wait_and_names_the_remedy(granted: Granted) -> None:
    database = Database(granted.application)
    with pytest.raises(Unavailable, match="crm db upgrade --application-role"), database.write() as session:
        session.execute(text("DELETE FROM history"))
    database.dispose()


def test_it_cannot_upgrade_and_is_told_who_can(role: str) -> None:
    with temporary_database(server_url("postgresql")) as empty:
        done = crm(as_user(empty, role), "db", "upgrade")
    assert done.returncode == 2
    assert "当前数据库用户无权改动表结构：请以数据库的所有者运行 crm db upgrade" in done.stderr


def test_an_upgrade_with_nothing_to_do_is_nobodys_loss(granted: Granted) -> None:
    assert crm(granted.application, "db", "upgrade").returncode == 0


def test_the_owner_cannot_be_made_the_application(granted: Granted) -> None:
    done = crm(granted.owner, "db", "upgrade", "--application-role", make_url(granted.owner).username or "")
    assert (done.returncode, "所有者或超级用户" in done.stderr) == (2, True)


def test_a_user_that_is_not_there_is_named(granted: Granted) -> None:
    done = crm(granted.owner, "db", "upgrade", "--application-role", "nobody-of-this-name")
    assert (done.returncode, "nobody-of-this-name" in done.stderr) == (2, True)


def test_sqlite_has_no_users(tmp_path: Path) -> None:
    done = crm(f"sqlite:///{tmp_path}/crm.db", "db", "upgrade", "--application-role", "crm_app")
    assert (done.returncode, "SQLite" in done.stderr) == (2, True)


def test_a_user_without_any_right_cannot_even_be_told_the_version(role: str) -> None:
    with temporary_database(server_url("postgresql")) as owner:
        database = Database(owner)
        schema.upgrade(database)
        database.dispose()
        stranger = Database(as_user(owner, role))
        with pytest.raises(CrmError, match="无权改动表结构"):
            schema.upgrade(stranger)
        stranger.dispose()
