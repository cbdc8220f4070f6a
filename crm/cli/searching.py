"""`crm search`, `crm index`: the pipeline from the command line, and the index against the database."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from crm.cli.opening import ADMINISTRATOR, opened, print_json
from crm.config import EMBEDDED, Settings, write_secret
from crm.domain.errors import Invalid
from crm.domain.scope import Scope, access_of
from crm.services.indexing import ask_owner, check, perform
from crm.services.tools import Tools
from schemas.documents import DOCUMENT_TYPES
from search.index import SearchUnavailable
from search.query import read_query


@click.command(help="检索企业、线索、项目、园区、载体。")
@click.argument("query")
@click.option("--size", default=10, show_default=True)
@click.option("--type", "type_", type=click.Choice(DOCUMENT_TYPES))
@click.option("--json", "as_json", is_flag=True)
def search(query: str, size: int, type_: str | None, as_json: bool) -> None:
    parameters = {"q": query, "size": str(size)} | ({"type": type_} if type_ else {})
    with opened() as deployment:
        wanted = read_query(parameters, access_of(Scope(ADMINISTRATOR)), facets=())
        page = deployment.tools.index.search(wanted)
    for hit in page.hits:
        if as_json:
            print_json(
                {
                    "type": hit.type,
                    "id": hit.id,
                    "name": hit.name,
                    "score": hit.score,
                    "uscc": hit.uscc,
                    "source_refs": hit.source_refs,
                    "why": hit.why,
                    "highlight": hit.highlight,
                }
            )
        else:
            click.echo(f"{hit.type:10} {hit.name}  （{hit.why}）")
    if not as_json:
        click.echo(f"共 {page.total} 条")


@click.group(help="检索索引：重建、比对、修复。")
def index() -> None:
    """Group."""


def _by_owner(tools: Tools, kind: str) -> str:
    """Here when this process may write the index, else by the process that owns it."""
    try:
        tools.index.ensure()
    except SearchUnavailable:
        return ask_owner(tools, kind)
    shown = sys.stderr
    return perform(tools, tools.index, kind, lambda done: click.echo(f"\r已写 {done} 份", nl=False, file=shown))


@index.command(help="从数据库重建；期间旧索引照常可查。")
def rebuild() -> None:
    with opened(owns_index=True) as deployment:
        click.echo(_by_owner(deployment.tools, "rebuild"))


@index.command("check", help="比对索引与数据库；不一致时退出码 1。")
def check_index() -> None:
    with opened() as deployment:
        difference = check(deployment.tools, deployment.tools.index)
    click.echo(difference.sentence())
    sys.exit(1 if difference.count else 0)


@index.command(help="补写缺少与过时的文档，清除多出的。")
def repair() -> None:
    with opened(owns_index=True) as deployment:
        click.echo(_by_owner(deployment.tools, "repair"))


@index.command(help="在 Elasticsearch 制一枚只管本系统索引的密钥（CRM_SEARCH_API_KEY），以有权制密钥的用户登录。")
@click.option("--user", default="elastic", show_default=True)
@click.option("--password-file", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="缺省则询问")
@click.option("--into", type=click.Path(path_type=Path, dir_okay=False), help="写入文件（仅本人可读），已有则不动")
def key(user: str, password_file: Path | None, into: Path | None) -> None:
    from search.elastic_access import make_key  # noqa: PLC0415 (half a second that the other commands need not wait)

    settings = Settings.from_env()
    if settings.search_url == EMBEDDED:
        raise Invalid.of("CRM_SEARCH_URL", "嵌入式索引不需要密钥")
    if into is not None and into.exists():
        click.echo(f"{into} 已有密钥，未作改动")
        return
    password = (
        password_file.read_text("utf-8").strip() if password_file else click.prompt("密码", hide_input=True, err=True)
    )
    ca = str(settings.search_ca) if settings.search_ca else None
    made = make_key(settings.search_url, (user, password), ca=ca)
    if into is None:
        click.echo(made)
    else:
        write_secret(into, made)
        click.echo(f"密钥已写入 {into}")
