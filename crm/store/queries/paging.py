"""Keyset paging: pages by the last row seen, as fast at row 100,000 as at row 10, stable while rows come in."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Select, and_, or_

from crm.domain.errors import Invalid

MOST = 200


@dataclass(frozen=True, slots=True)
class Page:
    """Rows and the cursor of the next page, None on the last."""

    items: Sequence[Any]
    next: str | None


@dataclass(frozen=True, slots=True)
class Order:
    """An order by one column and the id; the column must not be NULL."""

    column: Any
    id_column: Any
    descending: bool

    def apply(self, statement: Select[Any], cursor: str | None, size: int) -> Select[Any]:
        """Raises Invalid for a cursor that is none of ours."""
        keys = (self.column, self.id_column)
        ordered = statement.order_by(*(key.desc() if self.descending else key.asc() for key in keys))
        if cursor is not None:
            ordered = ordered.where(self._after(cursor))
        return ordered.limit(min(size, MOST) + 1)

    def _after(self, cursor: str) -> ColumnElement[bool]:
        value, last_id = read_cursor(cursor, self.column.type.python_type)
        if self.descending:
            return or_(self.column < value, and_(self.column == value, self.id_column < last_id))
        return or_(self.column > value, and_(self.column == value, self.id_column > last_id))

    def page(self, rows: Sequence[Any], size: int) -> Page:
        """Cut the extra row off and make the cursor."""
        size = min(size, MOST)
        if len(rows) <= size:
            return Page(rows, None)
        last = rows[size - 1]
        return Page(rows[:size], cursor_of(getattr(last, self.column.key), getattr(last, self.id_column.key)))


def cursor_of(value: Any, last_id: str) -> str:
    return base64.urlsafe_b64encode(orjson.dumps([value, last_id])).decode().rstrip("=")


def read_cursor(cursor: str, kind: type) -> tuple[Any, str]:
    try:
        value, last_id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if kind is datetime:
            value = _aware(datetime.fromisoformat(value))
        elif kind is date:
            value = date.fromisoformat(value)
        if not isinstance(value, kind) or not isinstance(last_id, str) or "\0" in f"{value}{last_id}":
            raise ValueError
    except (ValueError, TypeError) as error:
        raise Invalid.of("cursor", "游标无效，请从第一页开始") from error
    return value, last_id


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError
    return moment
