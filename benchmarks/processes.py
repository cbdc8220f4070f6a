"""A fresh process for every run, and an orderly end for each."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any, TypeVar

from crm.cli.opening import quiet_logs

Run = TypeVar("Run")


def begin() -> None:
    """In every process: few log lines, and an end by SIGTERM that clears away what was made on the servers."""
    quiet_logs(logging.WARNING)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def repeated(runs: int, measure: Callable[..., Run], *arguments: Any) -> list[Run]:
    """Each run in a process of its own: memory and caches of one say nothing about the next."""
    found = []
    for _ in range(runs):
        with ProcessPoolExecutor(1, get_context("spawn"), begin) as process:
            found.append(process.submit(measure, *arguments).result())
    return found
