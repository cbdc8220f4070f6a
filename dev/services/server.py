"""What every server is: a name, a port, settings it gives, and the steps start, stop, logs."""

from __future__ import annotations

import contextlib
import os
import signal
from abc import ABC, abstractmethod
from pathlib import Path

from dev.services import machine


class Server(ABC):
    """One server of this checkout. Subclasses say how to get, prepare and launch it.

    The one without an `instance` is that of `make services`; tests that pause or kill a server, or want one set up
    otherwise, start an instance of their own beside it, with data, log and port of its own and the same programs.
    """

    name: str
    setting: str
    port: int
    runs_as: str

    def __init__(self, instance: str = "", port: int | None = None) -> None:
        self.home = machine.folder() / self.name
        self.run = self.home / (f"run-{instance}" if instance else "run")
        self.port = port or self.port
        self.user = machine.account(self.runs_as)

    @property
    @abstractmethod
    def url(self) -> str:
        """The value of `setting`."""

    @abstractmethod
    def prepare(self) -> None:
        """Download and set up what is missing."""

    @abstractmethod
    def launch(self) -> int:
        """Start it; its process id."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it serves requests."""

    @property
    def log(self) -> Path:
        return self.run / "server.log"

    @property
    def _pid_file(self) -> Path:
        return self.run / "pid"

    def pid(self) -> int | None:
        """The process that runs, None if none."""
        try:
            number = int(self._pid_file.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return number if machine.alive(number, str(self.home)) else None

    def start(self) -> None:
        if self.pid() is not None and self.answers():
            return
        if self.pid() is None and machine.listening(self.port):
            raise machine.Failed(f"{self.name}：端口 {self.port} 已被其他程序占用")
        self.home.mkdir(parents=True, exist_ok=True)
        machine.give(self.run, self.user)
        if self.pid() is None:
            self.prepare()
            self._pid_file.write_text(str(self.launch()))

    def wait(self) -> None:
        """Until it answers. Raises Failed with the end of its log."""
        done = machine.wait_until(lambda: self.answers() or self.pid() is None, 120)
        if not done or not self.answers():
            raise machine.Failed(f"{self.name} 没有启动：\n{self.last_lines(30)}")

    def stop(self) -> None:
        number = self.pid()
        if number is not None:
            machine.end(number, str(self.home))
        self._pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """As a power cut does; `start` brings it back with the data it had made durable."""
        members = self._signal(signal.SIGKILL)
        machine.wait_until(lambda: all(machine.gone(member) for member in members), 10)

    def pause(self) -> None:
        """It answers nobody any more, and its connections stay: as an overloaded or frozen machine."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> list[int]:
        """To all its processes. Raises Failed when it does not run."""
        first = self.pid()
        if first is None:
            raise machine.Failed(f"{self.name} 未运行")
        members = machine.family(first)
        for member in members:
            with contextlib.suppress(ProcessLookupError):  # it went with its parent
                os.kill(member, number)
        return members

    def last_lines(self, count: int) -> str:
        if not self.log.exists():
            return "（没有日志）"
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-count:])
