"""Export and replay of history, and the canonical dump: the proof that state follows from facts (promise 4).

Replay writes the rows of the facts through the same upsert as the unit of work: no matching, no clock, no new id.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import Date, select, text
from sqlalchemy.orm import Session

from crm.domain.errors import Conflict, Invalid
from crm.services.tools import Tools
from crm.store.bulk import insert_rows
from crm.store.models import HistoryLine, Model
from crm.store.types import UtcDateTime
from crm.store.unit_of_work import Row, apply_rows, raise_revisions

BATCH = 1000
STATE_TABLES = (
    "organisations",
    "users",
    "memberships",
    "enterprises",
    "enterprise_keys",
    "enterprise_hints",
    "merge_proposals",
    "receipts",
    "leads",
    "projects",
    "project_parties",
    "project_readers",
    "matches",
    "assignments",
    "milestones",
    "activities",
    "obstacles",
    "carriers",
    "chain_edits",
    "park_checks",
)
NOT_STATE = {
    "users": ("password_hash", "failed_sign_ins", "locked_until"),
    "receipts": ("previous_hash", "hash"),
}
"""Columns that are no facts: passwords, sign-in counters, the sealer's hashes."""


def export(tools: Tools) -> Iterator[bytes]:
    """History as JSON lines, oldest first."""
    columns = [column for column in HistoryLine.__table__.c if column.name not in ("previous_hash", "hash")]
    last = 0
    while True:
        with tools.database.read() as session:
            statement = select(*columns).where(HistoryLine.id > last).order_by(HistoryLine.id).limit(BATCH)
            rows = session.execute(statement).mappings().all()
        if not rows:
            return
        for row in rows:
            yield orjson.dumps(dict(row), option=orjson.OPT_APPEND_NEWLINE)
        last = rows[-1]["id"]


def replay(tools: Tools, lines: Iterable[bytes]) -> int:
    """Apply an export to an empty, upgraded database with its pack loaded; how many facts. All or nothing.

    Raises Conflict when there is history already, Invalid naming a broken line.
    """
    with tools.database.write() as session:
        if session.scalar(select(HistoryLine.id).limit(1)) is not None:
            raise Conflict("数据库已有历史，只能在空库上重放")
        count = 0
        batch: list[Row] = []
        for number, line in enumerate(lines, start=1):
            batch.append(_read_line(number, line))
            if len(batch) >= BATCH:
                _apply(session, batch)
                batch = []
            count = number
        _apply(session, batch)
        if not tools.database.is_sqlite:
            session.execute(
                text("SELECT setval(pg_get_serial_sequence('history', 'id'), (SELECT max(id) FROM history))")
            )
        return count


def _read_line(number: int, line: bytes) -> Row:
    try:
        row = orjson.loads(line)
        row["rows"] = {table: [_typed(table, values) for values in rows] for table, rows in row["rows"].items()}
        return {name: _value(HistoryLine.__table__.c[name].type, value) for name, value in row.items()}
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid.of(f"第 {number} 行", "不是本系统导出的历史") from error


def _typed(table: str, values: Row) -> Row:
    columns = Model.metadata.tables[table].c
    return {name: _value(columns[name].type, value) for name, value in values.items()}


def _value(kind: Any, value: Any) -> Any:
    if isinstance(value, str) and isinstance(kind, UtcDateTime):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and isinstance(kind, Date):
        return date.fromisoformat(value)
    return value


def _apply(session: Session, batch: list[Row]) -> None:
    if not batch:
        return
    apply_rows(session, (row["rows"] for row in batch))
    insert_rows(session, HistoryLine, batch)
    raise_revisions(session, {key: False for row in batch for key in documents_in(row["rows"])})


DOCUMENT_TABLES = {"enterprises": "enterprise", "leads": "lead", "projects": "project", "carriers": "carrier"}


def documents_in(rows: dict[str, list[Row]]) -> Iterator[tuple[str, str]]:
    for table, kind in DOCUMENT_TABLES.items():
        for row in rows.get(table, ()):
            yield kind, row["id"]


def dump(tools: Tools) -> Iterator[bytes]:
    """The canonical state: every state table by primary key, a JSON line a row, keys sorted."""
    for name in STATE_TABLES:
        table = Model.metadata.tables[name]
        columns = [column for column in table.c if column.name not in NOT_STATE.get(name, ())]
        keys = list(table.primary_key)
        statement = select(*columns).order_by(*keys)
        if name == "receipts":  # one without a lead is a message on its way, no fact yet
            statement = statement.where(table.c.lead_id.is_not(None))
        with tools.database.read() as session:
            rows = session.execute(statement.execution_options(yield_per=BATCH)).mappings()
            for row in rows:
                line = {"table": name, "row": dict(row)}
                yield orjson.dumps(line, option=orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE)
