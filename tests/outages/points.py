"""The fault points: named places at which a process started for a test kills or stops itself.

Production code knows nothing of them. They hang on what the process works with: the database's transactions, the bus, and the
wire to Elasticsearch; so they are places in the order of effects (what is durable, what is not yet), which is all a crash can
be told by. `Faults` is armed in `process.py` before the first connection.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from dataclasses import dataclass
from typing import Any

from elastic_transport import Urllib3HttpNode
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

_WRITES = re.compile(r"\s*(INSERT INTO|UPDATE|DELETE FROM)\s+(\w+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Point:
    """`part`: who comes by it. `nth`: at which passing a test has it happen, so that work lies before and behind."""

    name: str
    part: str
    nth: int
    sentence: str


INTAKE, RELAY, PROJECTOR, SCHEDULER, REBUILD = (
    "lead-intake",
    "outbox-relay",
    "search-projector",
    "scheduler",
    "rebuild",
)
POINTS = (
    Point("intake-half-written", INTAKE, 2, "Rows and history are written, revisions and marks are not."),
    Point("intake-before-commit", INTAKE, 2, "All rows of the batch are written, the transaction is open."),
    Point("intake-before-offset", INTAKE, 2, "The transaction is durable, the group's offset is not."),
    Point("intake-after-offset", INTAKE, 2, "Transaction and offset are durable."),
    Point("relay-has-leases", RELAY, 1, "The leases are taken, nothing was sent."),
    Point("relay-half-published", RELAY, 2, "Half of a batch is on the bus, its marks are all there."),
    Point("relay-published", RELAY, 2, "The whole batch is on the bus, its marks are all there."),
    Point("relay-before-commit", RELAY, 2, "The marks are deleted in an open transaction."),
    Point("relay-marks-off", RELAY, 2, "The marks are gone, nobody was told."),
    Point("projector-before-bulk", PROJECTOR, 2, "Nudges are read, nothing was written."),
    Point("projector-half-bulk", PROJECTOR, 2, "Half of a bulk request was taken by the index."),
    Point("projector-before-offset", PROJECTOR, 2, "The documents are written, the offset is not."),
    Point("scheduler-has-lease", SCHEDULER, 1, "The lease is taken, no job has run."),
    Point("scheduler-before-commit", SCHEDULER, 4, "A job has written its next change, not committed it."),
    Point("scheduler-between", SCHEDULER, 4, "A job has done some of what is due."),
    Point("rebuild-half-filled", REBUILD, 1, "The new index holds a part of the documents."),
    Point("rebuild-writes-blocked", REBUILD, 1, "The old index takes no writes, the alias has not moved."),
    Point("rebuild-swapped", REBUILD, 1, "The alias has moved, the old index is gone, nobody was told."),
)
BY_NAME = {point.name: point for point in POINTS}


class Faults:
    """Counts how often the armed point is passed, and strikes once."""

    def __init__(self, armed: str | None, nth: int = 1, number: signal.Signals = signal.SIGKILL) -> None:
        self._armed = armed
        self._left = nth
        self._signal = number
        self._lock = threading.Lock()

    def reached(self, name: str) -> None:
        """Called where a point is passed; the process ends or stops here when its time has come."""
        if self.comes_to(name):
            self.strike()

    def comes_to(self, name: str) -> bool:
        """As `reached`, for a point that has to be prepared: True when it is time to, and then to strike."""
        with self._lock:
            if name != self._armed:
                return False
            self._left -= 1
            return self._left == 0

    def strike(self) -> None:
        os.write(1, f"reached {self._armed}\n".encode())
        os.kill(os.getpid(), self._signal)


def watch_transactions(faults: Faults, engine: Engine) -> None:
    """For the rest of the process: points before and after a commit, told by the tables the transaction wrote."""
    points = _TransactionPoints(faults)
    event.listen(engine, "after_cursor_execute", points.executed)
    event.listen(Session, "before_commit", points.committing)
    event.listen(Session, "after_commit", points.committed)
    event.listen(Session, "after_rollback", points.ended)


class _TransactionPoints:
    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._here = threading.local()

    def _written(self) -> set[str]:
        if not hasattr(self._here, "written"):
            self._here.written = set()
        written: set[str] = self._here.written
        return written

    def executed(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if found := _WRITES.match(statement):
            self._written().add(f"{found.group(1).split()[0].lower()} {found.group(2).lower()}")
            if found.group(2).lower() == "history":
                self._faults.reached("intake-half-written")

    def committing(self, _session: Session) -> None:
        for table, name in (
            ("insert inbox", "intake-before-commit"),
            ("delete outbox", "relay-before-commit"),
            ("insert history", "scheduler-before-commit"),
        ):
            if table in self._written():
                self._faults.reached(name)

    def committed(self, session: Session) -> None:
        written = set(self._written())
        self.ended(session)
        for table, name in (
            ("delete outbox", "relay-marks-off"),
            ("insert history", "scheduler-between"),
            ("insert leases", "scheduler-has-lease"),
        ):
            if table in written:
                self._faults.reached(name)

    def ended(self, _session: Session) -> None:
        self._written().clear()


def watch_elasticsearch(faults: Faults) -> None:
    """For the rest of the process: points on the wire to Elasticsearch."""
    send = Urllib3HttpNode.perform_request

    def watched(node: Urllib3HttpNode, method: str, target: str, body: bytes | None = None, **more: Any) -> Any:
        path = target.partition("?")[0]
        if path == "/_bulk":
            faults.reached("projector-before-bulk")
            if body is not None and faults.comes_to("projector-half-bulk"):
                send(node, method, target, _first_half(body), **more)
                faults.strike()
        answer = send(node, method, target, body, **more)
        if path == "/_bulk":
            faults.reached("rebuild-half-filled")
        elif path.endswith("/_block/write"):
            faults.reached("rebuild-writes-blocked")
        elif path == "/_aliases":
            faults.reached("rebuild-swapped")
        return answer

    Urllib3HttpNode.perform_request = watched  # type: ignore[method-assign,assignment]


def _first_half(body: bytes) -> bytes:
    """Of a bulk request: pairs of lines, action and document."""
    lines = body.splitlines(keepends=True)
    return b"".join(lines[: max(2, len(lines) // 4 * 2)])
