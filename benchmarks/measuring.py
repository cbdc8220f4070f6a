"""Timing, memory, spread over runs, and the tables that `make bench` prints."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

STATUS = Path("/proc/self/status")
QUARTERS = 4


def resident_megabytes() -> tuple[float, float]:
    """Peak since the last call and resident memory of this process now; zeros where the system does not tell."""
    if not STATUS.exists():
        return 0.0, 0.0
    lines = dict(line.split(":", 1) for line in STATUS.read_text(encoding="ascii").splitlines())
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    peak, now = (int(lines[name].split()[0]) / 1024 for name in ("VmHWM", "VmRSS"))
    return peak, now


@dataclass(slots=True)
class Watch:
    """Adds up what runs inside `with`: wall clock, and this process's own processor time."""

    seconds: float = 0.0
    processor: float = 0.0
    _since: tuple[float, float] = (0.0, 0.0)

    def __enter__(self) -> Watch:
        self._since = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._since[0]
        self.processor += time.process_time() - self._since[1]

    def __add__(self, other: Watch) -> Watch:
        return Watch(self.seconds + other.seconds, self.processor + other.processor)


@dataclass(slots=True)
class Stage:
    """One stage of the line. `batches`: transactions or requests; `memory`: peak and end of each quarter, MB."""

    expected: int
    watch: Watch = field(default_factory=Watch)
    records: int = 0
    batches: int = 0
    memory: list[tuple[float, float]] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return self.records / self.watch.seconds

    def add(self, records: int) -> None:
        """A batch is done."""
        self.records += records
        self.batches += 1
        if len(self.memory) < QUARTERS and self.records * QUARTERS >= self.expected * (len(self.memory) + 1):
            self.memory.append(resident_megabytes())


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def percentiles(calls: Sequence[Callable[[], object]]) -> tuple[float, float]:
    """Median and 95th percentile of single calls, in milliseconds."""
    return percentiles_of([seconds(call) for call in calls])


def percentiles_of(taken: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile of seconds, in milliseconds."""
    ordered = sorted(taken)
    return ordered[len(ordered) // 2] * 1000, ordered[int(len(ordered) * 0.95)] * 1000


def spread(values: Sequence[float], digits: int = 0) -> str:
    """Least, median and most of several runs; the one figure of one run."""
    figures = sorted({min(values), statistics.median(values), max(values)})
    return " / ".join(f"{figure:,.{digits}f}" for figure in figures)


def compare(ours: Sequence[float], floor: Sequence[float], unit: str = "条/秒") -> str:
    """Rates of the product, of its floor in the same runs, and their ratio."""
    ratios = [mine / bare for mine, bare in zip(ours, floor, strict=True)]
    return f"{spread(ours)} {unit}；下限 {spread(floor)}；比 {spread(ratios, 2)}"


def show(rows: Sequence[tuple[str, str]]) -> None:
    """A table of name and figure; Han letters are two columns wide."""
    widest = max(_width(name) for name, _ in rows)
    for name, figure in rows:
        print(f"{name}{' ' * (widest - _width(name))}  {figure}", flush=True)


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E80 else 1 for letter in text)
