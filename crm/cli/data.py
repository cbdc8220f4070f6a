"""`crm db`, `reference`, `events`, `dump`: schema, pack, history."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import click

from crm.cli.opening import opened, quiet_logs
from crm.config import Settings
from crm.services import history
from crm.services.reference import load_reference, loaded
from crm.store import privileges, schema
from crm.store.database import Database


@click.group(help="数据库结构。")
def db() -> None:
    """Group."""


@db.command(help="升级到最新结构（以数据库的所有者）。")
@click.option("--application-role", metavar="NAME", help="再给应用自己的数据库用户授权：可读写行，不可改结构与历史")
def upgrade(application_role: str | None) -> None:
    quiet_logs()
    database = Database(Settings.from_env().database_url)
    schema.upgrade(database)
    click.echo("数据库结构已是最新")
    if application_role is not None:
        privileges.grant(database, application_role)
        click.echo(f"已授权 {application_role}")
    database.dispose()


@click.group(help="城市参考数据包：产业、链条、园区、区镇、机构。")
def reference() -> None:
    """Group."""


@reference.command("load", help="载入数据包（缺省为 CRM_REFERENCE_DIR 或昆山）。")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--if-missing", is_flag=True, help="已载入过则不动")
def load(folder: Path | None, if_missing: bool) -> None:
    with opened(ready=False) as deployment:
        tools = deployment.tools
        if if_missing and loaded(tools.database):
            return
        pack = load_reference(tools.database, tools.clock, folder or tools.settings.reference_dir)
        click.echo(f"已载入 {len(pack.nodes)} 个环节、{len(pack.parks)} 个园区（版本 {pack.version}）")


@click.group(help="事实的历史。")
def events() -> None:
    """Group."""


@events.command(help="导出历史，每行一条事实。")
@click.argument("file", type=click.File("wb"))
def export(file: BinaryIO) -> None:
    with opened() as deployment:
        count = 0
        for line in history.export(deployment.tools):
            file.write(line)
            count += 1
        click.echo(f"已导出 {count} 条事实", err=True)


@events.command(help="把导出的历史重放到空库（须先 crm db upgrade 与 crm reference load）。")
@click.argument("file", type=click.File("rb"))
def replay(file: BinaryIO) -> None:
    with opened() as deployment:
        count = history.replay(deployment.tools, file)
        click.echo(f"已重放 {count} 条事实；请运行 crm index rebuild")


@click.command(help="规范化的全部状态，每行一条记录，按主键排序。")
def dump() -> None:
    out = sys.stdout.buffer
    with opened() as deployment:
        for line in history.dump(deployment.tools):
            out.write(line)
    out.flush()
