"""Many rows into a table in one statement: the speed of the line is decided here.

PostgreSQL gets the rows as one JSON array and spreads them itself (`jsonb_populate_recordset`): a quarter of the client's work
of binding each value, and as quick as COPY, which cannot upsert. SQLite gets tuples, past SQLAlchemy's binding of each
row. What is stored is the same as SQLAlchemy would write. Called by `unit_of_work.py` and by what is written beside facts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Column, Table, Text, bindparam, cast, func, null, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.types import UserDefinedType

from crm.store.models import Model
from crm.store.types import UtcDateTime

Row = Mapping[str, Any]
Columns = tuple[str, ...]
Ending = Callable[[Any, Columns], Any]
"""Adds to an INSERT of these columns what happens to rows that are there already."""

CHUNK_BYTES = 8 * 1024 * 1024  # of JSON in one statement: PostgreSQL holds it several times over
CHUNK_ROWS = 2000


def insert_rows(session: Session, model: type[Model], rows: Sequence[Row]) -> None:
    """Plain INSERT; a row that is there already is an error."""
    write_rows(session, table_of(model), rows, _plain)


def table_of(model: type[Model]) -> Table:
    return Model.metadata.tables[model.__tablename__]


def upsert(session: Session, table: Table, rows: Sequence[Row]) -> None:
    """Write over the rows of the same primary key; columns that a row does not carry keep their value."""
    keys = [column.name for column in table.primary_key]
    in_order = sorted(rows, key=lambda row: [str(row[key]) for key in keys])  # so that no two wait for each other
    write_rows(session, table, in_order, _overwriting)


def write_rows(session: Session, table: Table, rows: Sequence[Row], ending: Ending) -> None:
    """One statement for all rows that carry the same columns, cut where it would grow too large."""
    shapes: dict[Columns, list[Row]] = defaultdict(list)
    for row in rows:
        shapes[tuple(row)].append(row)
    connection = session.connection()
    for columns, alike in shapes.items():
        if connection.dialect.name == "sqlite":
            statement, order = _values_statement(table, columns, ending)
            connection.exec_driver_sql(statement, _bound(table, order, alike))
        else:
            for chunk in _chunks(table, columns, alike):
                connection.execute(_spread_statement(table, columns, ending), {"rows": chunk})


def _plain(statement: Any, _columns: Columns) -> Any:
    return statement


def _overwriting(statement: Any, columns: Columns) -> Any:
    keys = [column.name for column in statement.table.primary_key]
    updates = {name: statement.excluded[name] for name in columns if name not in keys}
    if not updates:
        return statement.on_conflict_do_nothing(index_elements=keys)
    return statement.on_conflict_do_update(index_elements=keys, set_=updates)


class _RowOf(UserDefinedType[Any]):
    """The row type that PostgreSQL keeps for every table."""

    cache_ok = True

    def __init__(self, table: str) -> None:
        self.table = table

    def get_col_spec(self, **_: Any) -> str:
        return self.table


@cache
def _spread_statement(table: Table, columns: Columns, ending: Ending) -> Any:
    """Kept: building one takes longer than running it for a row. There are few shapes a table."""
    given = cast(bindparam("rows", type_=Text), postgresql.JSONB)
    spread = func.jsonb_populate_recordset(cast(null(), _RowOf(table.name)), given)
    rows = spread.table_valued(*(Column(name, table.c[name].type) for name in columns), name="given")
    return ending(postgresql.insert(table).from_select(columns, select(*rows.c), include_defaults=False), columns)


def _chunks(table: Table, columns: Columns, rows: Sequence[Row]) -> Iterator[str]:
    for name in _moments(table, columns):
        if any(moment is not None and moment.tzinfo is None for row in rows if (moment := row[name])):
            raise ValueError(f"{table.name}.{name}: a datetime without a time zone")
    for start in range(0, len(rows), CHUNK_ROWS):
        yield from _cut(rows[start : start + CHUNK_ROWS])


def _cut(rows: Sequence[Row]) -> Iterator[str]:
    """In halves until each fits; a single row is never too large, since a record is not."""
    whole = orjson.dumps(rows, default=_plain_value)
    if len(whole) <= CHUNK_BYTES or len(rows) == 1:
        yield whole.decode()
        return
    middle = len(rows) // 2
    yield from _cut(rows[:middle])
    yield from _cut(rows[middle:])


def _plain_value(value: Any) -> Any:
    """What JSON has no word for: bytes as PostgreSQL writes them, and mappings that are no dict."""
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"no column holds a {type(value).__name__}")


@cache
def _moments(table: Table, columns: Columns) -> Columns:
    return tuple(name for name in columns if isinstance(table.c[name].type, UtcDateTime))


@cache
def _values_statement(table: Table, columns: Columns, ending: Ending) -> tuple[str, Columns]:
    """The text for the driver, and the order of its parameters."""
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    compiled = ending(sqlite.insert(table).values(values), columns).compile(dialect=sqlite.dialect())
    return str(compiled), tuple(compiled.positiontup)


def _bound(table: Table, order: Columns, rows: Sequence[Row]) -> list[tuple[Any, ...]]:
    binders = _binders(table, order)
    return [tuple([row[name] if bind is None else bind(row[name]) for name, bind in binders]) for row in rows]


@cache
def _binders(table: Table, columns: Columns) -> list[tuple[str, Callable[[Any], Any] | None]]:
    """How SQLAlchemy writes each column's values."""
    dialect = sqlite.dialect(json_serializer=lambda value: orjson.dumps(value, default=_plain_value).decode())
    return [(name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in columns]
