"""The parts of a running deployment as threads of one process: start them, wait for a signal, stop them in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from types import FrameType

import structlog
from prometheus_client import start_http_server

from consumers.lead_batch import NAME as INTAKE
from consumers.lead_intake import LeadIntake
from consumers.measured import Measured
from consumers.runner import Runner
from consumers.search_projector import NAME as PROJECTOR
from consumers.search_projector import TOPICS as PROJECTOR_TOPICS
from consumers.search_projector import SearchProjector
from crm.domain.errors import Unavailable
from crm.services.indexing import serve_requests
from crm.services.measures import WORK
from crm.services.outage import Outage
from crm.store.leases import ALIVE, hold, release, succeed
from crm.wiring import Deployment, WorkerSlot
from producers.outbox_relay import OutboxRelay
from search.index import SearchRefused, SearchUnavailable

RELAY = "outbox-relay"
PARTS = (INTAKE, PROJECTOR, RELAY)
IDLE_SECONDS = 1.0

HEARTBEAT = timedelta(seconds=5)

log = structlog.get_logger("process")


class Processes:
    """Threads that end together: one that dies of an error takes the process down, so that it is seen and restarted."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.stop = threading.Event()
        self.failed: str | None = None
        self._threads: list[threading.Thread] = []
        self._slots: dict[str, WorkerSlot] = {}  # by the lease that says that the part lives

    def start(self, part: str, work: Callable[[], object]) -> None:
        def run() -> None:
            try:
                work()
            except Exception:
                self.failed = part
                log.exception("part died", part=part)
                self.stop.set()

        thread = threading.Thread(target=run, name=part, daemon=True)
        thread.start()
        self._threads.append(thread)

    def start_part(self, part: str) -> None:
        """Start a worker by its name in the interface."""
        deployment, tools = self.deployment, self.deployment.tools
        if part == RELAY:
            relay = OutboxRelay(tools.database, deployment.bus, tools.clock, tools.vault, self._slot(RELAY).holder)
            self.start(RELAY, lambda: relay.run(self.stop))
        elif part == INTAKE:
            handler = LeadIntake(tools)
            subscription = deployment.bus.subscribe(INTAKE, handler.topics, self._slot(INTAKE).name)
            self.start(INTAKE, Runner(Measured(handler), subscription, self.stop).run)
        else:
            self._ensure_index()
            subscription = deployment.bus.subscribe(PROJECTOR, PROJECTOR_TOPICS, self._slot(PROJECTOR).name)
            runner = Runner(Measured(SearchProjector(tools, tools.index)), subscription, self.stop)
            self.start(PROJECTOR, runner.run)
            self.start("index-requests", self._serve_requests)

    def _slot(self, part: str) -> WorkerSlot:
        """The place of a part on this machine: the same after a restart."""
        slot = WorkerSlot(self.deployment.tools.settings.slot_dir, part)
        self._slots[f"{ALIVE}{part}@{slot.name}"] = slot
        return slot

    def _ensure_index(self) -> None:
        """A city's may be away when its worker starts: the first write makes it then. The embedded one is ours or nobody's."""
        tools = self.deployment.tools
        try:
            tools.index.ensure()
        except SearchUnavailable as error:
            if not tools.settings.city or isinstance(error, SearchRefused):
                raise
            log.warning("index unavailable, made at the first write", reason=str(error))

    def _serve_requests(self) -> None:
        outage = Outage("index-requests")
        pause = IDLE_SECONDS
        while not self.stop.wait(pause):
            try:
                serve_requests(self.deployment.tools, self.deployment.tools.index)
            except Unavailable as error:
                pause = outage.met(error)
            else:
                outage.over()
                pause = IDLE_SECONDS

    def start_scheduler(self) -> None:
        from crm.jobs.scheduler import Scheduler  # noqa: PLC0415 (a worker has no use for APScheduler: 0.1 s)

        scheduler = Scheduler(self.deployment, self._slot("scheduler").holder)
        self.start("scheduler", lambda: scheduler.run(self.stop))

    def start_heartbeat(self) -> None:
        """Say every few seconds which parts live here (`/readyz`, `/metrics`), and show what they measure where asked to."""
        settings = self.deployment.tools.settings
        if settings.metrics_port:
            start_http_server(settings.metrics_port, settings.host, WORK)
        self.start("heartbeat", self._beat)

    def _beat(self) -> None:
        tools, outage, pause = self.deployment.tools, Outage("heartbeat"), 0.0
        while not self.stop.wait(pause):
            try:
                with tools.database.write() as session:
                    for name, slot in sorted(self._slots.items()):
                        succeed(session, name, slot.holder)
                        hold(session, name, slot.holder, tools.clock.now(), HEARTBEAT * 3)
            except Unavailable as error:
                pause = outage.met(error)
            else:
                outage.over()
                pause = HEARTBEAT.total_seconds()
        try:
            with tools.database.write() as session:
                for name, slot in self._slots.items():
                    release(session, name, slot.holder)
        except Unavailable as error:
            log.warning("unavailable, the heartbeat ends by itself", reason=str(error))

    def stop_on_signals(self) -> None:
        def on_signal(number: int, _frame: FrameType | None) -> None:
            log.info("stopping", signal=number)
            self.stop.set()

        signal.signal(signal.SIGTERM, on_signal)
        signal.signal(signal.SIGINT, on_signal)

    def wait(self) -> int:
        """Until a signal or a dead part; then every part finishes its batch. Exit status."""
        while not self.stop.wait(0.5):
            pass
        for thread in self._threads:
            thread.join(timeout=30)
        for slot in self._slots.values():
            slot.leave()
        return 1 if self.failed else 0
