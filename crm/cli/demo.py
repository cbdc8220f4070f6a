"""`crm demo load`, `crm demo clear`: the demonstration data."""

from __future__ import annotations

import click

from crm.cli.opening import opened
from crm.demo.clearing import clear_demo
from crm.demo.loading import load_demo


@click.group(help="演示数据（虚构并标明）。")
def demo() -> None:
    """Group."""


@demo.command("load", help="写入一年的演示数据与每种角色的演示账号。")
def demo_load() -> None:
    with opened(owns_index=True) as deployment:
        click.echo(load_demo(deployment))


@demo.command("clear", help="清除演示数据，保留其他一切。")
def demo_clear() -> None:
    with opened(owns_index=True) as deployment:
        click.echo(clear_demo(deployment))
