"""The line on the embedded set: intake beside raw writing of the same rows, then what people wait for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.embedded_floor import floor_seconds
from benchmarks.measuring import Stage, compare, show, spread
from benchmarks.pipeline import project, publish, relay, take_in
from benchmarks.reading import list_p95, search_p95, suggest_p95
from benchmarks.sets import embedded_set
from benchmarks.tables import counted


@dataclass(frozen=True, slots=True)
class EmbeddedRun:
    """One run. `floor`: seconds for the `rows` alone; milliseconds for the p95."""

    published: float
    bytes: int
    intake: Stage
    floor: float
    rows: int
    relay: Stage
    project: Stage
    search: float
    suggest: float
    listing: float


def measure(events: int, disk: Path | None) -> EmbeddedRun:
    with TemporaryDirectory(dir=disk) as name, embedded_set(Path(name) / "line") as deployment:
        folder, tools = Path(name), deployment.tools
        published, size = publish(deployment, events)
        intake = take_in(deployment, events)
        floor, rows = floor_seconds(folder / "line" / "crm.db", folder / "floor.db", intake.batches)
        marks, dead = counted(tools.database, "outbox"), counted(tools.database, "dead_letters")
        relayed = relay(deployment, marks)
        projected = project(deployment, marks - dead)
        people = search_p95(tools, events), suggest_p95(tools, events), list_p95(tools)
    return EmbeddedRun(published, size, intake, floor, rows, relayed, projected, *people)


def report(runs: list[EmbeddedRun]) -> None:
    first = runs[0]
    events = first.intake.expected
    show(
        [
            (
                "写入总线",
                f"{spread([events / run.published for run in runs])} 条/秒（平均 {first.bytes // events} 字节）",
            ),
            ("受理（一个进程）", compare([run.intake.rate for run in runs], [events / run.floor for run in runs])),
            ("　下限做什么", f"executemany 写入同样的 {first.rows} 行，同样的 {first.intake.batches} 个事务"),
            ("中继", f"{spread([run.relay.rate for run in runs])} 条/秒（{first.relay.records} 条）"),
            ("投影到检索", f"{spread([run.project.rate for run in runs])} 条事件/秒（{first.project.records} 条）"),
            ("受理内存 25/50/75/100 %", memory_marks(first.intake)),
            ("检索 p95", f"{spread([run.search for run in runs], 1)} 毫秒"),
            ("联想 p95", f"{spread([run.suggest for run in runs], 1)} 毫秒"),
            ("80 个项目的列表 p95", f"{spread([run.listing for run in runs], 1)} 毫秒"),
        ]
    )


def memory_marks(stage: Stage) -> str:
    """Peak of each quarter and what was resident at its end."""
    return "、".join(f"峰值 {peak:.0f} 末 {now:.0f}" for peak, now in stage.memory) + " MB"
