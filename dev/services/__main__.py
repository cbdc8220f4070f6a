"""`python -m dev.services start|stop|status|logs|clean [server …]`: called by `make services` and `dev/testing.py`.

`start` returns when the servers answer and prints the settings as NAME=value lines on standard output, the rest on
standard error, so that `export $(make -s services)` works.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time

from dev.services import machine
from dev.services.elasticsearch_server import ElasticsearchServer
from dev.services.kafka_server import KafkaServer
from dev.services.postgresql_server import PostgresqlServer
from dev.services.server import Server

SERVERS: dict[str, type[Server]] = {kind.name: kind for kind in (ElasticsearchServer, PostgresqlServer, KafkaServer)}


def start(servers: list[Server]) -> None:
    """All are launched before the first is waited for."""
    began = time.monotonic()
    for server in servers:
        print(f"{server.name} …", file=sys.stderr, flush=True)
        server.start()
    for server in servers:
        server.wait()
    print(f"已就绪，用时 {time.monotonic() - began:.1f} 秒", file=sys.stderr)
    for server in servers:
        print(f"{server.setting}={server.url}")


def stop(servers: list[Server]) -> None:
    for server in servers:
        server.stop()


def status(servers: list[Server]) -> None:
    for server in servers:
        state = "运行中" if server.pid() is not None and server.answers() else "未运行"
        print(f"{server.name:14} {state}  {server.setting}={server.url}")


def logs(servers: list[Server]) -> None:
    for server in servers:
        print(f"== {server.log}\n{server.last_lines(40)}")


def clean(servers: list[Server]) -> None:
    """Stop, and delete data and downloads."""
    stop(servers)
    for server in servers:
        shutil.rmtree(server.home, ignore_errors=True)
    if not any(machine.folder().iterdir()):
        machine.folder().rmdir()


ACTIONS = {action.__name__: action for action in (start, stop, status, logs, clean)}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.services")
    parser.add_argument("action", choices=ACTIONS)
    parser.add_argument("servers", nargs="*", metavar="server", help="、".join(SERVERS))
    asked = parser.parse_args()
    if unknown := [name for name in asked.servers if name not in SERVERS]:
        parser.error(f"没有 {'、'.join(unknown)}；有 {'、'.join(SERVERS)}")
    try:
        ACTIONS[asked.action]([SERVERS[name]() for name in asked.servers or SERVERS])
    except machine.Failed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
