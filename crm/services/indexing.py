"""Rebuild, check and repair of the search index: the database says what is true, the index is made to agree.

A process that does not own the embedded index leaves a request row; the owner does the work (trap 10).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from sqlalchemy import select

from crm.domain.errors import Unavailable
from crm.services.documents import all_keys, build_documents
from crm.services.ids import new_id
from crm.services.tools import Tools
from crm.store.models import IndexRequest, SearchRevision
from crm.store.unit_of_work import DocumentKey
from search.index import SearchIndex, SearchUnavailable, VersionedDocument

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Difference:
    """Where index and database disagree: documents missing, at an older revision, or not in the database at all."""

    missing: tuple[DocumentKey, ...]
    stale: tuple[DocumentKey, ...]
    extra: tuple[tuple[str, str, int], ...]
    compared: int

    @property
    def count(self) -> int:
        return len(self.missing) + len(self.stale) + len(self.extra)

    def sentence(self) -> str:
        if not self.count:
            return f"一致：比对 {self.compared} 份文档"
        parts = f"缺少 {len(self.missing)}、过时 {len(self.stale)}、多出 {len(self.extra)}"
        return f"不一致 {self.count} 处：{parts}（比对 {self.compared} 份文档）"


def rebuild(tools: Tools, index: SearchIndex, progress: Callable[[int], object] = lambda done: None) -> int:
    """Build the index anew from the database while the old one answers; how many documents."""
    under_way = index.begin_rebuild()
    done = 0
    try:
        with ThreadPoolExecutor(1, "rebuild") as sender:  # documents are built while those before them are written
            sent: Future[None] | None = None
            for keys in all_keys(tools, BATCH):
                documents = build_documents(tools, keys)
                if sent is not None:
                    sent.result()
                sent = sender.submit(under_way.put, documents)
                done += len(keys)
                progress(done)
            if sent is not None:
                sent.result()
    except BaseException:
        under_way.abandon()
        raise
    under_way.finish()
    return done


def check(tools: Tools, index: SearchIndex) -> Difference:
    """Compare every revision of database and index."""
    indexed = {(row.type, row.id): row.revision for row in index.revisions()}
    missing: list[DocumentKey] = []
    stale: list[DocumentKey] = []
    compared = 0
    with tools.database.read() as session:
        statement = select(SearchRevision.type, SearchRevision.id, SearchRevision.revision, SearchRevision.deleted)
        for kind, id_, revision, deleted in session.execute(statement.execution_options(yield_per=BATCH)):
            compared += 1
            found = indexed.pop((kind, id_), None)
            if found is None and not deleted:
                missing.append((kind, id_))
            elif found is not None and found < revision:
                stale.append((kind, id_))
    extra = tuple((kind, id_, revision) for (kind, id_), revision in indexed.items())
    return Difference(tuple(missing), tuple(stale), extra, compared)


def repair(tools: Tools, index: SearchIndex) -> Difference:
    """Write what is missing or stale, bury what the database does not know; what was found."""
    found = check(tools, index)
    wrong = [*found.missing, *found.stale]
    for start in range(0, len(wrong), BATCH):
        index.upsert(build_documents(tools, wrong[start : start + BATCH]))
    graves = [VersionedDocument(kind, id_, revision + 1, None) for kind, id_, revision in found.extra]
    index.upsert(graves)
    return found


def perform(tools: Tools, index: SearchIndex, kind: str, progress: Callable[[int], object] = lambda done: None) -> str:
    """Do a rebuild, check or repair; the sentence to tell."""
    if kind == "rebuild":
        return f"已重建 {rebuild(tools, index, progress)} 份文档"
    if kind == "repair":
        return f"已修复；修复前{repair(tools, index).sentence()}"
    return check(tools, index).sentence()


def serve_requests(tools: Tools, index: SearchIndex) -> int:
    """Work off what other processes asked the owner of the index for; how many."""
    with tools.database.read() as session:
        waiting: Sequence[IndexRequest] = session.scalars(
            select(IndexRequest).where(IndexRequest.state == "asked").order_by(IndexRequest.id)
        ).all()
    for request in waiting:
        try:
            state, detail = "done", perform(tools, index, request.kind)
        except SearchUnavailable as error:
            state, detail = "failed", str(error)
        with tools.database.write() as session:
            row = session.get(IndexRequest, request.id)
            if row is not None:
                row.state, row.detail, row.updated_at = state, detail, tools.clock.now()
    return len(waiting)


def ask_owner(tools: Tools, kind: str, patience: float = 600.0) -> str:
    """Leave a request for the owner of the index and wait for its answer. Raises Unavailable."""
    now = tools.clock.now()
    request_id = new_id()
    with tools.database.write() as session:
        session.add(IndexRequest(id=request_id, kind=kind, state="asked", detail="", created_at=now, updated_at=now))
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with tools.database.read() as session:
            row = session.get(IndexRequest, request_id)
            if row is not None and row.state == "done":
                return row.detail
            if row is not None and row.state == "failed":
                raise Unavailable(row.detail)
        time.sleep(0.3)
    raise Unavailable("索引所在进程没有响应，请求已留下，恢复后会执行")
