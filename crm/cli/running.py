"""`crm serve`: everything in one process, on waitress. A city's parts are apart: `web.py`, `working.py`."""

from __future__ import annotations

import logging
import sys
from dataclasses import replace

import click
from waitress.server import create_server

from consumers.lead_intake import feeds
from crm.cli.opening import quiet_logs
from crm.cli.processes import PARTS, Processes
from crm.config import Settings, kept_secret
from crm.demo.loading import describe_accounts
from crm.domain.errors import Invalid
from crm.services.reference import load_reference, loaded
from crm.store import schema
from crm.web.app import create_app
from crm.wiring import Deployment, connect
from schemas.topics import TOPICS

WEB_THREADS = 8
LARGEST_BODY = 64 * 1024 * 1024  # a batch of 1,000 reports; single reports are limited by the API


@click.command(help="一个进程运行全部：网页、接口、中继、消费者、定时任务；必要时先升级数据库并载入数据包。")
def serve() -> None:
    quiet_logs(logging.INFO)
    settings = Settings.from_env()
    settings = replace(settings, secret_key=settings.secret_key or kept_secret(settings.key_dir, "session.key"))
    deployment = connect(settings, owns_index=True)
    try:
        _prepare(deployment)
        processes = Processes(deployment)
        processes.stop_on_signals()
        for part in PARTS:
            processes.start_part(part)
        processes.start_scheduler()
        processes.start_heartbeat()
        _start_web(processes, deployment)
        click.echo(f"昆山招商 CRM 已启动：http://{settings.host}:{settings.port}")
        click.echo(describe_accounts(deployment.tools))
        sys.stdout.flush()
        status = processes.wait()
    finally:
        deployment.close()
    sys.exit(status)


def _prepare(deployment: Deployment) -> None:
    tools = deployment.tools
    schema.upgrade(tools.database)
    if not loaded(tools.database):
        load_reference(tools.database, tools.clock, tools.settings.reference_dir)
    deployment.bus.ensure_topics((*TOPICS, *feeds(tools)))


def _start_web(processes: Processes, deployment: Deployment) -> None:
    settings = deployment.tools.settings
    try:
        server = create_server(
            create_app(deployment),
            host=settings.host,
            port=settings.port,
            threads=WEB_THREADS,
            ident=None,
            max_request_body_size=LARGEST_BODY,
        )
    except OSError as error:
        raise Invalid.of("CRM_PORT", f"{settings.host}:{settings.port} 不能使用（{error.strerror}）") from error
    processes.start("web", server.run)

    def close_on_stop() -> None:
        processes.stop.wait()
        server.close()

    processes.start("web-stop", close_on_stop)
