"""The line on the city set beside its floor, in one process; and how much two workers do."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.city_floor import COPIES, STEPS, Floor, Log, floor_of, keep_outbox
from benchmarks.embedded_run import memory_marks
from benchmarks.measuring import Stage, compare, show, spread
from benchmarks.pipeline import project, publish, relay, take_in
from benchmarks.sets import Servers, city_set
from benchmarks.tables import counted
from consumers.search_projector import TOPICS
from schemas.topics import LEADS_DEAD, LEADS_SUBMITTED
from tests.factories.databases import temporary_database


@dataclass(frozen=True, slots=True)
class CityRun:
    """One run."""

    published: float
    bytes: int
    intake: Stage
    relay: Stage
    project: Stage
    floor: Floor

    @property
    def ours(self) -> float:
        return self.intake.seconds + self.relay.seconds + self.project.seconds

    @property
    def bare(self) -> float:
        return self.floor.intake + self.floor.send + self.floor.project


def measure(servers: Servers, bus_url: str, events: int) -> CityRun:
    with city_set(servers, bus_url) as city, temporary_database(servers.postgresql) as copy:
        deployment, tools = city.deployment, city.deployment.tools
        deployment.bus.ensure_topics((COPIES,))
        log = Log(bus_url)
        before = log.ends((LEADS_SUBMITTED, LEADS_DEAD, *TOPICS))
        published, size = publish(deployment, events)
        intake = take_in(deployment, events)
        keep_outbox(tools.database)
        marks, dead = counted(tools.database, "outbox"), counted(tools.database, "dead_letters")
        relayed = relay(deployment, marks)
        projected = project(deployment, marks - dead)
        databases = tools.settings.database_url, copy
        floor = floor_of(log, before, databases, (servers.elasticsearch, city.alias), intake.batches)
    return CityRun(published, size, intake, relayed, projected, floor)


def report(runs: list[CityRun]) -> None:
    """Rates are in reports a second throughout, so that stages can be compared and summed."""
    first = runs[0]
    events = first.intake.records
    floor = first.floor

    def against(ours: list[float], bare: list[float]) -> str:
        return compare([events / taken for taken in ours], [events / taken for taken in bare])

    show(
        [
            (
                "写入总线",
                f"{spread([events / run.published for run in runs])} 条/秒（平均 {first.bytes // events} 字节）",
            ),
            ("受理", against([run.intake.seconds for run in runs], [run.floor.intake for run in runs])),
            ("中继", against([run.relay.seconds for run in runs], [run.floor.send for run in runs])),
            ("投影", against([run.project.seconds for run in runs], [run.floor.project for run in runs])),
            ("全线（一个进程）", against([run.ours for run in runs], [run.bare for run in runs])),
            ("下限各步（秒）", _parts(floor)),
            (
                "做了多少",
                f"{first.intake.batches} 个事务、{floor.rows} 行、{first.relay.records} 条发件、{floor.documents} 份文档",
            ),
            ("受理内存（四段）", memory_marks(first.intake)),
            ("中继内存（四段）", memory_marks(first.relay)),
            ("投影内存（四段）", memory_marks(first.project)),
            *((f"下限 {number}", step) for number, step in enumerate(STEPS, 1)),
        ]
    )


def _parts(floor: Floor) -> str:
    return (
        f"读报送 {floor.read_reports:.2f}、写行 {floor.write_rows:.2f}、发送 {floor.send:.2f}、"
        f"读事件 {floor.read_events:.2f}、写文档 {floor.write_documents:.2f}"
    )
