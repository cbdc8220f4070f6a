"""The command `crm`: one group, a module a family of commands. The command line is the administrator's.

A family is imported when one of its commands is asked for: all of them together take two seconds, which a worker that comes
back after a kill has not got. What `crm --help` lists stands here for the same reason.
Exit status: 0 done, 1 some rows failed, 2 wrong use, 3 a server could not be reached.
"""

from __future__ import annotations

import gc
import importlib
import sys

import click

from crm.domain.errors import CrmError, Unavailable
from search.index import SearchUnavailable

COMMANDS = {
    "serve": ("running", "一个进程运行全部：网页、接口、中继、消费者、定时任务；必要时先升级数据库并载入数据包。"),
    "web": ("web", "只运行网页与接口（须设 CRM_SECRET_KEY）。"),
    "worker": ("working", "运行消费者与中继；--only 只运行其一（可重复）。"),
    "scheduler": ("working", "运行定时任务（全部署只需一个，多开的候补）。"),
    "db": ("data", "数据库结构。"),
    "topics": ("topics", "消息主题。"),
    "reference": ("data", "城市参考数据包：产业、链条、园区、区镇、机构。"),
    "demo": ("demo", "演示数据（虚构并标明）。"),
    "organisations": ("people", "单位：数据包之外的报送单位、载体运营方、部门。"),
    "users": ("people", "用户与身份。"),
    "token": ("people", "接口令牌。"),
    "projects": ("people", "涉密项目的知悉范围。"),
    "leads": ("leads", "线索。"),
    "match": (
        "matching",
        "为线索（jsonl，每行一条 data）推荐环节、园区与区镇；match evaluate 用评测用例测量，见 docs/matching.md。",
    ),
    "search": ("searching", "检索企业、线索、项目、园区、载体。"),
    "index": ("searching", "检索索引：重建、比对、修复。"),
    "dead-letters": ("dead_letters", "被拒收的记录：查看、改正、重放。"),
    "events": ("data", "事实的历史。"),
    "dump": ("data", "规范化的全部状态，每行一条记录，按主键排序。"),
}
"""Command → the module of `crm/cli` it lies in, and the line of the listing: the help of the command itself."""

OBJECTS_BETWEEN_COLLECTIONS = 50_000
"""Python's own 700 spends a quarter of the start, and of each batch, on looking through what nobody throws away."""


class Families(click.Group):
    """Commands from the modules of COMMANDS, each imported at its first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        family = importlib.import_module(f"crm.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(family, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)  # noqa: S101 (a name that is no command is a fault of COMMANDS)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=Families, help="昆山招商 CRM：线索进，落地项目出。")
def crm() -> None:
    """The root group."""


def main() -> None:
    """Entry point: the product's errors become a sentence and an exit status."""
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 20, 20)
    try:
        crm(standalone_mode=False)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except click.Abort:
        sys.exit(130)
    except (Unavailable, SearchUnavailable) as error:
        click.echo(f"服务不可用：{error}", err=True)
        sys.exit(3)
    except CrmError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
