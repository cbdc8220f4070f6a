"""`crm worker`, `crm scheduler`: the long-running commands without a web, which start in half its time."""

from __future__ import annotations

import logging
import sys

import click

from crm.cli.opening import opened, quiet_logs
from crm.cli.processes import PARTS, Processes


@click.command(help="运行消费者与中继；--only 只运行其一（可重复）。")
@click.option("--only", multiple=True, type=click.Choice(PARTS))
def worker(only: tuple[str, ...]) -> None:
    parts = only or PARTS
    with opened(owns_index=True) as deployment:
        quiet_logs(logging.INFO)
        processes = Processes(deployment)
        processes.stop_on_signals()
        for part in parts:
            processes.start_part(part)
        processes.start_heartbeat()
        click.echo(f"运行中：{'、'.join(parts)}")
        sys.exit(processes.wait())


@click.command(help="运行定时任务（全部署只需一个，多开的候补）。")
def scheduler() -> None:
    with opened() as deployment:
        quiet_logs(logging.INFO)
        processes = Processes(deployment)
        processes.stop_on_signals()
        processes.start_scheduler()
        processes.start_heartbeat()
        sys.exit(processes.wait())
