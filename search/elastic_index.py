"""ADAPTER of SearchIndex on Elasticsearch 9: the index of a city, shared by all its processes.

With `search/elastic_access.py` the only importer of elasticsearch. Revisions are external versions, so the server
refuses an older one by itself; tombstones are documents without an access token, because the server forgets deletions.
Nothing is retried behind the caller's back but what a swap of generations interrupted. Made by `crm/wiring.py`.
"""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, cast

from elasticsearch import ApiError, BadRequestError, Elasticsearch, TransportError

from search.elastic_access import ALIAS, connected, translated
from search.elastic_bulk import refused, requests_of
from search.elastic_generations import GenerationGone, Generations
from search.elastic_language import BUILDING, SETTINGS, Json, mappings, query
from search.elastic_pages import execute
from search.elastic_rebuild import ElasticRebuild
from search.index import (
    Hit,
    IndexedRevision,
    Rebuild,
    SearchPage,
    SearchQuery,
    SearchQueryInvalid,
    SearchRefused,
    SearchUnavailable,
    UpsertResult,
    VersionedDocument,
)
from search.plan import EVERYTHING

_SECONDS_OF_WORK = 60.0  # bulk requests, write blocks and scans
_PATIENCE = 15.0
"""Seconds an upsert waits for a swap under way, and `ensure` for another process at the same work."""
_PAUSE = 0.05
_SENDERS = 2
"""Requests that the server works on at once."""
_SCANNED = 5000
_KEEP_ALIVE = "5m"
_ATTEMPTS = 3
_REFRESHED = "refresh_interval"


class _Server:
    """Elasticsearch as `search/elastic_generations.py` asks for it."""

    def __init__(self, client: Elasticsearch) -> None:
        self._client = client
        self._working = client.options(request_timeout=_SECONDS_OF_WORK)

    def indexes(self, pattern: str) -> Mapping[str, frozenset[str]]:
        with translated():
            found = self._client.indices.get_alias(index=pattern, expand_wildcards="open")
        return {name: frozenset(values["aliases"]) for name, values in found.items()}

    def create(self, name: str, aliases: Sequence[str], meta: Json) -> bool:
        try:
            with translated():
                self._working.indices.create(
                    index=name,
                    aliases={alias: {} for alias in aliases},
                    mappings=mappings(meta),
                    settings=BUILDING if meta else SETTINGS,
                )
        except SearchUnavailable as error:
            cause = error.__cause__
            if isinstance(cause, BadRequestError) and cause.error == "resource_already_exists_exception":
                return False
            raise
        return True

    def meta(self, name: str) -> Json:
        with translated():
            found = self._client.indices.get_mapping(index=name, ignore_unavailable=True)
        return next((values["mappings"].get("_meta", {}) for values in found.values()), {})

    def put_meta(self, name: str, meta: Json) -> None:
        with translated():
            self._client.indices.put_mapping(index=name, meta=meta)

    def delete(self, name: str) -> None:
        with translated():
            self._client.indices.delete(index=name, ignore_unavailable=True)

    def block_writes(self, name: str) -> None:
        with translated():
            answer = self._working.indices.add_block(index=name, block="write")
        if not answer["acknowledged"]:
            raise SearchUnavailable("检索索引暂时无法停写")

    def allow_writes(self, name: str) -> None:
        with translated():
            self._client.indices.put_settings(index=name, settings={"index.blocks.write": None})

    def swap(self, alias: str, old: str, new: str) -> None:
        with translated():
            self._client.indices.put_settings(index=new, settings={_REFRESHED: SETTINGS[_REFRESHED]})
            self._client.indices.update_aliases(
                actions=[{"add": {"index": new, "alias": alias}}, {"remove_index": {"index": old}}]
            )

    def refresh(self, name: str) -> None:
        with translated():
            self._working.indices.refresh(index=name)

    def write(self, targets: Sequence[str], documents: Sequence[VersionedDocument]) -> UpsertResult:
        written = stale = 0
        for number, answer in enumerate(self._answers(requests_of(targets, documents))):
            older = answer["status"] >= 300 and refused(answer)
            if number % len(targets) == 0:
                written, stale = written + (not older), stale + older
        return UpsertResult(written, stale)

    def _answers(self, requests: Iterator[list[bytes]]) -> Iterator[Json]:
        """To each line, in order. Several requests are under way at once: tokens are made while the server works."""
        underway: deque[Future[list[Json]]] = deque()
        with ThreadPoolExecutor(_SENDERS, "bulk") as senders:
            for request in requests:
                underway.append(senders.submit(self._send, request))
                if len(underway) > _SENDERS:
                    yield from underway.popleft().result()
            while underway:
                yield from underway.popleft().result()

    def _send(self, lines: list[bytes]) -> list[Json]:
        with translated():
            answer = self._working.bulk(
                operations=cast(Any, lines), require_alias=True, filter_path="items.*._id,items.*.status,items.*.error"
            )
        return [item["index"] for item in answer["items"]]

    def revisions_of(self, name: str, keys: Sequence[str]) -> Mapping[str, int]:
        with translated():
            found = self._working.mget(index=name, ids=list(keys), source=False)
        return {entry["_id"]: entry["_version"] for entry in found["docs"] if entry.get("found")}

    def last_write(self, name: str) -> int:
        self.refresh(name)
        hits = self.search(name, {"size": 1, "sort": [{"_seq_no": "desc"}], "_source": False})["hits"]["hits"]
        return int(hits[0]["sort"][0]) if hits else -1

    def search(self, name: str, request: Json) -> Json:
        with translated():
            found: Json = self._client.search(index=name, body=request, allow_partial_search_results=False).body
        return found

    def scan(self, name: str, request: Json) -> Iterator[Json]:
        with translated():
            moment = self._working.open_point_in_time(index=name, keep_alive=_KEEP_ALIVE)["id"]
        after: Json = {}
        try:
            while True:
                pit = {"pit": {"id": moment, "keep_alive": _KEEP_ALIVE}, "sort": [{"_shard_doc": "asc"}]}
                with translated():
                    found = self._working.search(body={**request, **pit, **after, "track_total_hits": False})
                moment, hits = found["pit_id"], found["hits"]["hits"]
                yield from hits
                if len(hits) < request["size"]:
                    return
                after = {"search_after": hits[-1]["sort"]}
        finally:
            with contextlib.suppress(ApiError, TransportError):  # it ends by itself
                self._client.close_point_in_time(id=moment)


