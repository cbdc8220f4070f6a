"""What the servers need of the machine: a folder, packages, a JDK, another user, processes, ports.

Kafka and Elasticsearch run as `nobody` and PostgreSQL as `postgres` when we are root, since two of them refuse root; so the
folder lies in the system's temporary folder, whose way is open for everybody, keyed by user and checkout.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Failed(Exception):
    """A server cannot be had here; the text says what to do."""


def folder() -> Path:
    """Downloads, data and logs of this checkout's servers."""
    key = hashlib.sha256(str(ROOT).encode()).hexdigest()[:10]
    path = Path(tempfile.gettempdir()) / f"crm-services-{os.getuid()}-{key}"
    path.mkdir(mode=0o755, exist_ok=True)
    if path.is_symlink() or path.stat().st_uid != os.getuid():
        raise Failed(f"{path} 不属于当前用户，请删除后重试")
    return path


def account(name: str) -> str | None:
    """The user to run a server as: None (ourselves) unless we are root."""
    return name if os.geteuid() == 0 else None


def give(path: Path, user: str | None) -> Path:
    """A folder that `user` owns."""
    path.mkdir(parents=True, exist_ok=True)
    if user is not None:
        entry = pwd.getpwnam(user)
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return path


def install(*packages: str) -> None:
    """Install Debian packages when we may."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise Failed(f"缺少 {'、'.join(packages)}，请用系统的软件包管理器安装")
    quietly = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in ([apt, "update", "-qq"], [apt, "install", "-y", "-qq", *packages]):
        run(command, env=quietly)


def run(command: Sequence[str | Path], user: str | None = None, env: Mapping[str, str] | None = None) -> str:
    """Run to the end; its standard output. Raises Failed with the last lines it wrote."""
    done = subprocess.run(
        [str(part) for part in command], user=user, env=env, cwd=folder(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise Failed(f"{command[0]} 失败（{done.returncode}）：\n{last}")
    return done.stdout


def maven(pom: str, *arguments: str) -> None:
    if shutil.which("mvn") is None:
        install("maven")
    run(["mvn", "-q", "-B", "-f", ROOT / "dev" / "services" / "maven" / pom, *arguments])


def jdk(oldest: int) -> Path:
    """The home of a full JDK of at least that version: JAVA_HOME, the system's alternatives, `java` on the path, or
    one installed beside any of these."""
    homes = [Path(os.environ["JAVA_HOME"])] if os.environ.get("JAVA_HOME") else []
    programs = [shutil.which("java") or "", *_alternatives()]
    homes += [Path(program).resolve().parents[1] for program in programs if program]
    beside = [path for home in homes if home.parent.is_dir() for path in sorted(home.parent.iterdir())]
    for home in [*homes, *beside]:
        if (home / "bin" / "javac").exists() and _version(home) >= oldest:
            return home
    raise Failed(f"需要 JDK {oldest} 或更新（含 javac）：请安装，或以 JAVA_HOME 指明")


def _alternatives() -> list[str]:
    if shutil.which("update-alternatives") is None:
        return []
    listed = subprocess.run(["update-alternatives", "--list", "java"], capture_output=True, text=True, check=False)
    return listed.stdout.split()


def _version(home: Path) -> int:
    """As the file `release` of every JDK tells, so that no JVM need be started."""
    release = home / "release"
    found = re.search(r'JAVA_VERSION="(\d+)', release.read_text(encoding="utf-8")) if release.is_file() else None
    return int(found.group(1)) if found else 0


def launch(command: Sequence[str | Path], log: Path, user: str | None, env: Mapping[str, str] | None = None) -> int:
    """Start a server that outlives us; its process id."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(part) for part in command],
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            env=env,
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    process.returncode = 0  # nobody waits for it: without this Python warns of a child left running
    return process.pid


def alive(pid: int, mark: str) -> bool:
    """Whether `pid` runs with `mark` in its command line: a number alone may have been given to another process."""
    listed = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return mark in listed.stdout


def end(pid: int, mark: str, patience: float = 30) -> None:
    """Ask a process to end, then make it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not alive(pid, mark):
            return
        os.kill(pid, number)
        wait_until(lambda: not alive(pid, mark), patience)


def family(pid: int) -> list[int]:
    """The process and all that came of it, the oldest first."""
    rows = [tuple(map(int, line.split())) for line in run(["ps", "-e", "-o", "pid=,ppid="]).splitlines()]
    found = [pid]
    for member in found:  # grows while it is walked through
        found += [child for child, parent in rows if parent == member]
    return found


def gone(pid: int) -> bool:
    """Whether the process has ended with all its threads. One of our own is waited for: until then its number is taken,
    and PostgreSQL takes a dead postmaster for a living one."""
    listed = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state = listed.stdout.strip()
    if not state.startswith("Z") or "l" in state:
        return not state
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    return True


def wait_until(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def listening(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
