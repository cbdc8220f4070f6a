"""What only the Elasticsearch SearchIndex promises: several processes at once, rebuilds cut off, errors by name.

Every index of this module stands for a process of its own: it has its own client and its own memory.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from schemas.documents import FACET_FIELDS
from search import mapping
from search.elastic_index import ElasticIndex
from search.embedded_index import EmbeddedIndex
from search.index import IndexedRevision, SearchError, SearchQuery, SearchUnavailable, UpsertResult
from tests.contract.search_adapters import ElasticLab
from tests.contract.search_corpus import BUREAU, CORPUS, at, enterprise, tombstone
from tests.contract.test_search_index import RUNGS

pytestmark = pytest.mark.elasticsearch

ALL = SearchQuery(access=BUREAU, size=1000)
Process = Callable[..., ElasticIndex]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[ElasticLab]:
    made = ElasticLab(tmp_path)
    yield made
    made.close()


@pytest.fixture
def process(lab: ElasticLab) -> Iterator[Process]:
    """Opens the index as another process would."""
    opened: list[ElasticIndex] = []

    def another(**values: float) -> ElasticIndex:
        opened.append(ElasticIndex(lab.url, alias=lab.alias, **values))
        return opened[-1]

    yield another
    for index in opened:
        index.close()


@pytest.fixture
def server(lab: ElasticLab) -> Iterator[Elasticsearch]:
    with Elasticsearch(lab.url) as client:
        yield client


def names(index: ElasticIndex) -> list[str]:
    index.refresh()
    return sorted(hit.id for hit in index.search(ALL).hits)


def indexes(server: Elasticsearch, lab: ElasticLab) -> list[str]:
    return sorted(server.indices.get_alias(index=f"{lab.alias}-*"))


def vanish(index: ElasticIndex) -> None:
    """The process is killed: it ends nothing."""
    index._rebuild = None


def test_many_processes_starting_at_once_make_one_index(
    process: Process, server: Elasticsearch, lab: ElasticLab
) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda index: index.ensure(), [process() for _ in range(8)]))
    assert indexes(server, lab) == [f"{lab.alias}-000001-{mapping.digest()}"]


def test_the_alias_names_the_index_that_answers(process: Process, server: Elasticsearch, lab: ElasticLab) -> None:
    index = process()
    index.ensure()
    index.begin_rebuild().finish()
    assert list(server.indices.get_alias(name=lab.alias)) == [f"{lab.alias}-000002-{mapping.digest()}"]
    assert len(indexes(server, lab)) == 1


def test_the_first_write_makes_the_index(process: Process) -> None:
    index = process()
    index.upsert([at(1, enterprise("A"))])
    assert names(index) == ["A"]


def test_before_there_is_an_index_a_search_says_so(process: Process) -> None:
    with pytest.raises(SearchUnavailable, match="尚未建立"):
        process().search(ALL)


def test_a_writer_that_has_not_heard_of_the_rebuild_loses_nothing(process: Process) -> None:
    unaware, rebuilder = process(), process()
    unaware.upsert([at(1, enterprise("BEFORE"))])
    rebuild = rebuilder.begin_rebuild()
    unaware.upsert([at(2, enterprise("MEANWHILE")), tombstone(2, "enterprise", "GONE")])
    rebuild.put([at(1, enterprise("GONE")), at(1, enterprise("BEFORE"))])
    rebuild.finish()
    assert names(rebuilder) == ["BEFORE", "MEANWHILE"]


def test_a_writer_that_still_knows_the_old_index_writes_to_the_new_one(process: Process) -> None:
    writer, rebuilder = process(), process()
    writer.upsert([at(1, enterprise("A"))])
    rebuilder.begin_rebuild().finish()
    assert writer.upsert([at(1, enterprise("LATE"))]) == UpsertResult(1, 0)
    assert names(writer) == ["LATE"]


def test_no_write_is_lost_while_processes_write_and_one_rebuilds(process: Process) -> None:
    writers, rebuilder = [process() for _ in range(3)], process()
    rebuilder.ensure()
    stop = threading.Event()
    database: dict[str, int] = {}  # committed before it is indexed, as the product does

    def write(number: int) -> None:
        count = 0
        while not stop.is_set():
            count += 1
            row = f"W{number}-{count % 40}"
            database[row] = count
            writers[number].upsert([at(count, enterprise(row))])

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        rebuild = rebuilder.begin_rebuild()
        rebuild.put([at(revision, enterprise(row)) for row, revision in sorted(database.items())])
        time.sleep(0.2)
        rebuild.finish()
    stop.set()
    for thread in threads:
        thread.join()
    assert database
    assert {entry.id: entry.revision for entry in rebuilder.revisions()} == database


def test_searches_go_on_while_another_process_swaps(process: Process) -> None:
    reader, rebuilder = process(), process()
    rows = [at(1, enterprise(f"S{number}")) for number in range(30)]
    rebuilder.upsert(rows)
    rebuilder.refresh()
    stop, counts = threading.Event(), []

    def search() -> None:
        while not stop.is_set():
            counts.append(reader.search(ALL).total)

    searcher = threading.Thread(target=search)
    searcher.start()
    for _ in range(3):
        rebuild = rebuilder.begin_rebuild()
        rebuild.put(rows)
        rebuild.finish()
    stop.set()
    searcher.join()
    assert set(counts) == {30}


def test_two_processes_cannot_rebuild_at_once(process: Process) -> None:
    first, second = process(), process()
    rebuild = first.begin_rebuild()
    with pytest.raises(SearchUnavailable, match="正在重建"):
        second.begin_rebuild()
    rebuild.finish()
    second.begin_rebuild().finish()


def test_a_rebuild_of_a_killed_process_is_swept_when_its_lease_is_out(
    process: Process, server: Elasticsearch, lab: ElasticLab
) -> None:
    killed = process(lease=0.2)
    killed.upsert([at(1, enterprise("A"))])
    killed.begin_rebuild().put([at(1, enterprise("B"))])
    vanish(killed)
    time.sleep(0.3)
    again = process()
    again.ensure()
    assert (names(again), len(indexes(server, lab))) == (["A"], 1)


def test_a_write_block_of_a_killed_rebuild_is_lifted_by_the_next_writer(
    process: Process, server: Elasticsearch, lab: ElasticLab
) -> None:
    writer, killed = process(), process(lease=0.5)
    writer.upsert([at(1, enterprise("A"))])
    killed.begin_rebuild()
    vanish(killed)
    server.indices.add_block(index=f"{lab.alias}-000001-{mapping.digest()}", block="write")
    assert writer.upsert([at(1, enterprise("B"))]) == UpsertResult(1, 0)
    assert names(writer) == ["A", "B"]


def test_a_rebuild_that_cannot_finish_leaves_the_old_index_writable(
    process: Process, server: Elasticsearch, lab: ElasticLab
) -> None:
    index = process()
    index.upsert([at(1, enterprise("A"))])
    rebuild = index.begin_rebuild()
    server.indices.delete(index=f"{lab.alias}-000002-{mapping.digest()}")
    with pytest.raises(SearchUnavailable):
        rebuild.finish()
    index.upsert([at(1, enterprise("B"))])
    assert names(index) == ["A", "B"]
    index.begin_rebuild().abandon()


def test_an_index_of_an_earlier_mapping_is_made_anew_from_what_it_stores(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = process()
    old.upsert([at(3, enterprise("A")), tombstone(5, "enterprise", "GONE")])
    monkeypatch.setattr(mapping, "TOKENS_VERSION", mapping.TOKENS_VERSION + 1)
    with pytest.raises(SearchUnavailable, match="另一版本"):
        process().search(ALL)
    again = process()
    again.ensure()
    assert names(again) == ["A"]
    assert again.upsert([at(4, enterprise("GONE")), at(2, enterprise("A"))]).stale == 2


def test_revisions_stream_over_many_requests(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("search.elastic_index._SCANNED", 7)
    index = process()
    index.upsert([at(number, enterprise(f"R:{number}")) for number in range(1, 31)])
    found = sorted(index.revisions(), key=lambda entry: entry.revision)
    assert found == [IndexedRevision("enterprise", f"R:{number}", number, False) for number in range(1, 31)]


def test_both_engines_give_the_same_pages(process: Process, tmp_path: Path) -> None:
    elastic, embedded = process(), EmbeddedIndex(tmp_path / "twin", writable=True)
    for index in (elastic, embedded):
        index.upsert([at(1, content) for content in CORPUS])
        index.refresh()
    texts = dict.fromkeys(("", "常州", "苏州 连接器", "贸易", "昆山 枫桉", "s", *(text for text, _, _ in RUNGS)))
    for text in texts:
        for sort in ("relevance", "-updated_at", "investment", "name"):
            asked = SearchQuery(text=text, access=BUREAU, size=3, sort=sort, facets=FACET_FIELDS)
            first = embedded.search(asked)
            assert elastic.search(asked) == first
            if first.next:  # a cursor holds no word of the engine that gave it
                following = replace(asked, cursor=first.next)
                assert elastic.search(following) == embedded.search(following)
        assert elastic.suggest(text, BUREAU) == embedded.suggest(text, BUREAU)
    embedded.close()


def test_a_document_the_server_refuses_is_named(process: Process) -> None:
    with pytest.raises(SearchError, match="enterprise:A") as caught:
        process().upsert([at(1, enterprise("A", stage="x" * 40_000))])
    assert not isinstance(caught.value, SearchUnavailable)


def test_a_written_document_is_found_within_a_second_without_refresh(process: Process) -> None:
    index = process()
    index.upsert([at(1, enterprise("A"))])
    time.sleep(1)
    assert index.search(ALL).total == 1


def test_a_server_that_does_not_answer_is_unavailable() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        index = ElasticIndex(f"http://127.0.0.1:{reserved.getsockname()[1]}")
        attempts = (
            index.ping,
            index.ensure,
            index.refresh,
            lambda: index.search(ALL),
            lambda: list(index.revisions()),
        )
        index._ensured = True
        for attempt in (*attempts, lambda: index.upsert([at(1, enterprise("A"))])):
            with pytest.raises(SearchUnavailable):
                attempt()
        index.close()
