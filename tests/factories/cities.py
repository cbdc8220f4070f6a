"""A whole deployment in a folder: the embedded set with real adapters, a clock that stands, the line pumped by hand.

`CityTemplate` migrates and loads the Kunshan pack once a test run; each city starts from a copy of its files. Pack and compiled
matcher are shared by all cities, since compiling them takes longer than most tests: none of these tests loads another pack.
"""

from __future__ import annotations

import copy
import dataclasses
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, make_url, text

from consumers.lead_intake import LeadIntake
from consumers.runner import Runner
from consumers.search_projector import TOPICS, SearchProjector
from crm.config import Settings
from crm.domain.actors import Actor
from crm.domain.clock import FixedClock
from crm.services import history
from crm.services.reference import load_reference
from crm.services.submission import Incoming, Submitted, submit
from crm.services.tools import Tools
from crm.store import schema
from crm.store.models import BusMember, Lease, Model
from crm.wiring import Deployment, connect
from producers.outbox_relay import OutboxRelay
from tests.factories.actors import CLI
from tests.factories.databases import temporary_database

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)  # Monday 9 o'clock in Kunshan
DATABASE_ELSEWHERE = "database.url"
NOT_SAMPLED = 0.5  # a draw that puts no confirmation into the random tenth
Row = Mapping[str, Any]


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Of the city in this folder, whichever process asks: SQLite, or the database a file there names."""
    elsewhere = folder / DATABASE_ELSEWHERE
    url = elsewhere.read_text(encoding="utf-8") if elsewhere.exists() else f"sqlite:///{folder}/crm.db"
    return Settings(database_url=url, data_dir=folder, **changes)


class City:
    """A deployment and its line: submit → relay → intake → relay → projector."""

    def __init__(self, deployment: Deployment, clock: FixedClock, *, indexed: bool = True) -> None:
        self.indexed = indexed
        self.deployment = deployment
        self.clock = clock
        self.tools = deployment.tools
        self.bus = deployment.bus
        self.intake = LeadIntake(self.tools)
        self.relay = OutboxRelay(self.tools.database, self.bus, clock, self.tools.vault, "test-relay")
        stop = threading.Event()
        intake_member = self.bus.subscribe("lead-intake", self.intake.topics(), "m1")
        self._intake_runner = Runner(self.intake, intake_member, stop)
        projector_member = self.bus.subscribe("search-projector", TOPICS, "m1")
        self._projector_runner = Runner(SearchProjector(self.tools, self.tools.index), projector_member, stop)

    def pump(self) -> None:
        """Run relay, intake and, where the city has an index, the projector until nothing moves any more."""
        while self.relay.step() + self._intake_runner.step(0):
            pass
        if self.indexed:
            while self._projector_runner.step(0):
                pass
            self.tools.index.refresh()

    def take(
        self, organisation: str, data: Mapping[str, Any], *, amends: bool = False, actor: Actor = CLI
    ) -> Submitted:
        """Take a report; it waits for the pump. The clock moves on a little, so that no two receipts tie."""
        self.clock.move(timedelta(milliseconds=1))
        return submit(self.tools, actor, Incoming(organisation, dict(data), amends), "api")

    def report(self, organisation: str, data: Mapping[str, Any], **more: Any) -> Row:
        """Take a report and process it; the lead's row."""
        receipt = self.take(organisation, data, **more)
        self.pump()
        return self.one("leads", receipt_no=receipt.receipt_no)

    def project(self, organisation: str, data: Mapping[str, Any]) -> str:
        """Report and process; the project's id."""
        return str(self.report(organisation, data)["project_id"])

    def rows(self, table: str, **where: Any) -> list[Row]:
        """Rows of a table in the order of its key."""
        found = Model.metadata.tables[table]
        statement = found.select().where(*(found.c[name] == value for name, value in where.items()))
        with self.tools.database.read() as session:
            return [dict(row) for row in session.execute(statement.order_by(*found.primary_key)).mappings()]

    def one(self, table: str, **where: Any) -> Row:
        (row,) = self.rows(table, **where)
        return row

    def count(self, table: str, **where: Any) -> int:
        return len(self.rows(table, **where))

    def version(self, project_id: str) -> int:
        return int(self.one("projects", id=project_id)["version"])

    def dump(self) -> list[bytes]:
        return list(history.dump(self.tools))

    def name_readers(self, project_id: str, *actors: Actor) -> None:
        """Name who may read a confidential project (there is no use case for it yet)."""
        with self.tools.database.write() as session:
            for actor in actors:
                row = {"project": project_id, "actor": actor.id}
                session.execute(text("INSERT INTO project_readers VALUES (:project, :actor)"), row)

    def close(self) -> None:
        """As at the end of a process."""
        self.deployment.close()


