"""ADAPTER of SearchIndex on tantivy: the index of a product that runs with nothing installed but Python.

One process writes (`Generations.own`), any number read the folder without a lock and see a commit at their next
search. Every upsert is committed before it returns, because the caller then moves its offset. tantivy itself
is behind `search/embedded_store.py`. Made by `crm/wiring.py`; under the tests' contract suite it stands for the
Elasticsearch adapter too.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from search.embedded_store import Store, View
from search.execution import execute
from search.generations import Generations
from search.index import (
    Hit,
    IndexedRevision,
    Rebuild,
    SearchPage,
    SearchQuery,
    SearchUnavailable,
    UpsertResult,
    VersionedDocument,
)
from search.plan import DEAD

_ATTEMPTS = 3


class EmbeddedIndex:
    """The port on a folder. With `writable` it becomes the folder's owner at `ensure` or the first write."""

    def __init__(self, folder: Path, *, writable: bool) -> None:
        self._generations = Generations(folder)
        self._writable = writable
        self._store: Store | None = None
        self._rebuild: _Rebuild | None = None
        self._writing = threading.RLock()

    def ensure(self) -> None:
        if not self._writable:
            self._reading()
            return
        with self._writing:
            if self._generations.owned:
                return
            self._generations.own()
            self._generations.sweep()
            current = self._generations.current()
            if current is None or not self._generations.readable(current):
                self._begin_generation(current)

    def _begin_generation(self, old: Path | None) -> None:
        """A new generation; documents of an old one, whose fields or tokens are of the past, are carried over."""
        store = Store(self._generations.create(), create=True)
        if old is not None:
            store.write(Store(old).view().all())
            store.commit()
        self._swap(store)

    def _swap(self, store: Store) -> None:
        old, before = self._store, self._generations.current()
        self._generations.switch(store.folder)
        self._store = store
        if old is not None:
            old.close()
        if before is not None:
            self._generations.discard(before)

    def _reading(self) -> Store:
        """The generation in force; opened anew when another process swapped it meanwhile."""
        for _ in range(_ATTEMPTS):
            current = self._generations.current()
            if current is None or not self._generations.readable(current):
                raise SearchUnavailable("检索索引尚未建立，或由另一版本的程序写成")
            store = self._store
            if store is not None and store.folder == current:
                return store
            try:
                self._store = Store(current)
            except (ValueError, OSError):  # swapped and deleted between reading the pointer and opening
                continue
        raise SearchUnavailable("检索索引无法打开")

    def _view(self) -> View:
        """The last commit of the generation in force, which may be swapped and deleted while we look."""
        for _ in range(_ATTEMPTS):
            try:
                return self._reading().view()
            except (ValueError, OSError):
                self._store = self._store if self._generations.owned else None
        raise SearchUnavailable("检索索引无法读取")

    def _owned(self) -> Store:
        if not self._writable:
            raise SearchUnavailable("检索索引以只读方式打开，不能写入")
        self.ensure()
        return self._reading()

    def upsert(self, documents: Iterable[VersionedDocument]) -> UpsertResult:
        with self._writing:
            batch = list(documents)
            store = self._owned()
            try:
                result = store.write(batch)
                store.commit()
                if self._rebuild is not None:
                    self._rebuild.store.write(batch)
            except (ValueError, OSError) as error:  # tantivy says ValueError for a full disk too
                store.give_up()
                raise SearchUnavailable(f"检索索引写入失败：{error}") from error
            return result

    def refresh(self) -> None:
        """Nothing to do: `upsert` commits, and every search reads the last commit."""

    def search(self, query: SearchQuery) -> SearchPage:
        return execute(self._view(), query)

    def suggest(self, text: str, access: tuple[str, ...], size: int = 8) -> tuple[Hit, ...]:
        if not text.strip():
            return ()
        query = SearchQuery(text=text, access=access, size=size)
        return execute(self._view(), query, names_only=True).hits

    def revisions(self) -> Iterator[IndexedRevision]:
        for versioned in self._view().all():
            deleted = versioned.document is None
            yield IndexedRevision(versioned.type, versioned.id, versioned.revision, deleted)

    def begin_rebuild(self) -> Rebuild:
        """Raises SearchUnavailable while another rebuild is under way."""
        with self._writing:
            self._owned()
            if self._rebuild is not None:
                raise SearchUnavailable("检索索引正在重建")
            self._rebuild = _Rebuild(self, Store(self._generations.create(), create=True))
            return self._rebuild

    def finish_rebuild(self, rebuilt: _Rebuild) -> None:
        """Tombstones are carried over: without them a late upsert would bring a deleted row back."""
        with self._writing:
            if self._rebuild is not rebuilt:
                raise SearchUnavailable("这次重建已经结束")
            rebuilt.store.write(self._reading().view().all(DEAD))
            rebuilt.store.commit()
            self._swap(rebuilt.store)
            self._rebuild = None

    def abandon_rebuild(self, rebuilt: _Rebuild) -> None:
        with self._writing:
            if self._rebuild is rebuilt:
                rebuilt.store.close()
                self._generations.discard(rebuilt.store.folder)
                self._rebuild = None

    def write_rebuild(self, rebuilt: _Rebuild, documents: Sequence[VersionedDocument]) -> None:
        with self._writing:
            if self._rebuild is not rebuilt:
                raise SearchUnavailable("这次重建已经结束")
            rebuilt.store.write(documents)

    def ping(self) -> None:
        self._reading()

    def close(self) -> None:
        with self._writing:
            if self._rebuild is not None:
                self.abandon_rebuild(self._rebuild)
            if self._store is not None:
                self._store.close()
                self._store = None
            self._generations.disown()


class _Rebuild:
    """A second generation beside the one in force; the index writes to both until `finish`."""

    def __init__(self, index: EmbeddedIndex, store: Store) -> None:
        self._index = index
        self.store = store

    def put(self, documents: Sequence[VersionedDocument]) -> None:
        self._index.write_rebuild(self, documents)

    def finish(self) -> None:
        self._index.finish_rebuild(self)

    def abandon(self) -> None:
        self._index.abandon_rebuild(self)
