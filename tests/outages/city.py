"""A city under test: its processes started, killed and waited for, its reports written while that goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count, cycle
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import func, select

from consumers.lead_batch import NAME as INTAKE
from consumers.lead_intake import feeds
from consumers.search_projector import NAME as PROJECTOR
from consumers.search_projector import TOPICS as PROJECTED
from crm.bus.port import Record
from crm.cli.processes import PARTS
from crm.domain.errors import Unavailable
from crm.services.submission import Incoming, Submitted, submit_batch
from crm.store.models import InboxMessage, Model, OutboxMark
from schemas.topics import LEADS_SUBMITTED, feed_topic
from tests.factories.actors import CLI
from tests.factories.leads import cloud_event, lead_data, named
from tests.outages.checker import Sent
from tests.outages.place import Place

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0
PIECE = 15
AGENCIES = ("AG-BJ", "AG-SH", "AG-SZ")
OWN_FEED = "AG-BJ"


class Process:
    """A process of the city, its log in a file."""

    def __init__(self, folder: Path, parts: Sequence[str], *options: str) -> None:
        self.started = time.monotonic()
        self.log = folder / f"{'-'.join(parts)}-{time.monotonic_ns()}.log"
        command = [sys.executable, "-m", "tests.outages.process", str(folder), *parts, *options]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log)
        self._said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as said:
            self._said.extend(line.decode().strip() for line in said)

    def wait_for(self, said: str) -> None:
        """Until it has said so. Fails with its log when it ends without."""
        until(lambda: said in self._said or not self._reader.is_alive(), f"{said!r} of {self.log.name}")
        assert said in self._said, self.log.read_text(encoding="utf-8")

    def wait_for_point(self, point: str) -> None:
        self.wait_for(f"reached {point}")

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self.ended()

    def stop(self) -> int:
        """Ask it to end; its exit status."""
        self._process.terminate()
        return self.ended()

    def ended(self) -> int:
        status = self._process.wait(timeout=PATIENCE)
        self._reader.join(timeout=5)
        return status

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def logged(self, event: str) -> list[dict[str, Any]]:
        lines = [line for line in self.log.read_bytes().splitlines() if line.startswith(b"{")]
        return [line for line in map(orjson.loads, lines) if line["event"] == event]


class Load(threading.Thread):
    """Writes reports in pieces until it is enough, to the topics and to the database in turn, each piece as often as it takes
    to be acknowledged."""

    def __init__(self, city: CityUnderTest, pause: float) -> None:
        super().__init__(name="load", daemon=True)
        self._city = city
        self._pause = pause
        self._enough = threading.Event()
        self.failed: BaseException | None = None

    def run(self) -> None:
        numbers = count(1)
        try:
            for write in cycle((self._produce, self._submit)):
                self._insist(partial(write, [_report(next(numbers)) for _ in range(PIECE)]))
                if self._enough.wait(self._pause):
                    return
        except BaseException as error:  # noqa: BLE001 (shown by whoever waits for the load)
            self.failed = error

    def end(self) -> None:
        """Returns when the piece at hand is acknowledged."""
        self._enough.set()
        self.join(timeout=PATIENCE)
        assert not self.is_alive(), "the load was not taken"
        if self.failed is not None:
            raise self.failed

    def _insist(self, write: Callable[[], None]) -> None:
        while True:
            try:
                write()
            except Unavailable:
                time.sleep(0.5)
            else:
                return

    def _submit(self, piece: list[Incoming]) -> None:
        for outcome, report in zip(submit_batch(self._city.tools, CLI, piece, "file"), piece, strict=True):
            assert isinstance(outcome, Submitted), outcome
            self._city.sent.receipts[outcome.receipt_no] = _place(report)

    def _produce(self, piece: list[Incoming]) -> None:
        """Every fifteenth record is none; those of one agency come by its own feed."""
        records = [
            Record(
                feed_topic(OWN_FEED) if report.organisation == OWN_FEED else LEADS_SUBMITTED,
                report.data["source_ref"],
                cloud_event(report.organisation, report.data["source_ref"], report.data),
            )
            for report in piece
        ]
        broken = f"{{broken {piece[0].data['source_ref']}".encode()
        self._city.bus.publish([*records, Record(LEADS_SUBMITTED, "broken", broken)])
        self._city.sent.produced.update(map(_place, piece))
        self._city.sent.refused.add(broken)


def _report(number: int) -> Incoming:
    """Every fourth is a second report, without a code, of a company reported before."""
    data = named(number - 3, source_ref=f"again-{number}", with_code=False) if number % 4 == 0 else lead_data(number)
    return Incoming(AGENCIES[number % len(AGENCIES)], data)


def _place(report: Incoming) -> tuple[str, str]:
    return report.organisation, report.data["source_ref"]


class Effects(NamedTuple):
    """What grows as the line moves."""

    taken: int
    indexed: int

    def all_after(self, before: Effects) -> bool:
        return self.taken > before.taken and self.indexed > before.indexed


class CityUnderTest:
    """The city as its tests reach it: services' tools, the bus, its processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = Place.read(folder)
        self.deployment = self.place.connect(folder)
        self.tools = self.deployment.tools
        self.bus = self.deployment.bus
        self.sent = Sent()
        self._processes: list[Process] = []

    def start(self, *parts: str, at: str | None = None, pause: bool = False) -> Process:
        """A process of these parts; `at`: the fault point that strikes it."""
        options = [*(["--at", at] if at else []), *(["--pause"] if pause else [])]
        process = Process(self.folder, parts or PARTS, *options)
        self._processes.append(process)
        return process

    def load(self, pause: float = 0.5) -> Load:
        load = Load(self, pause)
        load.start()
        return load

    def effects(self) -> Effects:
        return Effects(self._count(InboxMessage), sum(1 for _ in self.tools.index.revisions()))

    def _count(self, table: type[Model]) -> int:
        with self.tools.database.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def first_effect(self, process: Process, before: Effects, since: float | None = None) -> str:
        """Seconds from then, or from its start, until reports were taken and documents written again; or that it was killed
        before that."""
        until(lambda: self.effects().all_after(before) or not process.alive, "a first effect")
        seconds = time.monotonic() - (process.started if since is None else since)
        moved = self.effects().all_after(before)
        return f"first effect after {seconds:.1f} s" if moved else "no effect before the next kill"

    def finish(self, load: Load) -> None:
        """Until everything written is taken, published and indexed."""
        load.end()
        self.settle()

    def settle(self) -> None:
        """Until the line is dry."""
        until(self._quiet, "the line to run dry")

    def _quiet(self) -> bool:
        try:
            return self._count(InboxMessage) >= len(self.sent.places) and not any(self._waiting())
        except Unavailable:
            return False

    def _waiting(self) -> Iterator[int]:
        yield self._count(OutboxMark)
        intake = (LEADS_SUBMITTED, *(topic.name for topic in feeds(self.tools)))
        yield self.bus.lag(INTAKE, intake).records
        yield self.bus.lag(PROJECTOR, PROJECTED).records

    def close(self) -> None:
        for process in self._processes:
            if process.alive:
                process.signal(signal.SIGCONT)
                process.kill()
        self.deployment.close()


def until(true: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"waited {PATIENCE:.0f} s for {what}"
        time.sleep(0.2)
