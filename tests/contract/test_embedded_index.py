"""What only the embedded SearchIndex promises: one owner, readers in other processes, survival of a kill."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from search import mapping
from search.embedded_index import EmbeddedIndex
from search.index import SearchQuery, SearchUnavailable
from tests.contract.search_corpus import BUREAU, at, enterprise, tombstone

ALL = SearchQuery(access=BUREAU, size=1000)


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[EmbeddedIndex]:
    index = EmbeddedIndex(tmp_path, writable=True)
    index.ensure()
    yield index
    index.close()


@pytest.fixture
def reader(tmp_path: Path, owner: EmbeddedIndex) -> Iterator[EmbeddedIndex]:
    index = EmbeddedIndex(tmp_path, writable=False)
    yield index
    index.close()


def names(index: EmbeddedIndex) -> list[str]:
    return sorted(hit.id for hit in index.search(ALL).hits)


def test_a_reader_sees_each_commit_of_the_owner(owner: EmbeddedIndex, reader: EmbeddedIndex) -> None:
    owner.upsert([at(1, enterprise("A"))])
    assert names(reader) == ["A"]
    owner.upsert([tombstone(2, "enterprise", "A"), at(1, enterprise("B"))])
    assert names(reader) == ["B"]


def test_a_reader_follows_the_owner_to_a_rebuilt_index(owner: EmbeddedIndex, reader: EmbeddedIndex) -> None:
    owner.upsert([at(1, enterprise("OLD"))])
    assert names(reader) == ["OLD"]
    rebuild = owner.begin_rebuild()
    rebuild.put([at(1, enterprise("NEW"))])
    rebuild.finish()
    assert names(reader) == ["NEW"]


def test_a_reader_refuses_to_write(reader: EmbeddedIndex) -> None:
    with pytest.raises(SearchUnavailable, match="只读"):
        reader.upsert([at(1, enterprise("A"))])


def test_a_reader_of_a_folder_without_an_index_says_so(tmp_path: Path) -> None:
    with pytest.raises(SearchUnavailable):
        EmbeddedIndex(tmp_path / "none", writable=False).ping()


def test_a_second_owner_is_refused_until_the_first_closes(owner: EmbeddedIndex, tmp_path: Path) -> None:
    second = EmbeddedIndex(tmp_path, writable=True)
    with pytest.raises(SearchUnavailable, match="另一个进程"):
        second.ensure()
    owner.close()
    second.ensure()
    second.close()


def test_the_first_write_makes_the_index(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "new" / "folder", writable=True)
    index.upsert([at(1, enterprise("A"))])
    assert names(index) == ["A"]
    index.close()


def _write_until_killed(folder: Path, acknowledged: Connection) -> None:
    index = EmbeddedIndex(folder, writable=True)
    for number in range(1_000_000):
        index.upsert([at(1, enterprise(f"K{number}"))])
        acknowledged.send(number)


def test_what_upsert_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    writer = context.Process(target=_write_until_killed, args=(tmp_path, there))
    writer.start()
    there.close()
    done = [here.recv() for _ in range(5)]
    os.kill(writer.pid or 0, signal.SIGKILL)
    writer.join()
    while here.poll():
        try:
            done.append(here.recv())
        except EOFError:
            break
    here.close()
    index = EmbeddedIndex(tmp_path, writable=True)
    index.ensure()
    assert {f"K{number}" for number in done} <= set(names(index))
    index.close()


def test_an_index_of_an_earlier_mapping_is_made_anew_from_what_it_stores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = EmbeddedIndex(tmp_path, writable=True)
    index.upsert([at(3, enterprise("A")), tombstone(5, "enterprise", "GONE")])
    index.close()
    monkeypatch.setattr(mapping, "TOKENS_VERSION", mapping.TOKENS_VERSION + 1)
    with pytest.raises(SearchUnavailable):
        EmbeddedIndex(tmp_path, writable=False).search(ALL)
    again = EmbeddedIndex(tmp_path, writable=True)
    again.ensure()
    assert names(again) == ["A"]
    assert again.upsert([at(4, enterprise("GONE")), at(2, enterprise("A"))]).stale == 2
    again.close()


def test_only_the_generation_in_force_stays_on_disk(owner: EmbeddedIndex, tmp_path: Path) -> None:
    owner.begin_rebuild().finish()
    owner.begin_rebuild().abandon()
    assert len(list(tmp_path.glob("generation-*"))) == 1


def test_searches_go_on_while_others_write_and_rebuild(owner: EmbeddedIndex) -> None:
    owner.upsert([at(1, enterprise(f"S{number}")) for number in range(50)])
    stop, counts = threading.Event(), []

    def search() -> None:
        while not stop.is_set():
            counts.append(owner.search(ALL).total)

    searcher = threading.Thread(target=search)
    searcher.start()
    for revision in range(2, 6):
        rebuild = owner.begin_rebuild()
        owner.upsert([at(revision, enterprise(f"S{number}")) for number in range(25)])
        rebuild.put([at(1, enterprise(f"S{number}")) for number in range(50)])
        rebuild.finish()
    stop.set()
    searcher.join()
    assert set(counts) == {50}
