"""Runs the tests: says which servers it found, what it leaves out and why, and what CRM_REQUIRE makes a failure.

Called by `make test`. Installs Chromium through the system's package manager when CRM_REQUIRE asks for it, it is missing and
we may (root on a Debian machine, as CI is).
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
PACKAGES = ("chromium", "fonts-noto-cjk")


def required() -> set[str]:
    return {name.strip() for name in os.environ.get("CRM_REQUIRE", "").split(",") if name.strip()}


def chromium() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def install_chromium() -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return
    print("安装 Chromium 与中文字体……", flush=True)
    quiet = {"stdout": subprocess.DEVNULL, "check": False}
    subprocess.run([apt, "update", "-qq"], **quiet)
    subprocess.run(
        [apt, "install", "-y", "-qq", *PACKAGES], env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, **quiet
    )


def main() -> int:
    if "chromium" in required() and chromium() is None:
        install_chromium()
    browser = chromium()
    print(f"Chromium：{'有' if browser else '没有，略过浏览器测试'}")
    print("Kafka、Elasticsearch、PostgreSQL：本版只有嵌入式一套，城市一套的适配器尚未加入")
    lacking = [name for name in required() if name == "chromium" and browser is None]
    if lacking:
        print(f"CRM_REQUIRE 要求而没有：{'、'.join(lacking)}")
        return 1
    command = [sys.executable, "-m", "pytest", "-q", "--cov", "--cov-report=term:skip-covered", *sys.argv[1:]]
    return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
