"""The line from the bus to the index in one process, stage by stage: publish, intake, relay, projector."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence

from benchmarks.measuring import Stage, Watch, resident_megabytes
from benchmarks.synthetic import Reports
from consumers.lead_intake import LeadIntake
from consumers.runner import Handler, Runner
from consumers.search_projector import TOPICS, SearchProjector
from crm.wiring import Deployment
from producers.outbox_relay import OutboxRelay

PUBLISHED_AT_ONCE = 1000
PROJECTED_AT_ONCE = 2000
JOINING_SECONDS = 15.0
SILENCE_SECONDS = 30.0


def publish(deployment: Deployment, events: int) -> tuple[float, int]:
    """Put the events on the bus; seconds for publishing alone, and bytes of all values."""
    records = Reports(deployment.tools.reference.pack()).records(events)
    watch, size = Watch(), 0
    while batch := list(itertools.islice(records, PUBLISHED_AT_ONCE)):
        size += sum(len(record.value) for record in batch)
        with watch:
            deployment.bus.publish(batch)
    return watch.seconds, size


def take_in(deployment: Deployment, events: int) -> Stage:
    """Intake of everything that was published."""
    handler = LeadIntake(deployment.tools)
    return _drain(deployment, handler, handler.topics(), Stage(events))


def relay(deployment: Deployment, marks: int) -> Stage:
    tools = deployment.tools
    sender = OutboxRelay(tools.database, deployment.bus, tools.clock, tools.vault, "bench")
    stage = Stage(marks)
    with stage.watch:
        while sent := sender.step():
            stage.add(sent)
    _check(stage)
    return stage


def project(deployment: Deployment, records: int) -> Stage:
    tools = deployment.tools
    handler = SearchProjector(tools, tools.index)
    stage = _drain(deployment, handler, TOPICS, Stage(records), PROJECTED_AT_ONCE)
    with stage.watch:
        tools.index.refresh()
    return stage


def _drain(deployment: Deployment, handler: Handler, topics: Sequence[str], stage: Stage, batch: int = 500) -> Stage:
    """Until nothing waits for the group; joining it is not counted. A batch whose partitions were lost before it was committed
    was dealt with and is not counted by the runner."""
    subscription = deployment.bus.subscribe(handler.name, topics, "bench")
    subscription.poll(1, JOINING_SECONDS)
    subscription.rewind()
    resident_megabytes()
    runner = Runner(handler, subscription, threading.Event(), batch=batch)
    last = time.perf_counter()
    with stage.watch:
        while stage.records < stage.expected and time.perf_counter() - last < SILENCE_SECONDS:
            if done := runner.step(1.0):
                stage.add(done)
                last = time.perf_counter()
            elif not deployment.bus.lag(handler.name, topics).records:
                break
    subscription.close()
    if waiting := deployment.bus.lag(handler.name, topics).records:
        raise SystemExit(f"{waiting} of {stage.expected} records still wait for {handler.name}")
    return stage


def _check(stage: Stage) -> None:
    if stage.records != stage.expected:
        raise SystemExit(f"{stage.records} of {stage.expected} records were dealt with")
