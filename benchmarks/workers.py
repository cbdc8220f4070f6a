"""How much two intake workers do beside one: real `crm worker` processes on twelve partitions, one database.

Counted from the moment when everything lies in the topic, so that publishing does not compete.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.measuring import show, spread
from benchmarks.pipeline import publish
from benchmarks.sets import Servers, city_set
from benchmarks.synthetic import accepted
from benchmarks.tables import counted
from crm.config import Settings
from crm.services.tools import Tools

FIRST = 200  # reports by which the workers warm up
JOINING_SECONDS = 6.0  # for the last of them to have its partitions
LOOKING_SECONDS = 0.25
PATIENCE = 900.0


def measure(servers: Servers, bus_url: str, events: int, most: int) -> tuple[float, ...]:
    """Reports a second with one worker and with `most`."""
    return tuple(_rate(servers, bus_url, events, workers) for workers in (1, most))


def _rate(servers: Servers, bus_url: str, events: int, workers: int) -> float:
    with city_set(servers, bus_url) as city, ExitStack() as running:
        tools = city.deployment.tools
        for number in range(workers):
            running.enter_context(_worker(tools.settings, number))
        publish(city.deployment, FIRST)
        _wait(tools, accepted(FIRST))
        time.sleep(JOINING_SECONDS)
        publish(city.deployment, FIRST + events)  # the first ones again: without effect
        start, before = time.perf_counter(), _done(tools)
        _wait(tools, accepted(FIRST + events))
        return (accepted(FIRST + events) - before) / (time.perf_counter() - start)


@contextmanager
def _worker(settings: Settings, number: int) -> Iterator[None]:
    environment = {
        **os.environ,
        "CRM_DATABASE_URL": settings.database_url,
        "CRM_BUS_URL": settings.bus_url,
        "CRM_SEARCH_URL": settings.search_url,
        "CRM_DATA_DIR": str(settings.data_dir),
    }
    command = [str(Path(sys.executable).with_name("crm")), "worker", "--only", "lead-intake"]
    with (settings.data_dir / f"worker-{number}.log").open("wb") as log:
        worker = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield
        finally:
            worker.terminate()
            worker.wait(60)


def _wait(tools: Tools, reports: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while _done(tools) < reports:
        if time.monotonic() > deadline:
            raise SystemExit(f"{_done(tools)} of {reports} reports were dealt with")
        time.sleep(LOOKING_SECONDS)


def _done(tools: Tools) -> int:
    """Reports with an effect; those sent twice have one."""
    return counted(tools.database, "inbox")


def report(runs: list[tuple[float, ...]], most: int) -> None:
    one, many = [run[0] for run in runs], [run[1] for run in runs]
    ratio = spread([m / o for o, m in zip(one, many, strict=True)], 2)
    show([("受理", f"一个进程 {spread(one)} 条/秒；{most} 个进程 {spread(many)} 条/秒；比 {ratio}")])
