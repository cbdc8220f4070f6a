"""Demonstration data is written without waiting for the disk: three thousand transactions, of which nobody was promised one.

What a failing machine may lose is the end of it, and the load that was not finished says so itself (`loading.py`). The first
transaction afterwards waits again, and with it for all that were written before.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from crm.store.database import Database


@contextmanager
def in_haste(database: Database) -> Iterator[None]:
    """While it lasts, commits of this process's `database` return before they are on the disk."""
    database.dispose()
    event.listen(database.write_engine, "connect", _do_not_wait)
    try:
        yield
    finally:
        event.remove(database.write_engine, "connect", _do_not_wait)
        database.dispose()


def _do_not_wait(connection: Any, _record: Any) -> None:
    sqlite = type(connection).__module__.startswith("sqlite3")
    connection.execute("PRAGMA synchronous=OFF" if sqlite else "SET synchronous_commit = off")
    connection.commit()
