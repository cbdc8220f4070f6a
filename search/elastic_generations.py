"""Generations of the Elasticsearch index: which one answers, which are written to, and how one follows another.

An index is named alias-NUMBER-DIGEST. The alias names the one that answers. Each generation that takes writes
has an alias of its own, alias-writing-NUMBER-DIGEST: writers read these names at most a second ago and write to
all of them, refused by the server (never answered by an index made by accident) once the alias is gone.
An index that does not answer belongs to a rebuild; its lease, kept in its mapping, says until when. Once the
lease is out anybody deletes it. Used by `search/elastic_rebuild.py` and `search/elastic_index.py`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from search.elastic_language import Json
from search.index import SearchUnavailable, UpsertResult, VersionedDocument
from search.mapping import digest

REMEMBERED = 1.0
"""Seconds for which the generations are remembered: so late at most does a writer hear of a rebuild."""
_LEASE = "rebuild_until"


class GenerationGone(SearchUnavailable):
    """A generation takes no more writes: swapped or abandoned meanwhile. The generations are to be read again."""


class Server(Protocol):
    """What is asked of Elasticsearch; errors come as SearchUnavailable."""

    def indexes(self, pattern: str) -> Mapping[str, frozenset[str]]:
        """Names of indexes with their aliases."""

    def create(self, name: str, aliases: Sequence[str], meta: Json) -> bool:
        """Index and aliases in one step; False when the name is taken."""

    def meta(self, name: str) -> Json:
        """What was last put there; {} when the index is gone."""

    def put_meta(self, name: str, meta: Json) -> None: ...

    def delete(self, name: str) -> None: ...

    def block_writes(self, name: str) -> None:
        """On return no write is under way and none is taken (GenerationGone for the writer)."""

    def allow_writes(self, name: str) -> None: ...

    def swap(self, alias: str, old: str, new: str) -> None:
        """The alias moves and the old index is deleted, in one step."""

    def refresh(self, name: str) -> None: ...

    def write(self, targets: Sequence[str], documents: Sequence[VersionedDocument]) -> UpsertResult:
        """Into each of the aliases; counted is what the first one answers. Raises GenerationGone."""

    def revisions_of(self, name: str, keys: Sequence[str]) -> Mapping[str, int]:
        """Revisions of those keys that are there, refreshed or not."""

    def last_write(self, name: str) -> int:
        """Sequence number of the last write, made visible; -1 before the first."""

    def scan(self, name: str, request: Json) -> Iterator[Json]:
        """Every hit of a search, streamed from one point in time."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One index. `name`: of the index; `writing`: the alias under which it is written to."""

    name: str
    writing: str
    number: int
    digest: str
    answers: bool

    @property
    def readable(self) -> bool:
        """Whether it was written with today's fields and tokens."""
        return self.digest == digest()


class Generations:
    """The book-keeping of one alias."""

    def __init__(self, server: Server, alias: str, lease: float) -> None:
        self._server = server
        self._alias = alias
        self.lease = lease
        self._name = re.compile(re.escape(alias) + r"-(\d{6})-([0-9a-f]{8})")
        self._known: tuple[float, tuple[Generation, ...]] | None = None

    def all(self) -> tuple[Generation, ...]:
        """Every generation, in order of number, as of a second ago at most."""
        known = self._known
        if known is None or time.monotonic() - known[0] > REMEMBERED:
            asked_at = time.monotonic()
            self._known = known = (asked_at, self._read())
        return known[1]

    def _read(self) -> tuple[Generation, ...]:
        found = [
            Generation(
                name, f"{self._alias}-writing-{parts[1]}-{parts[2]}", int(parts[1]), parts[2], self._alias in aliases
            )
            for name, aliases in self._server.indexes(f"{self._alias}-*").items()
            if (parts := self._name.fullmatch(name))
        ]
        return tuple(sorted(found, key=lambda generation: generation.name))

    def forget(self) -> None:
        self._known = None

    def answering(self) -> Generation | None:
        """The generation behind the alias, of whichever version; None before there is one."""
        found = [generation for generation in self.all() if generation.answers]
        if len(found) > 1:
            raise SearchUnavailable(f"别名 {self._alias} 指向多个索引，请保留一个")
        return found[0] if found else None

    def in_force(self) -> Generation:
        """The generation to read. Raises SearchUnavailable when there is none, or one of another version."""
        found = self.answering()
        if found is None or not found.readable:
            self.forget()  # somebody may be making it: look again next time
            raise SearchUnavailable("检索索引尚未建立，或由另一版本的程序写成")
        return found

    def written(self) -> list[str]:
        """Aliases to write to: the generation in force, then what is being rebuilt beside it."""
        current = self.in_force()
        others = [found for found in self.all() if found.readable and not found.answers]
        return [current.writing, *(found.writing for found in others)]

    def create_first(self) -> None:
        """The first generation, answering at once; another process may be quicker."""
        fresh = self._next()
        self._server.create(fresh.name, (self._alias, fresh.writing), {})
        self.forget()

    def create(self) -> Generation:
        """A generation beside the one in force, under a lease. Raises SearchUnavailable while another is there."""
        self.sweep()
        fresh = self._next()
        made = self._server.create(fresh.name, (fresh.writing,), self._leased())
        self.forget()
        others = [found for found in self.all() if not found.answers and found.name != fresh.name]
        if made and not others:
            return fresh
        if made:  # two began at once: both step back rather than both go on
            self.discard(fresh)
        raise SearchUnavailable("检索索引正在重建")

    def _next(self) -> Generation:
        number = max((found.number for found in self.all()), default=0) + 1
        name = f"{number:06d}-{digest()}"
        return Generation(f"{self._alias}-{name}", f"{self._alias}-writing-{name}", number, digest(), False)

    def _leased(self) -> Json:
        return {_LEASE: time.time() + self.lease}

    def renew(self, generation: Generation) -> None:
        self._server.put_meta(generation.name, self._leased())

    def sweep(self) -> None:
        """Delete what rebuilds left behind that nobody works on any more, and let the old index take writes again."""
        self.forget()
        for found in self.all():
            if not found.answers and self._server.meta(found.name).get(_LEASE, 0) < time.time():
                self.discard(found)

    def discard(self, generation: Generation) -> None:
        """Delete a generation that does not answer; one that answers takes writes again."""
        self._server.delete(generation.name)
        current = self.answering()
        if current is not None:
            self._server.allow_writes(current.name)
        self.forget()

    def switch(self, old: Generation, new: Generation) -> None:
        self._server.swap(self._alias, old.name, new.name)
        self.forget()
