"""`kill -9` at every fault point, under load: nothing is lost, doubled or out of order, and the rest goes on by itself."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from kafka import KafkaAdminClient
from sqlalchemy import select

from consumers.lead_batch import NAME as INTAKE_GROUP
from crm.domain.clock import FixedClock
from crm.services.dispatch import dispatch
from crm.store.models import Assignment, HistoryLine, Project
from tests.factories.actors import dispatcher
from tests.outages.city import CityUnderTest, until
from tests.outages.conftest import Grounds
from tests.outages.points import INTAKE, POINTS, PROJECTOR, REBUILD, RELAY, SCHEDULER

pytestmark = [pytest.mark.kafka, pytest.mark.elasticsearch, pytest.mark.postgresql]
A_WHILE_AGO = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
DISPATCHED = 12


def points_of(part: str) -> list[str]:
    return [point.name for point in POINTS if point.part == part]


@pytest.mark.parametrize("part", [INTAKE, RELAY, PROJECTOR])
def test_a_worker_killed_at_each_point_in_turn_leaves_no_trace(
    grounds: Grounds, city: CityUnderTest, part: str
) -> None:
    points = points_of(part)
    load = city.load()
    killed_at, before = "", city.effects()
    for point in [*points, None]:
        worker = city.start(at=point)
        if killed_at:
            print(f"{killed_at} kill -9: {city.first_effect(worker, before)}")
        if point is not None:
            worker.wait_for_point(point)
            assert worker.ended() == -signal.SIGKILL
            killed_at, before = point, city.effects()
    city.finish(load)
    assert worker.stop() == 0
    assert grounds.findings(city) == []


def expired(city: CityUnderTest) -> dict[str, int]:
    """How often each project came back to the dispatcher."""
    found: dict[str, int] = {}
    with city.tools.database.read() as session:
        statement = select(HistoryLine.aggregate_id).where(HistoryLine.type == "project.dispatch-expired.v1")
        for project in session.scalars(statement):
            found[project] = found.get(project, 0) + 1
    return found


def send_out(city: CityUnderTest) -> list[str]:
    """Projects dispatched so long ago that their districts' time to answer is over."""
    then = replace(city.tools, clock=FixedClock(A_WHILE_AGO))
    with city.tools.database.read() as session:
        projects = session.scalars(select(Project).limit(DISPATCHED)).all()
    for project in projects:
        dispatch(then, dispatcher(), project.id, project.version, district="KETD", park=None, note="产业链相近")
    return [project.id for project in projects]


def waiting(city: CityUnderTest) -> bool:
    with city.tools.database.read() as session:
        return session.scalar(select(Assignment.id).where(Assignment.state == "pending").limit(1)) is not None


def test_a_scheduler_killed_at_each_point_in_turn_takes_each_dispatch_back_once(
    grounds: Grounds, city: CityUnderTest
) -> None:
    worker = city.start()
    city.finish(city.load(0))
    sent = send_out(city)
    for point in points_of(SCHEDULER):
        killed = city.start(SCHEDULER, at=point)
        killed.wait_for_point(point)
        assert killed.ended() == -signal.SIGKILL
    before = len(expired(city))
    assert 0 < before < len(sent), "the kills came before or after all the work"
    again = city.start(SCHEDULER)
    until(lambda: len(expired(city)) > before, "a first effect")
    print(f"{SCHEDULER}: first effect {time.monotonic() - again.started:.1f} s after kill -9")
    until(lambda: not waiting(city), "the dispatches to come back")
    assert again.stop() == 0
    city.settle()
    assert worker.stop() == 0
    assert expired(city) == dict.fromkeys(sent, 1)
    assert grounds.findings(city, reports_only=False) == []


@pytest.mark.parametrize("point", points_of(REBUILD))
def test_a_rebuild_killed_anywhere_leaves_an_index_that_answers_and_takes_writes(
    grounds: Grounds, city: CityUnderTest, point: str
) -> None:
    worker = city.start()
    load = city.load()
    killed = city.start(REBUILD, at=point)
    killed.wait_for_point(point)
    assert killed.ended() == -signal.SIGKILL
    before, since = city.effects().indexed, time.monotonic()
    until(lambda: city.effects().indexed > before, "documents to be written again")
    print(f"{point}: a document written {time.monotonic() - since:.1f} s after kill -9")
    city.finish(load)
    until(lambda: city.start(REBUILD).ended() == 0, "the dead rebuild's lease to end")
    assert worker.stop() == 0
    assert grounds.findings(city) == []


def test_a_worker_told_to_end_finishes_its_batch_and_leaves_its_group(grounds: Grounds, city: CityUnderTest) -> None:
    worker = city.start()
    load = city.load()
    until(lambda: city.effects().taken >= 30, "the line to move")
    assert worker.stop() == 0
    assert members(city) == []
    again = city.start()
    city.finish(load)
    assert again.stop() == 0
    assert grounds.findings(city) == []


def members(city: CityUnderTest) -> list[object]:
    admin = city.place.access().client(KafkaAdminClient)
    try:
        group = city.place.prefix + INTAKE_GROUP
        found: list[object] = admin.describe_groups([group])[group]["members"]
        return found
    finally:
        admin.close()
