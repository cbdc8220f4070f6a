"""`crm dead-letters list|show|mend|replay`."""

from __future__ import annotations

from typing import BinaryIO

import click
import orjson

from crm.cli.opening import opened, print_json
from crm.services import dead_letters as letters


@click.group("dead-letters", help="被拒收的记录：查看、改正、重放。")
def dead_letters() -> None:
    """Group."""


@dead_letters.command("list", help="待处理的死信。")
@click.option("--all", "everything", is_flag=True, help="含已重放与已了结的")
@click.option("--json", "as_json", is_flag=True)
def list_letters(everything: bool, as_json: bool) -> None:
    with opened() as deployment:
        for row in letters.list_letters(deployment.tools, everything=everything):
            if as_json:
                print_json(row)
            else:
                click.echo(f"{row['id']}  {row['state']:8} {row['field']}：{row['reason']}")


@dead_letters.command("show", help="一条死信的原文与原因。")
@click.argument("letter_id")
@click.option("--json", "as_json", is_flag=True)
def show(letter_id: str, as_json: bool) -> None:
    with opened() as deployment:
        row = letters.show(deployment.tools, letter_id)
    if as_json:
        print_json(row)
    else:
        click.echo(orjson.dumps(row, option=orjson.OPT_INDENT_2, default=str).decode())


@dead_letters.command("mend", help="放入改正后的内容（JSON 文件，- 为标准输入；可只给 data）。")
@click.argument("letter_id")
@click.argument("file", type=click.File("rb"))
def mend(letter_id: str, file: BinaryIO) -> None:
    with opened() as deployment:
        content: bytes = file.read()
        letters.mend(deployment.tools, letter_id, content)
        click.echo("已改正，可重放")


@dead_letters.command("replay", help="重新投递一条死信。")
@click.argument("letter_id")
def replay(letter_id: str) -> None:
    with opened() as deployment:
        letters.replay(deployment.tools, letter_id)
        click.echo("已重新投递")
