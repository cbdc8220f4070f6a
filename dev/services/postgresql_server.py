"""PostgreSQL: the distribution's own, on a cluster and a port of ours."""

from __future__ import annotations

import shutil
from pathlib import Path

from dev.services import machine
from dev.services.server import Server


class PostgresqlServer(Server):
    """Started directly, so that the system's own cluster, if there is one, stays as it is."""

    name = "postgresql"
    setting = "CRM_DATABASE_URL"
    port = 15432
    runs_as = "postgres"

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://crm@127.0.0.1:{self.port}/crm"

    @property
    def data(self) -> Path:
        return self.run / "data"

    def start(self) -> None:
        _programs()  # installing makes the user the folder is given to
        super().start()

    def prepare(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            initdb = [
                _programs() / "initdb",
                "-D",
                self.data,
                "-A",
                "trust",
                "-U",
                "crm",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
            ]
            machine.run(initdb, user=self.user)

    def launch(self) -> int:
        listen = ["-c", "listen_addresses=127.0.0.1", "-p", str(self.port), "-k", self.run]
        more = ["-c", "max_connections=200"]
        return machine.launch([_programs() / "postgres", "-D", self.data, *listen, *more], self.log, self.user)

    def answers(self) -> bool:
        if not machine.listening(self.port):
            return False
        try:
            self._psql("select 1")
        except machine.Failed:
            return False
        return True

    def wait(self) -> None:
        super().wait()
        if not self._psql("select 1 from pg_database where datname = 'crm'").strip():
            self._psql("create database crm")

    def _psql(self, statement: str) -> str:
        connection = ["-h", "127.0.0.1", "-p", str(self.port), "-U", "crm", "-d", "postgres"]
        return machine.run([_programs() / "psql", "-qAtX", *connection, "-c", statement])


def _programs() -> Path:
    """The folder of initdb and postgres, as `pg_config` or the path tells; installed when missing."""
    found = _find_programs()
    if found is None:
        machine.install("postgresql")
        found = _find_programs()
    if found is None:
        raise machine.Failed("找不到 initdb：请把 PostgreSQL 的程序目录加入 PATH")
    return found


def _find_programs() -> Path | None:
    places = []
    if (initdb := shutil.which("initdb")) is not None:
        places.append(Path(initdb).resolve().parent)
    if shutil.which("pg_config") is not None:
        places.append(Path(machine.run(["pg_config", "--bindir"]).strip()))
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)
