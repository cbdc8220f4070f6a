"""A page of eighty projects among ten thousand and among ten times as many, for each role that reads them.

Both databases are open at once and asked in turn, so that whatever else the machine does meets both alike.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

from flask.testing import FlaskClient

from benchmarks.many_projects import fill
from benchmarks.measuring import percentiles_of, seconds, show, spread
from benchmarks.sets import Servers, city_set
from benchmarks.tables import counted
from crm.domain.actors import Role
from crm.services.accounts import issue_token
from crm.web.app import create_app
from crm.wiring import Deployment

CALLS = 60
READERS = (
    ("调度", "BUREAU", Role.DISPATCHER),
    ("区镇", "KHTD", Role.DISTRICT),
    ("领导", "BUREAU", Role.LEADER),
)
PATHS = (
    ("接口 80 个", "/api/v1/projects?page_size=80"),
    ("接口 80 个，重点", "/api/v1/projects?page_size=80&grade=key"),
    ("接口 80 个，一个区镇，久未动", "/api/v1/projects?page_size=80&district=KHTD&sort=stage_since"),
    ("接口 80 个，最近更新", "/api/v1/projects?page_size=80&sort=-updated_at"),
    ("网页", "/projects"),
)


@dataclass(frozen=True, slots=True)
class ListRun:
    """Medians in milliseconds by role and path, among few and among many."""

    sizes: tuple[int, int]
    medians: Mapping[tuple[str, str], tuple[float, float]]


class Reader:
    """Somebody who asks one deployment for pages."""

    def __init__(self, deployment: Deployment, organisation: str, role: Role, name: str) -> None:
        token = issue_token(deployment.tools, organisation=organisation, role=role, name=name)
        self.client: FlaskClient = create_app(deployment).test_client()
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> None:
        answer = self.client.get(path, headers=self.headers)
        if answer.status_code != 200:
            raise SystemExit(f"{path}: {answer.status_code} {answer.text[:300]}")


def measure(servers: Servers, bus_url: str, most: int) -> ListRun:
    """`most` projects, and a tenth of them."""
    medians = {}
    with city_set(servers, bus_url) as small:
        fill(small.deployment, most // 10)
        with city_set(servers, bus_url) as large:
            fill(large.deployment, most)
            sides = (small.deployment, large.deployment)
            for name, organisation, role in READERS:
                few, many = (Reader(side, organisation, role, name) for side in sides)
                for label, path in PATHS:
                    medians[name, label] = _in_turn(few, many, path)
            sizes = tuple(counted(side.tools.database, "projects") for side in sides)
    return ListRun((sizes[0], sizes[1]), medians)


def _in_turn(few: Reader, many: Reader, path: str) -> tuple[float, float]:
    taken: tuple[list[float], list[float]] = ([], [])
    for call in range(CALLS):
        for side, reader in enumerate((few, many)):
            spent = seconds(functools.partial(reader.get, path))
            if call > 2:
                taken[side].append(spent)
    return percentiles_of(taken[0])[0], percentiles_of(taken[1])[0]


def report(runs: list[ListRun]) -> None:
    few, many = runs[0].sizes
    rows = []
    for key in runs[0].medians:
        pairs = [run.medians[key] for run in runs]
        ratio = spread([large / small for small, large in pairs], 2)
        small, large = (spread([pair[side] for pair in pairs], 1) for side in (0, 1))
        rows.append(("，".join(key), f"{few} 个中 {small} 毫秒；{many} 个中 {large} 毫秒；比 {ratio}"))
    show(rows)
