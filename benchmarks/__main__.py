"""`make bench`: how fast the line is beside the floor of the same run, whether memory stays flat, how long people wait.

`make bench BENCH="--events 200000"` for memory. Everything happens in a folder that is removed afterwards.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.floor import floor_seconds
from benchmarks.measuring import show
from benchmarks.pipeline import Drained, drain_intake, fresh_deployment, project, publish, relay
from benchmarks.reading import list_p95, search_p95, suggest_p95
from crm.wiring import Deployment


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="报送事件数（缺省 20000；看内存用 200000）")
    parser.add_argument("--folder", type=Path, help="放数据库的磁盘（缺省为系统临时目录）")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        deployment = fresh_deployment(Path(folder) / "line")
        try:
            _run(deployment, Path(folder), options.events)
        finally:
            deployment.close()


def _run(deployment: Deployment, folder: Path, events: int) -> None:
    published, size = publish(deployment, events)
    show([("写入总线", f"{events / published:,.0f} 条/秒（平均 {size / events:.0f} 字节）")])
    drained = drain_intake(deployment, events)
    floor, rows = floor_seconds(folder / "line" / "crm.db", folder / "floor.db", drained.transactions)
    _show_intake(drained, events, floor, rows)
    sending, sent = relay(deployment)
    show([("中继", f"{sent / sending:,.0f} 条/秒（{sent} 条）")])
    writing, seen = project(deployment)
    show([("投影到检索", f"{seen / writing:,.0f} 条事件/秒（{seen} 条）")])
    tools = deployment.tools
    show(
        [
            ("检索 p95", f"{search_p95(tools, events):.1f} 毫秒"),
            ("联想 p95", f"{suggest_p95(tools, events):.1f} 毫秒"),
            ("80 个项目的列表 p95", f"{list_p95(tools):.1f} 毫秒"),
        ]
    )


def _show_intake(drained: Drained, events: int, floor: float, rows: int) -> None:
    speed, bare = events / drained.seconds, events / floor
    marks = "、".join(f"{megabytes:.0f}" for megabytes in drained.memory)
    show(
        [
            (
                "受理（一个进程）",
                f"{speed:,.0f} 条/秒（{events} 条、{drained.transactions} 个事务、{drained.seconds:.1f} 秒）",
            ),
            ("裸写下限", f"{bare:,.0f} 条/秒（同样 {rows} 行、同样多的事务、{floor:.1f} 秒）"),
            ("受理 / 下限", f"{speed / bare:.2f}"),
            ("内存 25/50/75/100 %", f"{marks} MB"),
        ]
    )


if __name__ == "__main__":
    main()
