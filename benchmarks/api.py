"""Reports over the API: `crm web` in its own processes, one client and eight, beside bare transactions of the same rows.

Every client keeps its connection and sends the next report when the last is answered, all under one token.
"""

from __future__ import annotations

import http.client
import itertools
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import psycopg
from psycopg.types.string import TextLoader

from benchmarks.measuring import percentiles_of, seconds, show, spread
from benchmarks.sets import Servers, city_set
from benchmarks.synthetic import Reports
from crm.config import Settings
from crm.domain.actors import Role
from crm.services.accounts import issue_token
from crm.store import schema
from crm.store.database import Database
from tests.factories.databases import temporary_database

CLIENTS = (1, 8)
EACH = 250
WARMING = 40
PATIENCE = 60.0
STORED = ("receipts", "submissions", "outbox")
FLOOR = f"psycopg：每条报送一个事务，写 {'、'.join(STORED)} 中同样的行，连接数与客户端相同"


@dataclass(frozen=True, slots=True)
class Load:
    """What so many clients got: requests a second, median and 95th percentile in milliseconds; `floor` a second."""

    clients: int
    rate: float
    median: float
    p95: float
    floor: float


def measure(servers: Servers, bus_url: str) -> list[Load]:
    found = []
    for clients in CLIENTS:
        with city_set(servers, bus_url) as city, temporary_database(servers.postgresql) as copy:
            tools = city.deployment.tools
            token = issue_token(tools, organisation="AG-SH", role=Role.REPORTER, name="bench")
            reports = Reports(tools.reference.pack())
            bodies = [orjson.dumps(reports.report(n)) for n in range(clients * (EACH + WARMING))]
            with _web(tools.settings) as port:
                warming, counted = bodies[: clients * WARMING], bodies[clients * WARMING :]
                _send(port, token, warming, clients)
                wall, taken = _send(port, token, counted, clients)
            floor = _floor(tools.settings.database_url, copy, clients)
        found.append(Load(clients, len(counted) / wall, *percentiles_of(taken), floor))
    return found


@contextmanager
def _web(settings: Settings) -> Iterator[int]:
    """`crm web` on these settings; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    environment = {
        **os.environ,
        "CRM_DATABASE_URL": settings.database_url,
        "CRM_BUS_URL": settings.bus_url,
        "CRM_SEARCH_URL": settings.search_url,
        "CRM_DATA_DIR": str(settings.data_dir),
        "CRM_SECRET_KEY": "bench",
        "CRM_PORT": str(port),
        "CRM_REPORT_LIMIT": "100000000",
    }
    with (settings.data_dir / "web.log").open("wb") as log:
        web = subprocess.Popen(
            [Path(sys.executable).with_name("crm"), "web"], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            deadline = time.monotonic() + PATIENCE
            while not _alive(port):
                if time.monotonic() > deadline or web.poll() is not None:
                    raise SystemExit((settings.data_dir / "web.log").read_text(encoding="utf-8", errors="replace"))
                time.sleep(0.1)
            yield port
        finally:
            web.terminate()
            web.wait(PATIENCE)


def _alive(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _send(port: int, token: str, bodies: Sequence[bytes], clients: int) -> tuple[float, list[float]]:
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def client(own: Sequence[bytes]) -> list[float]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        return [seconds(lambda body=body: _post(connection, headers, body)) for body in own]  # type: ignore[misc]

    return _at_once(client, [bodies[n::clients] for n in range(clients)])


def _post(connection: http.client.HTTPConnection, headers: Mapping[str, str], body: bytes) -> None:
    connection.request("POST", "/api/v1/leads", body, dict(headers))
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 202:
        raise SystemExit(f"{answer.status}: {text[:300]!r}")


def _at_once(work: Callable[[Any], list[float]], parts: Sequence[Any]) -> tuple[float, list[float]]:
    """Each part in a thread of its own; seconds for all, and for each call."""
    with ThreadPoolExecutor(len(parts)) as threads:
        start = time.perf_counter()
        taken = list(itertools.chain.from_iterable(threads.map(work, parts)))
        return time.perf_counter() - start, taken


def _floor(source: str, target: str, clients: int) -> float:
    """Transactions a second."""
    database = Database(target)
    schema.upgrade(database)
    database.dispose()
    plain = target.replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(source.replace("postgresql+psycopg://", "postgresql://")) as reader:
        for kind in ("json", "jsonb"):
            reader.adapters.register_loader(kind, TextLoader)
        rows = [
            reader.execute(f"SELECT * FROM {table} ORDER BY created_at").fetchall()
            for table in STORED
            if table != "receipts"
        ]
        rows.insert(0, reader.execute("SELECT * FROM receipts ORDER BY receipt_no").fetchall())
    together = list(zip(*rows, strict=False))

    def client(own: Sequence[tuple[tuple[Any, ...], ...]]) -> list[float]:
        with psycopg.connect(plain, autocommit=True) as connection:
            return [seconds(lambda row=row: _store(connection, row)) for row in own]  # type: ignore[misc]

    wall, _ = _at_once(client, [together[n::clients] for n in range(clients)])
    return len(together) / wall


def _store(connection: psycopg.Connection[Any], rows: Sequence[tuple[Any, ...]]) -> None:
    with connection.transaction():
        for table, row in zip(STORED, rows, strict=True):
            connection.execute(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(row))})", row)


def report(runs: list[list[Load]]) -> None:
    rows = []
    for loads in zip(*runs, strict=True):
        rates = f"{spread([load.rate for load in loads])} 条/秒"
        waits = f"中位 {spread([load.median for load in loads], 1)}、p95 {spread([load.p95 for load in loads], 1)} 毫秒"
        floor = spread([load.floor for load in loads])
        ratio = spread([load.rate / load.floor for load in loads], 2)
        rows.append((f"{loads[0].clients} 个客户端", f"{rates}；{waits}；下限 {floor}；比 {ratio}"))
    show([*rows, ("下限", FLOOR)])
