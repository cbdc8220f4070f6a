"""`make bench`: how fast the product is beside the floor of the same run, whether memory stays flat, how long people wait.

The embedded set always; the city set too where PostgreSQL and Elasticsearch of `make services` answer.
`make bench BENCH="--only pipeline --set city --events 200000 --runs 3"` picks. Every run is a process of its own, and everything
happens in places that are removed afterwards. docs/benchmarks.md tells what each figure means.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import api, city_run, embedded_run, projects, rebuild, searching, workers
from benchmarks.processes import begin, repeated
from benchmarks.sets import Servers, broker, servers_found


def embedded(options: argparse.Namespace) -> None:
    if "pipeline" in options.only:
        print(f"\n嵌入式：全线，{options.events} 条报送，{options.runs} 次（最小 / 中位 / 最大）")
        embedded_run.report(repeated(options.runs, embedded_run.measure, options.events, options.folder))


def city(options: argparse.Namespace, servers: Servers) -> None:
    runs = options.runs
    with broker() as bus_url:
        if {"pipeline", "rebuild"} & set(options.only):
            repeated(1, city_run.measure, servers, bus_url, WARMING)  # a JVM that has just started is slow
        if "pipeline" in options.only:
            print(f"\n城市集：全线，{options.events} 条报送，{runs} 次（最小 / 中位 / 最大）")
            city_run.report(repeated(runs, city_run.measure, servers, bus_url, options.events))
        if "workers" in options.only:
            print(f"\n城市集：受理的进程数，{options.events} 条报送，{runs} 次")
            workers.report(
                repeated(runs, workers.measure, servers, bus_url, options.events, options.workers), options.workers
            )
        if "api" in options.only:
            print(f"\n城市集：接口报送，{runs} 次，每个客户端 {api.EACH} 条")
            api.report(repeated(runs, api.measure, servers, bus_url))
        if "projects" in options.only:
            print(f"\n城市集：项目列表，{runs} 次（单次取 {projects.CALLS} 问的中位）")
            projects.report(repeated(runs, projects.measure, servers, bus_url, options.projects))
        if "search" in options.only:
            print(f"\n城市集：检索，{options.documents} 份文档，{runs} 次")
            searching.report(repeated(runs, searching.measure, servers, bus_url, options.documents))
        if "rebuild" in options.only:
            print(f"\n城市集：重建索引，{options.events} 条报送，{runs} 次")
            rebuild.report(repeated(runs, rebuild.measure, servers, bus_url, options.events))


BENCHMARKS = ("pipeline", "workers", "api", "projects", "search", "rebuild")
WARMING = 500


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="只测其一（可重复）")
    parser.add_argument("--set", choices=("embedded", "city"), help="只测一套（缺省：嵌入式，有服务时加城市集）")
    parser.add_argument("--events", type=int, default=20_000, help="报送事件数（缺省 20000；看内存用 200000）")
    parser.add_argument("--workers", type=int, default=2, help="受理进程数，与一个相比（缺省 2）")
    parser.add_argument("--documents", type=int, default=100_000, help="检索的文档数（缺省 100000）")
    parser.add_argument("--projects", type=int, default=100_000, help="项目数（缺省 100000，与其十分之一相比）")
    parser.add_argument("--runs", type=int, default=1, help="重复次数（缺省 1）")
    parser.add_argument("--folder", type=Path, help="嵌入式数据库所在磁盘（缺省为系统临时目录）")
    options = parser.parse_args()
    options.only = options.only or BENCHMARKS
    begin()
    if options.set != "city":
        embedded(options)
    if options.set != "embedded":
        servers = servers_found()
        if servers is not None:
            city(options, servers)
        elif options.set == "city":
            parser.exit(3, "没有 PostgreSQL 或 Elasticsearch：先运行 make services\n")
        else:
            print("\n城市集：没有测，因为 PostgreSQL 或 Elasticsearch 没有答复（make services 可启动）")


if __name__ == "__main__":
    main()
