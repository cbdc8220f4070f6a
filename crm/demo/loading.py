"""`crm demo load`: an invented year, played through the real services, marked and removable.

Called by `crm/cli/demo.py` (`make run`) and, for the accounts, by `crm/cli/running.py`.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy import select

from crm.demo.accounts import Account, create_accounts, describe_accounts, keep
from crm.demo.carriers import register_carriers
from crm.demo.clearing import clear_demo
from crm.demo.haste import in_haste
from crm.demo.line import Line, at, others_at_work
from crm.demo.officers import Officers
from crm.demo.reports import YEAR, Planned, ReportWriter
from crm.demo.year import Year
from crm.domain.clock import SHANGHAI, FixedClock, local_date
from crm.domain.errors import Conflict
from crm.services.tools import Tools
from crm.store.leases import hold, release
from crm.store.models import Carrier, Lease
from crm.wiring import Deployment, holder_name

__all__ = ["demo_loaded", "describe_accounts", "load_demo"]

SEED = 20230606
REPORTS = 270
UNFINISHED = "demo-load"  # a lease that outlives a killed load tells that what lies there is only a part
LONGEST_LOAD = timedelta(seconds=60)


def demo_loaded(tools: Tools) -> bool:
    """Whether demonstration data is there, and whole."""
    with tools.database.read() as session:
        there = session.scalars(select(Carrier.id).where(Carrier.demo.is_(True)).limit(1)).first()
        return there is not None and session.get(Lease, UNFINISHED) is None


def load_demo(deployment: Deployment, *, reports: int = REPORTS, seed: int = SEED) -> str:
    """Load an invented year; what was loaded, in a sentence. Harmless when repeated. Raises Conflict while others work."""
    tools = deployment.tools
    if demo_loaded(tools):
        return "演示数据已在，未作改动（重新装入请先运行 crm demo clear）"
    if others_at_work(tools):
        raise Conflict("请先停止 crm serve、worker 等进程，一分钟后再装入演示数据")
    clear_demo(deployment)  # the remains of a load that was killed, if any
    holder = holder_name(UNFINISHED)
    with tools.database.write() as session:
        hold(session, UNFINISHED, holder, tools.clock.now(), LONGEST_LOAD)
    with in_haste(tools.database):
        sentence = _load(deployment, reports, random.Random(seed))  # noqa: S311 (the same data for the same seed)
    with tools.database.write() as session:
        release(session, UNFINISHED, holder)
    return sentence


def _load(deployment: Deployment, reports: int, rng: random.Random) -> str:
    tools = deployment.tools
    _catch_up(deployment)  # reports of real people go first, under the real clock
    carriers = register_carriers(tools, rng)
    accounts = create_accounts(tools)
    now = tools.clock.now()
    stamp = now.astimezone(SHANGHAI).strftime("%y%m%d%H%M%S")
    planned = ReportWriter(rng, tools.reference.pack(), local_date(now), stamp).year(reports)
    refused = _play(deployment, accounts, planned, rng, now)
    keep(tools.settings, accounts)
    problems = f"；{len(refused)} 步按规则未能进行" if refused else ""
    return (
        f"已装入演示数据（企业与人名均为虚构）：{len(planned)} 条报送、{carriers} 处载体、{len(accounts)} 个账号，"
        f"时间跨度 12 个月{problems}"
    )


def _play(
    deployment: Deployment, accounts: list[Account], planned: list[Planned], rng: random.Random, now: datetime
) -> list[str]:
    clock = FixedClock(now - timedelta(days=YEAR + 1))
    moved = at(deployment, clock)
    line = Line(moved)
    try:
        year = Year(moved.tools, clock, line, Officers.of(accounts), rng, now)
        year.play(planned)
        line.catch_up()
    finally:
        line.close()
    return year.refused


def _catch_up(deployment: Deployment) -> None:
    line = Line(deployment)
    try:
        line.catch_up()
    finally:
        line.close()
