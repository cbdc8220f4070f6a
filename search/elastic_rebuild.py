"""A rebuild on Elasticsearch: a second generation, filled while the first answers, swapped in without a lost write.

Writers in every process hear of it within a second and write to both. What one of them wrote to the old index
alone (it had not heard yet, or was slow) is found by sequence number and copied: once while writes go on, then
once more behind a write block, after which no write can be under way. Refused writers read the generations
anew and repeat themselves. Made by `search/elastic_index.py`.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from search.elastic_generations import Generations, Server
from search.elastic_language import Json, key_of, query
from search.hits import from_values
from search.index import SearchUnavailable, VersionedDocument
from search.plan import DEAD, EVERYTHING

_BATCH = 1000


class ElasticRebuild:
    """The port's Rebuild. Raises SearchUnavailable at once when another one is under way."""

    def __init__(self, server: Server, generations: Generations, ended: Callable[[], None]) -> None:
        self._server = server
        self._generations = generations
        self._ended = ended
        self._new = generations.create()
        old = generations.answering()
        if old is None:
            generations.discard(self._new)
            raise SearchUnavailable("检索索引尚未建立")
        self._old = old
        # What was written up to here stands in the database already, where the rebuild reads it.
        self._begun_after = server.last_write(old.name)
        self._renewed = time.monotonic()
        self._open = True

    def put(self, documents: Sequence[VersionedDocument]) -> None:
        self._check_open()
        self._keep_lease()
        self._server.write((self._new.writing,), documents)

    def carry_over(self) -> None:
        """Everything the old generation holds, made anew from its payloads."""
        self._copy(query(EVERYTHING))

    def finish(self) -> None:
        """Tombstones are carried over: without them a late upsert would bring a deleted row back. When it fails the
        old index goes on as before and the rebuild is abandoned."""
        self._check_open()
        try:
            self._generations.renew(self._new)
            seen = self._server.last_write(self._old.name)
            missed = {"bool": {"should": [query(DEAD), _written_after(self._begun_after)]}}
            self._copy(missed)
            self._server.block_writes(self._old.name)
            self._server.refresh(self._old.name)
            self._copy(_written_after(seen))
            self._server.refresh(self._new.name)
            self._generations.switch(self._old, self._new)
        except BaseException:
            with contextlib.suppress(SearchUnavailable):  # the lease ends it when the server is not there
                self.abandon()
            raise
        self._end()

    def abandon(self) -> None:
        if self._open:
            self._end()
            self._generations.discard(self._new)

    def _end(self) -> None:
        self._open = False
        self._ended()

    def _check_open(self) -> None:
        if not self._open:
            raise SearchUnavailable("这次重建已经结束")

    def _keep_lease(self) -> None:
        if time.monotonic() - self._renewed > self._generations.lease / 4:
            self._generations.renew(self._new)
            self._renewed = time.monotonic()

    def _copy(self, wanted: Json) -> None:
        """From the old index what the new one lacks or has in an older revision."""
        rest = (from_values(hit["_source"]["payload"]) for hit in self._found(wanted))
        while batch := list(islice(rest, _BATCH)):
            self._keep_lease()
            known = self._server.revisions_of(self._new.name, [key_of(versioned) for versioned in batch])
            newer = [versioned for versioned in batch if versioned.revision > known.get(key_of(versioned), -1)]
            self._server.write((self._new.writing,), newer)

    def _found(self, wanted: Json) -> Iterator[Json]:
        return self._server.scan(self._old.name, {"query": wanted, "size": _BATCH})


def _written_after(number: int) -> Json:
    return {"range": {"_seq_no": {"gt": number}}}
