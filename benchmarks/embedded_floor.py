"""The floor of a run: the rows the pipeline wrote, written again by raw `executemany` to an empty database of equal schema,
in as many transactions. What the pipeline costs above it is ours to answer for.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from benchmarks.tables import WRITTEN
from crm.store import schema
from crm.store.database import Database


def floor_seconds(source: Path, target: Path, transactions: int) -> tuple[float, int]:
    """Seconds for writing the rows alone (reading them is not counted), and how many rows."""
    database = Database(f"sqlite:///{target}")
    schema.upgrade(database)
    database.dispose()
    readers = {table: sqlite3.connect(source) for table in WRITTEN}
    cursors, sizes, statements = {}, {}, {}
    for table, reader in readers.items():
        count = reader.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        sizes[table] = -(-count // transactions)
        cursors[table] = reader.execute(f"SELECT * FROM {table}")
        marks = ", ".join("?" for _ in cursors[table].description)
        statements[table] = f"INSERT OR REPLACE INTO {table} VALUES ({marks})"
    writer = sqlite3.connect(target, isolation_level=None)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("PRAGMA synchronous=FULL")
    taken, written = 0.0, 0
    for _ in range(transactions):
        batch = {table: cursors[table].fetchmany(sizes[table]) for table in WRITTEN}
        start = time.perf_counter()
        writer.execute("BEGIN IMMEDIATE")
        for table, rows in batch.items():
            if rows:
                writer.executemany(statements[table], rows)
        writer.execute("COMMIT")
        taken += time.perf_counter() - start
        written += sum(map(len, batch.values()))
    for connection in (*readers.values(), writer):
        connection.close()
    return taken, written
