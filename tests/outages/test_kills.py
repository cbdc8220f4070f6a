"""`kill -9` at every fault point, under load: nothing is lost, doubled or out of order, and the rest goes on by itself."""

from __future__ import annotations

import time

import pytest

from tests.outages.city import CityUnderTest
from tests.outages.conftest import Grounds
from tests.outages.points import INTAKE, POINTS, PROJECTOR, RELAY

pytestmark = [pytest.mark.kafka, pytest.mark.elasticsearch, pytest.mark.postgresql]
REPORTS = 240
ON_THE_LINE = [point.name for point in POINTS if point.part in (INTAKE, RELAY, PROJECTOR)]


@pytest.mark.parametrize("point", ON_THE_LINE)
def test_a_worker_killed_anywhere_leaves_no_trace(grounds: Grounds, city: CityUnderTest, point: str) -> None:
    worker = city.start(at=point)
    worker.wait_for("ready")
    load = city.load(REPORTS)
    worker.wait_for_point(point)
    assert worker.ended() == -9
    before, killed = city.effects(), time.monotonic()
    again = city.start()
    print(f"{point}: first effect after {city.wait_for_effect(killed, before):.1f} s")
    city.finish(load)
    assert again.stop() == 0
    assert grounds.findings(city) == []
