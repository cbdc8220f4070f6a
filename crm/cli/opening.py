"""Opening a deployment for a command: settings, adapters, and the refusal of a database that is not ready."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import click
import orjson

from crm.cli.logs import configure_logs
from crm.config import Settings
from crm.domain.actors import SYSTEM_ORGANISATION, Actor, Role
from crm.domain.errors import CrmError
from crm.store.schema_version import is_current
from crm.wiring import Deployment, connect

ADMINISTRATOR = Actor("system:cli", SYSTEM_ORGANISATION, Role.ADMIN, "命令行")


def quiet_logs(level: int = logging.WARNING) -> None:
    """Logs from `level` on: a command says what it did itself, a process that runs on tells its log."""
    configure_logs(level)


@contextmanager
def opened(*, owns_index: bool = False, ready: bool = True) -> Iterator[Deployment]:
    """A deployment from the environment. `ready`: exit 2 unless schema and pack are in place."""
    quiet_logs()
    deployment = connect(Settings.from_env(), owns_index=owns_index)
    try:
        if ready:
            require_ready(deployment)
        yield deployment
    finally:
        deployment.close()


def require_ready(deployment: Deployment) -> None:
    """Raises CrmError naming the command to run first."""
    if not is_current(deployment.tools.database):
        raise CrmError("数据库结构不是最新，请先运行 crm db upgrade")
    deployment.tools.reference.pack()


def print_json(value: object) -> None:
    """One JSON line on standard output."""
    click.echo(orjson.dumps(value, default=str).decode())
