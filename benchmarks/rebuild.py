"""`crm index rebuild` on the rows of so many reports, beside raw bulk requests of the same documents."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.city_floor import STEPS, write_documents
from benchmarks.measuring import Watch, compare, resident_megabytes, show
from benchmarks.pipeline import publish, take_in
from benchmarks.sets import Servers, city_set
from crm.services.indexing import check, rebuild


@dataclass(frozen=True, slots=True)
class RebuildRun:
    """`peak`: MB while rebuilding."""

    documents: int
    ours: Watch
    floor: Watch
    peak: float


def measure(servers: Servers, bus_url: str, events: int) -> RebuildRun:
    with city_set(servers, bus_url) as city:
        tools = city.deployment.tools
        publish(city.deployment, events)
        take_in(city.deployment, events)
        resident_megabytes()
        with Watch() as watch:
            documents = rebuild(tools, tools.index)
        peak, _ = resident_megabytes()
        if (difference := check(tools, tools.index)).count:
            raise SystemExit(difference.sentence())
        floor, written = write_documents(servers.elasticsearch, city.alias)
        if written != documents:
            raise SystemExit(f"{documents} documents rebuilt, {written} in the index")
    return RebuildRun(documents, watch, floor, peak)


def report(runs: list[RebuildRun]) -> None:
    ours = [run.documents / run.ours.seconds for run in runs]
    floor = [run.documents / run.floor.seconds for run in runs]
    show(
        [
            ("重建", compare(ours, floor, "份/秒")),
            ("份数", f"{runs[0].documents}；峰值 {max(run.peak for run in runs):.0f} MB"),
            ("下限", STEPS[2].split("；", 1)[1]),
        ]
    )
