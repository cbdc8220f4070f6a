"""`crm leads submit FILE`: reports from a file, checked line by line, stored, relayed, and waited for if asked."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any, BinaryIO

import click

from consumers.search_projector import NAME as PROJECTOR
from consumers.search_projector import TOPICS as PROJECTOR_TOPICS
from crm.cli.opening import ADMINISTRATOR, opened, print_json
from crm.cli.processes import RELAY
from crm.domain.errors import Conflict, CrmError, Invalid
from crm.services.file_lines import FaultyLine, FileLine, read_lines
from crm.services.submission import Incoming, Submitted, submit_batch
from crm.services.waiting import Waiting
from crm.wiring import Deployment, holder_name
from producers.outbox_relay import OutboxRelay

BATCH = 500
PATIENCE = 30.0  # seconds without any progress before we say that nobody works


@click.group(help="线索。")
def leads() -> None:
    """Group."""


@leads.command(help="报送文件（jsonl：data、CloudEvent，或 {organisation, data}）；逐行检查，错误行不影响其余。")
@click.argument("file", type=click.File("rb"))
@click.option("--organisation", help="文件为 data 时的报送单位代码")
@click.option("--wait", is_flag=True, help="等到处理完毕且可检索")
@click.option("--json", "as_json", is_flag=True, help="每行输出一个 JSON")
def submit(file: BinaryIO, organisation: str | None, wait: bool, as_json: bool) -> None:
    with opened() as deployment:
        waiting = Waiting(deployment.tools)
        outcomes: list[tuple[FileLine | FaultyLine, Submitted | CrmError]] = []
        failed = 0
        for batch in _batches(read_lines(file, organisation)):
            done = _store(deployment, batch)
            failed += sum(isinstance(outcome, CrmError) for _, outcome in done)
            waiting.add(outcome.receipt_no for _, outcome in done if isinstance(outcome, Submitted))
            if wait:
                outcomes += done
            else:
                _show(done, waiting, as_json)
        _relay(deployment)
        finished = _wait(deployment, waiting) if wait else True
        _show(outcomes, waiting, as_json)
        click.echo(f"已接收 {waiting.count} 条，拒收 {failed} 条", err=True)
    sys.exit(3 if not finished else 1 if failed else 0)


def _batches(lines: Iterator[FileLine | FaultyLine]) -> Iterator[list[FileLine | FaultyLine]]:
    while batch := list(islice(lines, BATCH)):
        yield batch


def _store(
    deployment: Deployment, batch: list[FileLine | FaultyLine]
) -> list[tuple[FileLine | FaultyLine, Submitted | CrmError]]:
    good = [line for line in batch if isinstance(line, FileLine)]
    reports = [Incoming(line.organisation, line.data, amends=line.amends) for line in good]
    stored = iter(submit_batch(deployment.tools, ADMINISTRATOR, reports, "file") if reports else [])
    return [(line, line.error if isinstance(line, FaultyLine) else next(stored)) for line in batch]


def _relay(deployment: Deployment) -> None:
    """Send what was stored on its way, unless a running relay does."""
    tools = deployment.tools
    relay = OutboxRelay(tools.database, deployment.bus, tools.clock, tools.vault, holder_name(RELAY))
    while relay.step():
        pass
    relay.leave()


def _wait(deployment: Deployment, waiting: Waiting) -> bool:
    """Until all are processed and searchable; False, and said so, when nothing moves for 30 s."""
    left = waiting.left(_oldest(deployment))
    last = time.monotonic()
    with click.progressbar(length=waiting.steps, label="处理并入检索", file=sys.stderr) as bar:
        shown = 0
        while left:
            time.sleep(0.2)
            now = waiting.left(_oldest(deployment))
            if now != left:
                left, last = now, time.monotonic()
            if time.monotonic() - last > PATIENCE:
                click.echo("\n没有在运行的 crm serve 或 crm worker；已存，启动后会处理", err=True)
                return False
            bar.update(waiting.steps - left - shown)
            shown = waiting.steps - left
        bar.update(waiting.steps - shown)
    return True


def _oldest(deployment: Deployment) -> datetime | None:
    return deployment.bus.lag(PROJECTOR, PROJECTOR_TOPICS).oldest


def _show(outcomes: list[tuple[FileLine | FaultyLine, Submitted | CrmError]], waiting: Waiting, as_json: bool) -> None:
    states = waiting.states() if outcomes else {}
    for line, outcome in outcomes:
        if isinstance(outcome, Submitted):
            row = _receipt(line.number, outcome, states)
            text = f"第 {line.number} 行  {outcome.source_ref}  回执 {outcome.receipt_no}"
        else:
            row = {"line": line.number, "source_ref": line.source_ref, "error": _error(outcome)}
            text = f"第 {line.number} 行  {line.source_ref or '—'}  {row['error']['field']}：{row['error']['message']}"
        if as_json:
            print_json(row)
        else:
            click.echo(text)


def _receipt(number: int, outcome: Submitted, states: dict[str, tuple[str, str | None, str | None]]) -> dict[str, Any]:
    state, lead_id, project_id = states.get(outcome.receipt_no, (outcome.state, outcome.lead_id, outcome.project_id))
    return {
        "line": number,
        "source_ref": outcome.source_ref,
        "receipt_no": outcome.receipt_no,
        "received_at": outcome.received_at,
        "state": state,
        "duplicate": outcome.duplicate,
        "lead_id": lead_id,
        "project_id": project_id,
        "warnings": outcome.warnings,
        "ignored": outcome.ignored,
    }


def _error(error: CrmError) -> dict[str, Any]:
    if isinstance(error, Invalid):
        first = error.errors[0]
        found = {"field": first.field, "message": first.message}
        more = [{"field": e.field, "message": e.message} for e in error.errors]
        return found | ({"errors": more} if len(more) > 1 else {})
    if isinstance(error, Conflict):
        fields = "、".join(error.fields)
        return {"field": error.fields[0] if error.fields else "source_ref", "message": f"{error}（{fields}）"}
    return {"field": "organisation", "message": str(error)}
