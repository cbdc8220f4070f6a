"""Databases of a real PostgreSQL that live as long as a test."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import NullPool, create_engine, make_url, text


@contextmanager
def temporary_database(server: str, template: str = "template0") -> Iterator[str]:
    """The URL of a database of its own on the server, erased afterwards; a copy of the one named `template`."""
    name = f"crm_test_{uuid.uuid4().hex[:12]}"
    # The server may have been restarted meanwhile: a new connection each time.
    engine = create_engine(server, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        with engine.connect() as connection:
            connection.execute(text(f'CREATE DATABASE "{name}" TEMPLATE "{template}"'))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with engine.connect() as connection:
            connection.execute(text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        engine.dispose()
