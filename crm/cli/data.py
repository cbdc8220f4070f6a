"""`crm db`, `topics`, `reference`, `events`, `dump`: schema, pack, history."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import BinaryIO

import click

from consumers.lead_intake import feeds
from crm.cli.opening import opened, quiet_logs
from crm.config import Settings
from crm.services import history
from crm.services.reference import load_reference, loaded
from crm.store import schema
from crm.store.database import Database
from crm.store.schema_version import is_current


@click.group(help="数据库结构。")
def db() -> None:
    """Group."""


@db.command(help="升级到最新结构。")
def upgrade() -> None:
    quiet_logs()
    database = Database(Settings.from_env().database_url)
    schema.upgrade(database)
    database.dispose()
    click.echo("数据库结构已是最新")


@click.group(help="消息主题。")
def topics() -> None:
    """Group."""


@topics.command(help="建立缺少的主题；数据包载入后，连同各报送机构自己的主题。")
def ensure() -> None:
    with opened(ready=False) as deployment:
        database = deployment.tools.database
        deployment.bus.ensure_topics()
        if is_current(database) and loaded(database):
            own = feeds(deployment.tools)
            deployment.bus.ensure_topics(own)
            click.echo(f"主题已就绪，含 {len(own)} 个机构自己的主题")
        else:
            click.echo("主题已就绪；各机构自己的主题待数据包载入后再运行一次")


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
