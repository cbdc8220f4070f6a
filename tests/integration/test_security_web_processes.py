"""`crm web` as several processes: what one of them admits all admit, limits are counted together, and none is cut off."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from crm.config import Settings
from crm.domain.actors import Role
from crm.domain.clock import SystemClock
from crm.services.accounts import create_user, issue_token
from crm.services.reference import load_reference
from crm.store import schema
from crm.wiring import connect
from tests.factories.actors import CLI
from tests.factories.leads import lead_data

EMAIL, PASSWORD = "officer@example.invalid", "a-long-enough-password"
CHECKS = 3


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class Web:
    """One `crm web`: a master and its worker processes."""

    process: subprocess.Popen[bytes]
    port: int

    def ask(self, method: str, path: str, body: str | bytes = b"", **headers: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, dict(answer.getheaders()), text

    def workers(self) -> list[int]:
        listed = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(number) for number in listed.stdout.split()]

    def answers(self) -> bool:
        try:
            return self.ask("GET", "/healthz")[0] == 200
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class Place:
    """A migrated database with one user and one token."""

    folder: Path
    token: str

    def environment(self, **settings: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "CRM_DATABASE_URL": f"sqlite:///{self.folder}/crm.db",
            "CRM_DATA_DIR": str(self.folder),
            "CRM_SECRET_KEY": "one-for-all",
            "CRM_CHECK_LIMIT": str(CHECKS),
            **settings,
        }

    def command(self, *options: str) -> list[str]:
        return [sys.executable, "-c", "from crm.cli import main; main()", "web", "--workers", "2", *options]

    def start(self) -> Web:
        port = free_port()
        with (self.folder / "web.log").open("ab") as log:
            process = subprocess.Popen(self.command(), env=self.environment(CRM_PORT=str(port)), stdout=log, stderr=log)
        return Web(process, port)


def eventually(true: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("web")
    deployment = connect(Settings(database_url=f"sqlite:///{folder}/crm.db", data_dir=folder), SystemClock())
    tools = deployment.tools
    schema.upgrade(tools.database)
    load_reference(tools.database, tools.clock, tools.settings.reference_dir)
    create_user(tools, CLI, email=EMAIL, organisation="AG-BJ", role=Role.REPORTER, password=PASSWORD)
    token = issue_token(tools, organisation="AG-BJ", role=Role.REPORTER, name="test")
    deployment.close()
    return Place(folder, token)


@pytest.fixture(scope="module")
def webs(place: Place) -> Iterator[tuple[Web, Web]]:
    """Two, which share nothing but settings and database: more apart than the workers of one."""
    started = place.start(), place.start()
    for web in started:
        eventually(web.answers)
    yield started
    for web in started:
        web.process.terminate()
    for web in started:
        assert web.process.wait(40) == 0


def cookies(headers: dict[str, str]) -> str:
    return headers["Set-Cookie"].partition(";")[0]


def test_who_signs_in_at_one_process_is_signed_in_at_the_other(webs: tuple[Web, Web]) -> None:
    one, other = webs
    _, headers, page = one.ask("GET", "/sign-in")
    form = cookies(headers)
    csrf = page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    fields = urlencode({"email": EMAIL, "password": PASSWORD, "csrf_token": csrf})
    kind = "application/x-www-form-urlencoded"
    status, headers, _ = other.ask("POST", "/sign-in", fields, Cookie=form, Content_Type=kind)
    assert status in (302, 303)
    assert one.ask("GET", "/api/v1/leads", Cookie=cookies(headers))[0] == 200


def test_a_limit_is_counted_over_all_processes(webs: tuple[Web, Web], place: Place) -> None:
    bearer = {"Authorization": f"Bearer {place.token}", "Content_Type": "application/json"}
    body = json.dumps({"name": "昆山某某电子有限公司"})
    statuses = [web.ask("POST", "/api/v1/enterprises/check", body, **bearer)[0] for web in (*webs, *webs)]
    assert statuses == [200, 200, 200, 429]


def test_a_worker_that_is_killed_is_replaced(webs: tuple[Web, Web]) -> None:
    web = webs[0]
    killed = web.workers()[0]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: len(web.workers()) == 2 and killed not in web.workers())
    eventually(web.answers)


def test_a_request_under_way_is_answered_before_the_processes_end(place: Place) -> None:
    web = place.start()
    eventually(web.answers)
    bearer = {"Authorization": f"Bearer {place.token}", "Content_Type": "application/json", "Prefer": "wait=4"}
    body = json.dumps({**lead_data(1), "source_ref": "DRAIN-1"})
    with ThreadPoolExecutor(1) as client:
        waiting = client.submit(lambda: web.ask("POST", "/api/v1/leads", body, **bearer))
        time.sleep(1.5)  # nobody works it off: it waits for its four seconds
        web.process.terminate()
        status, _, answer = waiting.result(30)
    assert (status, json.loads(answer)["state"]) == (202, "received")
    assert web.process.wait(40) == 0


@pytest.mark.parametrize(
    ("settings", "named"), [({"CRM_SECRET_KEY": ""}, "CRM_SECRET_KEY"), ({"CRM_PORT": "taken"}, "CRM_PORT")]
)
def test_what_it_cannot_start_with_is_named(place: Place, settings: dict[str, str], named: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        given = {name: str(taken.getsockname()[1]) if value == "taken" else value for name, value in settings.items()}
        done = subprocess.run(
            place.command(), env=place.environment(**given), capture_output=True, text=True, check=False, timeout=60
        )
    assert (done.returncode, named in done.stderr) == (2, True)
