"""`(a, b) IN (…)` over hundreds of keys, as one parameter.

A list of a thousand parameters is rendered, parsed and planned anew each time, which was a tenth of intake; a JSON array is one
parameter of a statement that is always the same. Every store of keys read in batches asks by this.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import orjson
from sqlalchemy import BigInteger, Text, and_, bindparam, cast, func, select, tuple_
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session


def in_keys(session: Session, columns: Sequence[Any], keys: Collection[tuple[str, ...]]) -> Any:
    """The condition that `columns` together are one of `keys`.

    A single key, as a report over the API asks for, is compared plainly: of a list PostgreSQL expects a hundred and
    reads the whole table while that is small.
    """
    if len(keys) == 1:
        (only,) = keys
        return and_(*(column == value for column, value in zip(columns, only, strict=True)))
    given = bindparam(None, orjson.dumps(sorted(keys)).decode(), type_=Text, unique=True)
    places = range(len(columns))
    if session.get_bind().dialect.name == "sqlite":
        each = func.json_each(given).table_valued("value", name="given")
        wanted = select(*(func.json_extract(each.c.value, f"$[{place}]") for place in places))
    else:
        key = func.jsonb_array_elements(cast(given, JSONB), type_=JSONB).column_valued("given")
        wanted = select(*(key[place].astext for place in places))
    return (tuple_(*columns) if len(columns) > 1 else columns[0]).in_(wanted)


def in_values(session: Session, column: Any, values: Collection[str]) -> Any:
    """The condition that `column` is one of `values`."""
    return in_keys(session, (column,), [(value,) for value in values])


def in_numbers(session: Session, column: Any, numbers: Collection[int]) -> Any:
    """The condition that `column` is one of `numbers`."""
    given = bindparam(None, orjson.dumps(sorted(numbers)).decode(), type_=Text, unique=True)
    if session.get_bind().dialect.name == "sqlite":
        return column.in_(select(func.json_each(given).table_valued("value", name="given").c.value))
    each = func.jsonb_array_elements_text(cast(given, JSONB), type_=Text).column_valued("given")
    return column.in_(select(cast(each, BigInteger)))
