"""Opening a deployment for a command: settings, adapters, and the refusal of a database that is not ready."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click
import orjson
import structlog

from crm.config import Settings
from crm.domain.actors import SYSTEM_ORGANISATION, Actor, Role
from crm.domain.errors import CrmError
from crm.store.schema_version import is_current
from crm.wiring import Deployment, connect

ADMINISTRATOR = Actor("system:cli", SYSTEM_ORGANISATION, Role.ADMIN, "命令行")


def quiet_logs(level: int = logging.WARNING) -> None:
    """Structured logs on standard error, a JSON line each; standard output is the command's."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(
                serializer=lambda values, **_: orjson.dumps(values, default=str).decode()
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


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
