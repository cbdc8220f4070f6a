"""`crm topics`: the bus's topics as `schemas/topics.py` declares them, and who may use them (trap 7)."""

from __future__ import annotations

import click

from consumers.lead_batch import NAME as INTAKE
from consumers.lead_intake import feeds
from consumers.search_projector import NAME as PROJECTOR
from crm.bus.port import Principals
from crm.cli.opening import opened
from crm.services.reference import loaded
from crm.store.schema_version import is_current
from crm.wiring import Deployment
from schemas.topics import TOPICS, Topic


@click.group(help="消息主题。")
def topics() -> None:
    """Group."""


@topics.command(help="建立缺少的主题，更正设置不符的；数据包载入后，连同各报送机构自己的主题。")
@click.option("--grow", is_flag=True, help="分区少于应有数的，也增加分区（同一 key 会换分区）")
def ensure(grow: bool) -> None:
    with opened(ready=False) as deployment:
        own = _feeds(deployment)
        for line in deployment.bus.ensure_topics((*TOPICS, *own), grow=grow):
            click.echo(line)
        if own:
            click.echo(f"主题已就绪，含 {len(own)} 个机构自己的主题")
        else:
            click.echo("主题已就绪；各机构自己的主题待数据包载入后再运行一次")


def _feeds(deployment: Deployment) -> tuple[Topic, ...]:
    """None before there is a pack."""
    database = deployment.tools.database
    return feeds(deployment.tools) if is_current(database) and loaded(database) else ()


@topics.command(
    help="在 Kafka 上授权：本系统用全部主题；各机构（feed-代码）只写自己的主题；外部系统只读 *.changed。"
    "须以有集群 ALTER 权限的身份运行；不建立账号与密码。"
)
@click.option("--product", required=True, help="本系统的主体（CRM_KAFKA_USERNAME 日常所设）")
@click.option(
    "--reader", "readers", multiple=True, help="只读 *.changed 的外部主体（可重复），其消费组名须以主体名开头"
)
@click.option("--revoke", is_flag=True, help="撤销上述之外、涉及本系统主题与消费组的授权")
def principals(product: str, readers: tuple[str, ...], revoke: bool) -> None:
    with opened() as deployment:
        wanted = Principals(product, (INTAKE, PROJECTOR), tuple(topic.name for topic in _feeds(deployment)), readers)
        for line in deployment.bus.bind_principals(wanted, revoke=revoke):
            click.echo(line)
        click.echo("授权已就绪")
