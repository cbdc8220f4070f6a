"""Engines and sessions: one way to read, one way to write, the same on PostgreSQL and SQLite.

SQLite gets two engines: write transactions begin IMMEDIATE (with deferred ones 349 of 800 read-then-update
transactions were lost, trap 5), reads begin plain and never wait for the writer (WAL).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from crm.domain.errors import Unavailable

SQLITE_BUSY_MS = 30_000
KEPT_CONNECTIONS = 10
CONNECTIONS = 30
"""The most one process has to PostgreSQL at once; those beyond the kept ones are closed after use."""
TRUSTED_SECONDS = 1.0
"""How long after its last use a connection is used again without asking whether the server is still there."""


def to_json(value: Any) -> str:
    return orjson.dumps(value).decode()


class Database:
    """The SQL database of a deployment."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        self.write_engine = self._engine("BEGIN IMMEDIATE")
        self.read_engine = self._engine("BEGIN") if self.is_sqlite else self.write_engine
        each_by_itself = self.write_engine.execution_options(isolation_level="AUTOCOMMIT")
        self._glancing = self.read_engine if self.is_sqlite else each_by_itself
        self._counting = self.write_engine if self.is_sqlite else each_by_itself

    def _engine(self, begin: str) -> Engine:
        options: dict[str, Any] = {"json_serializer": to_json, "json_deserializer": orjson.loads}
        options["hide_parameters"] = True  # an error's text may reach a log, and parameters are what people reported
        if self.is_sqlite:
            options["connect_args"] = {"timeout": SQLITE_BUSY_MS / 1000, "check_same_thread": False}
        else:
            options.update(pool_size=KEPT_CONNECTIONS, max_overflow=CONNECTIONS - KEPT_CONNECTIONS)
        engine = create_engine(self.url, **options)
        if self.is_sqlite:
            _speak_sqlite(engine, begin)
        else:
            _ask_after_a_pause(engine)
        return engine

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; nothing in it is ever written. Raises Unavailable."""
        with translated(), Session(self.read_engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction; commits on leaving, rolls back on any error. Raises Unavailable."""
        with translated(), Session(self.write_engine, expire_on_commit=False) as session, session.begin():
            yield session

    @contextmanager
    def glance(self) -> Iterator[Session]:
        """As `read`, for one quick look: without the two messages to PostgreSQL that open and close a transaction."""
        with translated(), Session(self._glancing, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write_at_once(self) -> Iterator[Session]:
        """As `write`, for one statement that stands alone: on PostgreSQL each commits by itself."""
        with translated(), Session(self._counting, expire_on_commit=False) as session, session.begin():
            yield session

    def ping(self) -> None:
        """Raises Unavailable when the database does not answer."""
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def dispose(self) -> None:
        self.write_engine.dispose()
        if self.read_engine is not self.write_engine:
            self.read_engine.dispose()


def _speak_sqlite(engine: Engine, begin: str) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL" if begin == "BEGIN" else "PRAGMA synchronous=FULL")
        cursor.execute(f"PRAGMA busy_timeout={SQLITE_BUSY_MS}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)


def _ask_after_a_pause(engine: Engine) -> None:
    """SQLAlchemy's own `pool_pre_ping` asks each time: of a report's messages to the server every sixth. A connection
    lost meanwhile is Unavailable to whoever holds it; with it the pool gives up all others."""

    @event.listens_for(engine, "checkin")
    def on_return(_connection: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def on_loan(connection: Any, record: Any, _fairy: Any) -> None:
        if time.monotonic() - record.info.get("used", float("inf")) < TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error


def is_denial(error: ProgrammingError) -> bool:
    """Whether PostgreSQL refuses because the user lacks the right."""
    return getattr(error.orig, "sqlstate", None) == "42501"


@contextmanager
def translated() -> Iterator[None]:
    """Turn the loss of the server, and rights it does not grant us, into Unavailable: a worker then waits until the
    operator has mended it. Everything else stays what it is."""
    try:
        yield
    except ProgrammingError as error:
        if not is_denial(error):
            raise
        reason = str(error.orig).partition("\n")[0]
        raise Unavailable(
            f"数据库用户权限不足（{reason}）：请以所有者运行 crm db upgrade --application-role"
        ) from error
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        if isinstance(error, DBAPIError) and "no such" in str(error.orig):
            raise
        raise Unavailable(f"数据库不可用：{error.__class__.__name__}") from error
