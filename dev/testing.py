"""Runs the tests: says which servers it found, what it leaves out and why, and what CRM_REQUIRE makes a failure.

Called by `make test`. What CRM_REQUIRE names and this machine lacks is brought when we may: Chromium by the package manager,
PostgreSQL, Kafka and Elasticsearch by `dev/services`. Tests learn of servers by CRM_TEST_* alone: what a deployment works
on is kept from them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for dev.services, which is no installed package

from dev.services import machine  # noqa: E402
from dev.services.__main__ import SERVERS, start  # noqa: E402

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-noto-cjk")
DEPLOYMENTS_OWN = ("CRM_DATABASE_URL", "CRM_BUS_URL", "CRM_SEARCH_URL", "CRM_DATA_DIR")


def required() -> list[str]:
    return [name.strip() for name in os.environ.get("CRM_REQUIRE", "").split(",") if name.strip()]


def chromium() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def install_chromium() -> None:
    print("安装 Chromium 与中文字体……", flush=True)
    try:
        machine.install(*PACKAGES)
    except machine.Failed as error:
        print(error)


def found(name: str) -> str | None:
    """The URL of a server for tests: the one given, or that of `make services` if it runs."""
    given = os.environ.get(f"CRM_TEST_{name.upper()}")
    if given:
        return given
    server = SERVERS[name]()
    return server.url if server.pid() is not None and server.answers() else None


def start_missing(names: list[str]) -> None:
    missing = [name for name in names if found(name) is None]
    if missing:
        print(f"启动 {'、'.join(missing)}……", flush=True)
        try:
            start([SERVERS[name]() for name in missing])
        except machine.Failed as error:
            print(error)


def report(places: dict[str, str | None]) -> None:
    """`make services` starts those that are ours to start."""
    for name, place in places.items():
        print(f"{name}：{place or '没有，略过要它的测试'}")


def main() -> int:
    if "chromium" in required() and chromium() is None:
        install_chromium()
    start_missing([name for name in required() if name in SERVERS])
    places = {name: found(name) for name in SERVERS}
    there = {"chromium": chromium(), **places}
    report(there)
    if lacking := [name for name in required() if not there.get(name)]:
        print(f"CRM_REQUIRE 要求而没有：{'、'.join(lacking)}")
        return 1
    env = {name: value for name, value in os.environ.items() if name not in DEPLOYMENTS_OWN}
    env |= {f"CRM_TEST_{name.upper()}": place for name, place in places.items() if place}
    processes = (os.cpu_count() or 1) + 1  # tests that wait for servers leave a core free
    spread = ["-n", str(processes), "--dist", "loadfile", "--no-loadscope-reorder"]
    cover = ["--cov", "--cov-report=term:skip-covered"]
    command = [sys.executable, "-m", "pytest", "-q", *spread, *cover, *sys.argv[1:]]
    return subprocess.run(command, check=False, env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