class CityTemplate:
    """A migrated database with the Kunshan pack, its parks in the index, and what all cities share of it."""

    def __init__(self, folder: Path, postgresql: str | None = None) -> None:
        """`postgresql`: the server the cities' databases are made on; None: SQLite."""
        self.folder = folder
        self.postgresql = postgresql
        self._databases: dict[Path, ExitStack] = {}
        if postgresql is not None:
            self._own_database(folder)
        clock = FixedClock(START)
        self._deployment = connect(settings_in(folder), clock, owns_index=True)
        tools = self._deployment.tools
        schema.upgrade(tools.database)
        load_reference(tools.database, clock, tools.settings.reference_dir)
        self._deployment.bus.ensure_topics()
        tools.index.ensure()
        City(self._deployment, clock).pump()
        tools.index.close()
        with tools.database.write() as session:
            session.execute(delete(Lease))
            session.execute(delete(BusMember))
        self._settle(tools)
        tools.matching.matcher()
        self._compiled = tools

    def _settle(self, tools: Tools) -> None:
        """Nothing is in flight any more, and the database can be copied."""
        if self.postgresql is None:
            with tools.database.write_engine.connect() as connection:
                connection.exec_driver_sql("ROLLBACK")  # a checkpoint cannot run inside a transaction
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:  # what the cities share goes on reading this database, and one that is read cannot be copied
            tools.database.dispose()
            made = make_url(tools.settings.database_url).database or ""
            self._blank = self._databases[self.folder].enter_context(temporary_database(self.postgresql, made))

    def _own_database(self, folder: Path, template: str = "template0") -> None:
        assert self.postgresql is not None
        self._databases[folder] = ExitStack()
        url = self._databases[folder].enter_context(temporary_database(self.postgresql, template))
        (folder / DATABASE_ELSEWHERE).write_text(url, encoding="utf-8")

    def copy_to(self, folder: Path) -> Path:
        """The files of a city that nobody has worked in yet, and its database."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns("*-wal", "*-shm", "*.lock"))
        if self.postgresql is not None:
            self._own_database(folder, make_url(self._blank).database or "")
        return folder

    def erase(self, folder: Path) -> None:
        """Drop the database of a city that is not needed any more; its files are pytest's."""
        if folder in self._databases:
            self._databases.pop(folder).close()

    def city(
        self, folder: Path, *, at: datetime = START, fresh: bool = True, indexed: bool = False, **settings: Any
    ) -> City:
        """A city in `folder`; `fresh` False opens one that is there, as a second process would. `indexed`: the
        projector runs too, which most tests do not look at and which takes longer than all the rest."""
        if fresh:
            self.copy_to(folder)
        clock = FixedClock(at)
        deployment = connect(settings_in(folder, **settings), clock, owns_index=indexed)
        tools: Tools = dataclasses.replace(
            deployment.tools, **self.shared_with(deployment.tools), chance=lambda: NOT_SAMPLED
        )
        if indexed:
            tools.index.ensure()
        return City(Deployment(tools, deployment.bus), clock, indexed=indexed)

    def shared_with(self, tools: Tools) -> dict[str, Any]:
        """The template's pack and compiled words over the city's own database: compiling takes a second, and is done again
        only by a city whose chain is edited."""
        reference, matching = copy.copy(self._compiled.reference), copy.copy(self._compiled.matching)
        reference._database = matching._database = tools.database
        reference._clock, matching._reference = tools.clock, reference
        reference._looked = matching._looked = matching._looked_round = float("-inf")
        return {"reference": reference, "matching": matching}

    def close(self) -> None:
        self._deployment.tools.database.dispose()
        for folder in reversed(list(self._databases)):
            self.erase(folder)


CityMaker = Callable[..., City]


def published(city: City, topics: Sequence[str]) -> list[Row]:
    """Every record of these topics of the embedded bus, by place."""
    return [row for row in city.rows("bus_records") if row["topic"] in topics]
