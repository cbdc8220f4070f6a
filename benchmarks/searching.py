"""Searches through `search/elastic_index.py` beside the very same request bodies sent by a plain HTTP connection.

Ours and raw are asked in turn, and who is first changes, so that neither finds the caches warmed by the other. Raw reads the
answer's bytes and does nothing with them.
"""

from __future__ import annotations

import cProfile
import functools
import http.client
import pstats
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks.documents import load
from benchmarks.measuring import percentiles_of, seconds, show, spread
from benchmarks.sets import Servers, city_set
from benchmarks.synthetic import brand, credit_code, full_name
from crm.domain.reference import ReferencePack
from search.elastic_pages import execute
from search.index import SearchIndex, SearchQuery
from search.pinyin import pinyin
from search.query import FACETS

ACCESS = ("public", "bureau", "user:bench")
EACH = 25
ROUNDS = 3


@dataclass(slots=True)
class Kind:
    """Queries of one kind, and seconds of ours and of raw."""

    ours: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    requests: int = 0


class Raw:
    """A plain connection to the index."""

    def __init__(self, url: str, alias: str) -> None:
        where = urlsplit(url)
        self.connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=60)
        self.path = f"/{alias}/_search?allow_partial_search_results=false"

    def send(self, body: bytes) -> bytes:
        self.connection.request("POST", self.path, body, {"Content-Type": "application/json"})
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{answer.status}: {text[:300]!r}")
        return text

    def send_all(self, bodies: Sequence[bytes]) -> None:
        for body in bodies:
            self.send(body)

    def bodies_of(self, query: SearchQuery) -> list[bytes]:
        """What the adapter asks for this query: mostly one request, two when nothing but the last resort helps."""
        asked: list[bytes] = []

        def ask(request: dict[str, Any]) -> dict[str, Any]:
            asked.append(orjson.dumps(request))
            found: dict[str, Any] = orjson.loads(self.send(asked[-1]))
            return found

        execute(ask, query)
        return asked


def queries(pack: ReferencePack, reports: int) -> dict[str, list[SearchQuery]]:
    """What people type, by kind."""
    rng = random.Random(5)
    nodes = sorted(pack.nodes.values(), key=lambda node: node.code)
    products = [word for node in nodes for word in node.products[:3]]

    def some(text: Any, **more: Any) -> list[SearchQuery]:
        return [
            SearchQuery(text=text(rng.randrange(reports)), access=ACCESS, facets=FACETS, **more) for _ in range(EACH)
        ]

    return {
        "全称": some(lambda n: full_name(n, nodes[n % len(nodes)].name)),
        "字号": some(brand),
        "拼音": some(lambda n: pinyin(brand(n))),
        "信用代码": some(credit_code),
        "产品词": some(lambda n: products[n % len(products)]),
        "两个词": some(lambda n: f"昆山 {products[n % len(products)]}"),
        "产品词加筛选": some(
            lambda n: products[n % len(products)], types=("project",), filters={"light": ("red", "yellow")}
        ),
        "打错一字": some(lambda n: full_name(n, nodes[n % len(nodes)].name).replace(brand(n)[1], "某", 1)),
    }


def measure(servers: Servers, bus_url: str, documents: int) -> tuple[dict[str, Kind], str]:
    with city_set(servers, bus_url) as city:
        tools = city.deployment.tools
        pack = tools.reference.pack()
        load(servers.elasticsearch, city.alias, pack, documents)
        raw = Raw(servers.elasticsearch, city.alias)
        asked = queries(pack, documents // 3)
        kinds = {name: _compared(tools.index, raw, found) for name, found in asked.items()}
        return kinds, _profile(tools.index, [query for found in asked.values() for query in found])


def _compared(index: SearchIndex, raw: Raw, asked: Sequence[SearchQuery]) -> Kind:
    kind = Kind()
    for query in asked:
        bodies = raw.bodies_of(query)
        kind.requests += len(bodies)
        ours, bare = functools.partial(index.search, query), functools.partial(raw.send_all, bodies)
        ours()
        for number in range(ROUNDS):
            for turn in (0, 1):
                if turn == number % 2:
                    kind.ours.append(seconds(ours))
                else:
                    kind.raw.append(seconds(bare))
    return kind


def _profile(index: SearchIndex, asked: Sequence[SearchQuery]) -> str:
    """Where ours spends its time beside waiting for the server: the five dearest functions of our own, in ms a query."""
    with cProfile.Profile() as profile:
        for query in asked:
            index.search(query)
    rows = pstats.Stats(profile).get_stats_profile().func_profiles
    own = {
        f"{name}（{row.file_name.rsplit('/', 1)[-1]}）": row.cumtime
        for name, row in rows.items()
        if "/search/" in row.file_name or name in ("perform_request", "<built-in method orjson.loads>")
    }
    dearest = sorted(own.items(), key=lambda item: -item[1])[:8]
    return "、".join(f"{name} {taken / len(asked) * 1000:.2f}" for name, taken in dearest)


def report(runs: list[tuple[dict[str, Kind], str]]) -> None:
    rows = []
    names = list(runs[0][0])
    for name in [*names, "合计"]:
        kinds = [_merged(list(run.values())) if name == "合计" else run[name] for run, _ in runs]
        ours, raw = [percentiles_of(kind.ours) for kind in kinds], [percentiles_of(kind.raw) for kind in kinds]
        figures = [
            f"{label} {spread([o[n] for o in ours], 1)}，原样 {spread([r[n] for r in raw], 1)} 毫秒，"
            f"比 {spread([o[n] / r[n] for o, r in zip(ours, raw, strict=True)], 2)}"
            for n, label in enumerate(("中位", "p95"))
        ]
        rows.append((name, "；".join(figures)))
    show([*rows, ("耗时（毫秒/次，含被调）", runs[0][1])])


def _merged(kinds: Sequence[Kind]) -> Kind:
    whole = Kind()
    for kind in kinds:
        whole.ours += kind.ours
        whole.raw += kind.raw
    return whole
