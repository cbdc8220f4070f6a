"""The line from the bus to the index in one process, stage by stage: publish, intake, relay, projector."""

from __future__ import annotations

import itertools
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.measuring import resident_megabytes, seconds
from benchmarks.synthetic import Reports
from consumers.lead_intake import NAME as INTAKE
from consumers.lead_intake import LeadIntake
from consumers.runner import Runner
from consumers.search_projector import NAME as PROJECTOR
from consumers.search_projector import TOPICS, SearchProjector
from crm.config import Settings
from crm.services.reference import load_reference
from crm.store import schema
from crm.wiring import Deployment, connect
from producers.outbox_relay import OutboxRelay

PUBLISHED_AT_ONCE = 1000
QUARTERS = 4


@dataclass(slots=True)
class Drained:
    """`transactions`: batches of intake; `memory`: MB resident after each quarter of the events."""

    seconds: float = 0.0
    transactions: int = 0
    memory: list[float] = field(default_factory=list)


def fresh_deployment(folder: Path) -> Deployment:
    settings = Settings(database_url=f"sqlite:///{folder}/crm.db", data_dir=folder)
    deployment = connect(settings, owns_index=True)
    tools = deployment.tools
    schema.upgrade(tools.database)
    load_reference(tools.database, tools.clock, settings.reference_dir)
    deployment.bus.ensure_topics()
    tools.index.ensure()
    tools.matching.matcher()
    return deployment


def publish(deployment: Deployment, events: int) -> tuple[float, int]:
    """Put the events on the bus; seconds for publishing alone, and bytes of all values."""
    records = Reports(deployment.tools.reference.pack()).records(events)
    taken, size = 0.0, 0
    while batch := list(itertools.islice(records, PUBLISHED_AT_ONCE)):
        size += sum(len(record.value) for record in batch)
        start = time.perf_counter()
        deployment.bus.publish(batch)
        taken += time.perf_counter() - start
    return taken, size


def drain_intake(deployment: Deployment, events: int) -> Drained:
    handler = LeadIntake(deployment.tools)
    subscription = deployment.bus.subscribe(INTAKE, handler.topics(), "bench")
    runner = Runner(handler, subscription, threading.Event())
    drained, done = Drained(), 0
    start = time.perf_counter()
    while taken := runner.step(0):
        done += taken
        drained.transactions += 1
        if done * QUARTERS >= events * (len(drained.memory) + 1):
            drained.memory.append(resident_megabytes())
    drained.seconds = time.perf_counter() - start
    if done != events:
        raise SystemExit(f"intake dealt with {done} of {events} events")
    return drained


def relay(deployment: Deployment) -> tuple[float, int]:
    tools = deployment.tools
    sender = OutboxRelay(tools.database, deployment.bus, tools.clock, tools.vault, "bench")
    sent = 0

    def run() -> None:
        nonlocal sent
        while step := sender.step():
            sent += step

    return seconds(run), sent


def project(deployment: Deployment) -> tuple[float, int]:
    tools = deployment.tools
    handler = SearchProjector(tools, tools.index)
    runner = Runner(handler, deployment.bus.subscribe(PROJECTOR, TOPICS, "bench"), threading.Event(), batch=2000)
    done = 0

    def run() -> None:
        nonlocal done
        while step := runner.step(0):
            done += step
        tools.index.refresh()

    return seconds(run), done
