"""The line on the city set beside its floor, in one process; and how much two workers do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.city_floor import COPIES, STEPS, Floor, Log, floor_of, keep_outbox
from benchmarks.embedded_run import memory_marks
from benchmarks.measuring import Stage, Watch, compare, show, spread
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
    def stages(self) -> tuple[tuple[str, Watch, Watch], ...]:
        """Name, ours and the floor, of each stage and of all together."""
        found = (
            ("受理", self.intake.watch, self.floor.intake),
            ("中继", self.relay.watch, self.floor.send),
            ("投影", self.project.watch, self.floor.project),
        )
        whole = sum((ours for _, ours, _ in found), Watch()), sum((bare for _, _, bare in found), Watch())
        return (*found, ("全线（一个进程）", *whole))


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
    """Rates are in reports a second throughout, so that stages can be compared."""
    first = runs[0]
    events = first.intake.expected
    show(
        [
            (
                "写入总线",
                f"{spread([events / run.published for run in runs])} 条/秒（平均 {first.bytes // events} 字节）",
            ),
            *_stage_rows(runs, events),
            ("下限各步（秒）", _parts(first.floor)),
            ("做了多少", _amounts(first)),
            *(
                (f"内存：{name}", memory_marks(stage))
                for name, stage in (("受理", first.intake), ("中继", first.relay), ("投影", first.project))
            ),
            *((f"下限 {number}", step) for number, step in enumerate(STEPS, 1)),
        ]
    )


def _stage_rows(runs: list[CityRun], events: int) -> Iterator[tuple[str, str]]:
    for stages in zip(*(run.stages for run in runs), strict=True):
        ours, bare = [ours for _, ours, _ in stages], [bare for _, _, bare in stages]
        rates = compare([events / watch.seconds for watch in ours], [events / watch.seconds for watch in bare])
        processor = f"{spread([w.processor for w in ours], 1)}，下限 {spread([w.processor for w in bare], 1)} 秒"
        yield stages[0][0], f"{rates}；本进程处理器 {processor}"


def _amounts(run: CityRun) -> str:
    return (
        f"{run.intake.batches} 个事务、{run.floor.rows} 行、{run.relay.records} 条发件、"
        f"{run.project.batches} 批投影、{run.floor.documents} 份文档"
    )


def _parts(floor: Floor) -> str:
    return (
        f"读报送 {floor.read_reports.seconds:.2f}、写行 {floor.write_rows.seconds:.2f}、"
        f"发送 {floor.send.seconds:.2f}、读事件 {floor.read_events.seconds:.2f}、"
        f"写文档 {floor.write_documents.seconds:.2f}"
    )
