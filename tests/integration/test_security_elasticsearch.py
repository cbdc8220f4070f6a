"""A secured Elasticsearch of our own: what the key of `crm index key` suffices for, and what a wrong one is told."""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from elasticsearch import ApiError, Elasticsearch

from dev.services.elasticsearch_server import ElasticsearchServer
from search.elastic_access import make_key
from search.elastic_index import ElasticIndex
from search.index import SearchQuery, SearchRefused
from tests.contract.search_corpus import BUREAU, CORPUS, at
from tests.servers import server_url

pytestmark = pytest.mark.elasticsearch

PORT = 19420
WRONG = "d3Jvbmc6d3Jvbmc="  # of the right form
AT_ONCE = 5.0
"""Seconds within which a refusal is told; an index that waits for somebody else's work does so for fifteen."""


@dataclass(frozen=True, slots=True)
class Secured:
    url: str
    password: str

    @property
    def login(self) -> tuple[str, str]:
        return "elastic", self.password


@pytest.fixture(scope="module")
def secured() -> Iterator[Secured]:
    server_url("elasticsearch")  # where there is none, there is no secured one either
    password = secrets.token_urlsafe(12)
    server = ElasticsearchServer("secured", PORT, password=password)
    server.stop()
    shutil.rmtree(server.run, ignore_errors=True)
    server.start()
    server.wait()
    yield Secured(server.url, password)
    server.stop()
    shutil.rmtree(server.run)


@pytest.fixture(scope="module")
def key(secured: Secured) -> str:
    return make_key(secured.url, secured.login)


@pytest.fixture
def open_index(secured: Secured) -> Iterator[Callable[[str | None], ElasticIndex]]:
    opened: list[ElasticIndex] = []

    def opening(api_key: str | None) -> ElasticIndex:
        opened.append(ElasticIndex(secured.url, api_key=api_key))
        return opened[-1]

    yield opening
    for index in opened:
        index.close()


def crm(*words: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    city = {"CRM_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none", "CRM_BUS_URL": "kafka://127.0.0.1:1"}
    env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "CRM_DATA_DIR": str(folder), **city, **settings}
    command = [sys.executable, "-c", "from crm.cli import main; main()", *words]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)


def test_with_the_key_the_product_makes_writes_searches_rebuilds_and_compares(
    open_index: Callable[[str | None], ElasticIndex], key: str
) -> None:
    index = open_index(key)
    index.ensure()
    index.upsert(at(1, found) for found in CORPUS)
    rebuild = index.begin_rebuild()
    rebuild.put([at(1, found) for found in CORPUS])
    index.upsert([at(2, CORPUS[0])])
    rebuild.finish()
    index.refresh()
    assert index.search(SearchQuery(access=BUREAU)).total == len(CORPUS)
    assert {(row.id, row.revision) for row in index.revisions()} >= {(CORPUS[0].id, 2), (CORPUS[1].id, 1)}
    index.ping()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/payroll"),
        ("GET", "/payroll/_search"),
        ("PUT", "/payroll/_doc/1"),
        ("DELETE", "/payroll"),
        ("GET", "/_cluster/state"),
        ("PUT", "/_cluster/settings"),
        ("PUT", "/_security/user/intruder"),
    ],
)
def test_the_key_opens_nothing_else(secured: Secured, key: str, method: str, path: str) -> None:
    with Elasticsearch(secured.url, basic_auth=secured.login) as administrator:
        administrator.options(ignore_status=400).indices.create(index="payroll")
    bodies = {
        "/_cluster/settings": {"persistent": {"action.auto_create_index": "false"}},
        "/payroll/_doc/1": {"salary": 1},
        "/_security/user/intruder": {"password": "intruder-1", "roles": ["superuser"]},
    }
    accepting = {"accept": "application/json", "content-type": "application/json"}
    with Elasticsearch(secured.url, api_key=key) as client, pytest.raises(ApiError) as refusal:
        client.perform_request(method, path, body=bodies.get(path), headers=accepting)
    assert refusal.value.status_code == 403


@pytest.mark.parametrize("wrong", [None, WRONG])
@pytest.mark.parametrize("use", ["ensure", "ping", "search", "upsert", "begin_rebuild"])
def test_without_a_valid_key_every_use_says_so_at_once(
    open_index: Callable[[str | None], ElasticIndex], wrong: str | None, use: str
) -> None:
    index = open_index(wrong)
    uses: dict[str, Callable[[], object]] = {
        "ensure": index.ensure,
        "ping": index.ping,
        "search": lambda: index.search(SearchQuery(access=BUREAU)),
        "upsert": lambda: index.upsert([at(1, CORPUS[0])]),
        "begin_rebuild": index.begin_rebuild,
    }
    began = time.monotonic()
    with pytest.raises(SearchRefused, match="CRM_SEARCH_API_KEY") as refusal:
        uses[use]()
    assert time.monotonic() - began < AT_ONCE
    assert WRONG not in str(refusal.value)


def test_a_key_that_may_only_read_says_what_is_missing_when_it_writes(
    secured: Secured, open_index: Callable[[str | None], ElasticIndex], key: str
) -> None:
    open_index(key).ensure()
    readers = {"readers": {"indices": [{"names": ["crm-documents*"], "privileges": ["read", "view_index_metadata"]}]}}
    with Elasticsearch(secured.url, basic_auth=secured.login) as administrator:
        reading = administrator.security.create_api_key(name="readers", role_descriptors=readers)["encoded"]
    index = open_index(reading)
    assert index.search(SearchQuery(access=BUREAU)).total >= 0
    began = time.monotonic()
    with pytest.raises(SearchRefused, match=r"权限不足.*crm index key"):
        index.upsert([at(3, CORPUS[0])])
    assert time.monotonic() - began < AT_ONCE


def test_the_command_makes_a_key_for_its_owner_alone_and_never_a_second_one(secured: Secured, tmp_path: Path) -> None:
    password, made = tmp_path / "password", tmp_path / "keys" / "search.key"
    password.write_text(f"{secured.password}\n")
    words = ("index", "key", "--password-file", str(password), "--into", str(made))
    first = crm(*words, folder=tmp_path, CRM_SEARCH_URL=secured.url)
    assert first.returncode == 0, first.stderr
    before = made.read_text()
    assert crm(*words, folder=tmp_path, CRM_SEARCH_URL=secured.url).returncode == 0
    assert (made.read_text(), stat.S_IMODE(made.stat().st_mode)) == (before, 0o600)
    assert before not in first.stdout + first.stderr
    with Elasticsearch(secured.url, api_key=before) as client:
        assert client.security.authenticate()["authentication_type"] == "api_key"


def test_the_command_says_what_is_wrong_with_the_login_and_shows_no_secret(secured: Secured, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("word-that-is-wrong")
    done = crm("index", "key", "--password-file", str(password), folder=tmp_path, CRM_SEARCH_URL=secured.url)
    assert done.returncode == 3
    assert "Elasticsearch 不接受所给的密钥或密码" in done.stderr
    assert "word-that-is-wrong" not in done.stdout + done.stderr
