"""`python -m tests.outages.check SENT`: the checker over the deployment of the environment (CRM_*), which must be quiet.

SENT holds the lines of `Sent`. Two databases are made beside the deployment's own and dropped again (PostgreSQL only), so its
user must be allowed to. Prints what is wrong, a sentence a line; exit status 1 if anything is.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from crm.config import Settings
from crm.services.reference import load_reference
from crm.services.tools import Tools
from crm.store import schema
from crm.wiring import connect
from tests.factories.databases import temporary_database
from tests.outages.checker import Sent, verify


@contextmanager
def beside(settings: Settings) -> Iterator[Tools]:
    """An empty database with the same pack, on the same server."""
    with temporary_database(settings.database_url) as url, TemporaryDirectory() as folder:
        own = replace(settings, database_url=url, bus_url="embedded:", search_url="embedded:", data_dir=Path(folder))
        deployment = connect(own)
        schema.upgrade(deployment.tools.database)
        load_reference(deployment.tools.database, deployment.tools.clock, own.reference_dir)
        yield deployment.tools
        deployment.close()


def main(file: Path) -> int:
    settings = Settings.from_env()
    deployment = connect(settings)
    with ExitStack() as stack:
        stack.callback(deployment.close)
        empty = [stack.enter_context(beside(settings)) for _ in range(2)]
        with file.open("rb") as lines:
            wrong = verify(deployment.tools, deployment.bus, Sent.read(lines), *empty)
    for sentence in wrong:
        print(sentence)
    print(f"{len(wrong)} findings", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