class ElasticIndex:
    """The port on a server. `alias` is the name that answers and the beginning of all names made here; `lease` the
    seconds after which a rebuild nobody works on may be swept away."""

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        ca: str | None = None,
        alias: str = ALIAS,
        lease: float = 30.0,
    ) -> None:
        self._client = connected(url, api_key=api_key, ca=ca)
        self._alias = alias
        self._server = _Server(self._client)
        self._generations = Generations(self._server, alias, lease)
        self._rebuild: ElasticRebuild | None = None
        self._ensured = False

    def ensure(self) -> None:
        """Also makes an index of earlier fields or tokens anew, from what it stores."""
        deadline = time.monotonic() + _PATIENCE
        self._generations.forget()
        while (current := self._generations.answering()) is None or not current.readable:
            try:
                self._generations.create_first() if current is None else self._renewed()
            except SearchRefused:
                raise
            except SearchUnavailable:  # another process does the same
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
                self._generations.forget()
        if not self._ensured:
            self._generations.sweep()
        self._ensured = True

    def _renewed(self) -> None:
        rebuild = ElasticRebuild(self._server, self._generations, lambda: None)
        rebuild.carry_over()
        rebuild.finish()

    def upsert(self, documents: Iterable[VersionedDocument]) -> UpsertResult:
        batch = list(documents)
        if not self._ensured:
            self.ensure()
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return self._server.write(self._generations.written(), batch)
            except GenerationGone:  # a repeated write is the same write: it carries its revision
                if time.monotonic() > deadline:
                    raise
                time.sleep(_PAUSE)
                self._generations.sweep()

    def refresh(self) -> None:
        self._server.refresh(self._alias)

    def search(self, query: SearchQuery) -> SearchPage:
        return execute(self._ask, query)

    def suggest(self, text: str, access: tuple[str, ...], size: int = 8) -> tuple[Hit, ...]:
        if not text.strip():
            return ()
        return execute(self._ask, SearchQuery(text=text, access=access, size=size), names_only=True).hits

    def _ask(self, request: Json) -> Json:
        """The index may be swapped and deleted while it is read; then the new one is asked."""
        for _ in range(_ATTEMPTS):
            asked = self._generations.in_force()
            try:
                return self._server.search(self._alias, request)
            except SearchUnavailable as error:
                if isinstance(error.__cause__, BadRequestError):
                    raise SearchQueryInvalid("检索条件过于复杂，无法处理") from error
                self._generations.forget()
                if self._generations.in_force() == asked:
                    raise
        raise SearchUnavailable("检索索引正在切换")

    def revisions(self) -> Iterator[IndexedRevision]:
        self.refresh()
        numbers = {"docvalue_fields": ["revision", "deleted"], "_source": False}
        for hit in self._server.scan(self._alias, {"query": query(EVERYTHING), "size": _SCANNED, **numbers}):
            kind, _, number = hit["_id"].partition(":")
            values = hit["fields"]
            yield IndexedRevision(kind, number, int(values["revision"][0]), values["deleted"][0] == 1)

    def begin_rebuild(self) -> Rebuild:
        """Raises SearchUnavailable while another rebuild is under way, in whichever process."""
        self.ensure()
        if self._rebuild is not None:
            raise SearchUnavailable("检索索引正在重建")
        self._rebuild = ElasticRebuild(self._server, self._generations, self._rebuild_ended)
        return self._rebuild

    def _rebuild_ended(self) -> None:
        self._rebuild = None

    def ping(self) -> None:
        self._generations.forget()
        self._generations.in_force()

    def close(self) -> None:
        if self._rebuild is not None:
            with contextlib.suppress(SearchUnavailable):
                self._rebuild.abandon()
        self._client.close()
