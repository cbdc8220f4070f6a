"""The command `crm`: one group, a module a family of commands. The command line is the administrator's.

Exit status: 0 done, 1 some rows failed, 2 wrong use, 3 a server could not be reached.
"""

from __future__ import annotations

import sys

import click

from crm.cli.data import db, demo, dump, events, reference, topics
from crm.cli.dead_letters import dead_letters
from crm.cli.leads import leads
from crm.cli.matching import match
from crm.cli.people import organisations, projects, token, users
from crm.cli.running import scheduler, serve, web, worker
from crm.cli.searching import index, search
from crm.domain.errors import CrmError, Unavailable
from crm.services.reference import ReferenceMissing
from search.index import SearchUnavailable


@click.group(help="昆山招商 CRM：线索进，落地项目出。")
def crm() -> None:
    """The root group."""


for command in (
    serve, web, worker, scheduler, db, topics, reference, demo, organisations, users, token, projects, leads, match,
    search, index, dead_letters, events, dump,
):  # fmt: skip
    crm.add_command(command)


def main() -> None:
    """Entry point: the product's errors become a sentence and an exit status."""
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
    except ReferenceMissing as error:
        click.echo(str(error), err=True)
        sys.exit(2)
    except CrmError as error:
        click.echo(str(error), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
