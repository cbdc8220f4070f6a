"""`crm web`: pages and API on gunicorn, a master and its worker processes, each with a deployment of its own.

Why not waitress, as in `crm serve`: one process is one processor's worth of Python. Nothing is shared but the socket:
sessions, tokens and limits are in the database, the key that signs forms is the same setting for all. A worker connects
after it is forked, since connections and locks do not survive a fork.
"""

from __future__ import annotations

import logging
import socket
import sys
from collections.abc import Callable
from typing import Any

import click
import structlog
from gunicorn.app.base import BaseApplication
from gunicorn.workers.base import Worker
from prometheus_client import values

from crm.cli.opening import opened, quiet_logs
from crm.config import Settings, share_figures
from crm.domain.errors import Invalid
from crm.store.database import CONNECTIONS
from crm.web.app import create_app
from crm.wiring import Deployment, connect

MOST_THREADS = CONNECTIONS // 2  # a request holds two at most: the one it writes by, and one the pack is read by
DRAINING_SECONDS = 30
"""How long requests under way may go on after SIGTERM."""
BACKLOG = 1024
LONGEST_LINE = 8190  # gunicorn's own limit; a search in Chinese is nine times as long in its address


@click.command(help="只运行网页与接口（须设 CRM_SECRET_KEY）。")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="进程数，每处理器一个为宜")
@click.option("--threads", default=8, show_default=True, type=click.IntRange(1, MOST_THREADS), help="每进程的线程数")
def web(workers: int, threads: int) -> None:
    settings = Settings.from_env()
    if not settings.secret_key:
        raise Invalid.of("CRM_SECRET_KEY", "crm web 须设置密钥，各进程相同")
    with opened():  # refuses a database that is not ready, and makes what the processes share
        server = WebServer(settings, workers, threads)
    click.echo(f"网页与接口：http://{settings.host}:{settings.port}")
    sys.stdout.flush()
    server.run()


class WebServer(BaseApplication):
    """gunicorn over our application. `run` does not return: the process ends with it."""

    def __init__(self, settings: Settings, workers: int, threads: int) -> None:
        """Raises Invalid naming CRM_PORT when the address cannot be listened on."""
        self._settings = settings
        self._workers = workers
        self._threads = threads
        self._deployment: Deployment | None = None
        self._socket = _listening(settings)
        share_figures(settings.data_dir / "figures" / str(settings.port))
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call] # chosen at import, with nothing shared yet
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options().items():
            self.cfg.set(name, value)

    def _options(self) -> dict[str, Any]:
        return {
            "bind": f"fd://{self._socket.fileno()}",
            "workers": self._workers,
            "threads": self._threads,
            "worker_class": "gthread",
            "graceful_timeout": DRAINING_SECONDS,
            "timeout": 2 * DRAINING_SECONDS,
            "limit_request_line": LONGEST_LINE,
            "forwarded_allow_ips": self._settings.trusted_proxies,
            "post_fork": self._listen_too,
            "worker_exit": self._disconnect,
            "control_socket_disable": True,
            "logconfig_dict": _logging(),
        }

    def load(self) -> Callable[..., Any]:
        """The application; called in each worker."""
        quiet_logs(logging.INFO)
        self._deployment = connect(self._settings)
        return create_app(self._deployment)

    def _listen_too(self, _server: object, worker: Worker) -> None:
        """A queue of its own for each process beside the common one: clients that keep their connections and come at the
        same moment would else all be taken by the process that wakes first, and stay there."""
        worker.sockets = [*worker.sockets, _listening(self._settings)]

    def _disconnect(self, _server: object, _worker: Worker) -> None:
        if self._deployment is not None:
            self._deployment.close()


def _listening(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        address = (settings.host, settings.port)
        listening = socket.create_server(address, family=family, backlog=BACKLOG, reuse_port=True)
    except OSError as error:
        raise Invalid.of("CRM_PORT", f"{settings.host}:{settings.port} 不能使用（{error.strerror}）") from error
    listening.set_inheritable(True)
    listening.setsockopt(
        socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
    )  # an answer's body must not wait for its head's receipt
    return listening


def _logging() -> dict[str, Any]:
    """gunicorn's own words as JSON lines beside ours; no access log, since paths name rows."""
    stamped = [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso", utc=True)]
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processor": structlog.processors.JSONRenderer(ensure_ascii=False),
        "foreign_pre_chain": stamped,
    }
    return {
        "root": {"level": "WARNING", "handlers": ["lines"]},
        "loggers": {"gunicorn.error": {"level": "WARNING", "handlers": ["lines"], "propagate": False}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "lines", "stream": "ext://sys.stderr"}},
        "formatters": {"lines": formatter},
    }
