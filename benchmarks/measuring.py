"""Timing, memory and the table that `make bench` prints."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path


def resident_megabytes() -> float:
    """Resident memory of this process now (not its peak); 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def p95_milliseconds(calls: Sequence[Callable[[], object]]) -> float:
    """The 95th percentile of single calls."""
    taken = sorted(seconds(call) for call in calls)
    return taken[int(len(taken) * 0.95)] * 1000


def show(rows: Sequence[tuple[str, str]]) -> None:
    """A table of name and figure; Han letters are two columns wide."""
    widest = max(_width(name) for name, _ in rows)
    for name, figure in rows:
        print(f"{name}{' ' * (widest - _width(name))}  {figure}", flush=True)


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
