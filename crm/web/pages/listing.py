"""The parameters of a list: filters, sort, cursor; and the links that change one of them and keep the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import Request

SIZE = 25


@dataclass(frozen=True, slots=True)
class Listing:
    """A list as asked for."""

    path: str
    given: Mapping[str, tuple[str, ...]]
    sort: str
    cursor: str | None
    size: int = SIZE

    @classmethod
    def of(cls, request: Request, *, filters: tuple[str, ...], default_sort: str) -> Listing:
        names = (*filters, *(name for name in request.args if name not in filters and name not in ("sort", "cursor")))
        given = {
            name: values
            for name in dict.fromkeys(names)
            if (values := tuple(v.strip() for v in request.args.getlist(name) if v.strip()))
        }
        sort = request.args.get("sort") or default_sort
        return cls(request.path, given, sort, request.args.get("cursor") or None)

    def values(self, name: str) -> tuple[str, ...]:
        return self.given.get(name, ())

    def single(self, name: str) -> str:
        return next(iter(self.given.get(name, ())), "")

    def sort_url(self, sort: str) -> str:
        return self._url(dict(self.given), sort, None)

    def next_url(self, cursor: str | None) -> str | None:
        return self._url(dict(self.given), self.sort, cursor) if cursor else None

    @property
    def first_url(self) -> str | None:
        return self._url(dict(self.given), self.sort, None) if self.cursor else None

    def with_value(self, name: str, value: str) -> str:
        """The same list with one more value of a filter."""
        return self._url({**self.given, name: (*self.values(name), value)}, self.sort, None)

    def without(self, name: str, value: str | None = None) -> str:
        """The same list without a filter, or without one of its values."""
        left = tuple(v for v in self.values(name) if value is not None and v != value)
        return self._url({**self.given, name: left}, self.sort, None)

    def _url(self, given: Mapping[str, tuple[str, ...]], sort: str, cursor: str | None) -> str:
        pairs = [(name, value) for name, values in given.items() for value in values]
        pairs.append(("sort", sort))
        if cursor:
            pairs.append(("cursor", cursor))
        return f"{self.path}?{urlencode(pairs)}"
