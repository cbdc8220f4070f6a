"""Matching anew the projects that are not dispatched yet, when graph, words, weights or carriers changed.

First counted, then applied when a person approves: in batches, under a lease of the scheduler, going on where it stood when a
process ends. What was dispatched keeps the proposal it was dispatched with. Called by the scheduler and by pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.domain.actors import Actor, system
from crm.domain.errors import Conflict, NotFound
from crm.domain.permissions import Verb, require
from crm.services.facts import keep_match, match_inputs, public_project
from crm.services.ids import new_id
from crm.services.known import plain_rows
from crm.services.tools import Tools
from crm.store.key_lists import in_values
from crm.store.models import Enterprise, Project, RematchRun
from crm.store.queries.park_checks import answers_of_projects
from crm.store.unit_of_work import Fact, Row, UnitOfWork, unit_of_work

BATCH = 500
MOST_EXAMPLES = 50
REMATCHING = system("rematching")
BEFORE_DISPATCH = "reported"
COMPARED = ("suitable", "industries", "nodes", "proposed_parks", "proposed_districts")
Change = tuple[Row, Row, Row]  # a project as it is, as it would be, its new match
UNFINISHED = ("asked", "counting", "counted", "approved", "applying")


def ask(tools: Tools, actor: Actor) -> str:
    """Have it counted what would change; the run's id. Raises Forbidden; Conflict while another run is not settled."""
    require(actor, Verb.EDIT_CHAINS)
    now = tools.clock.now()
    with tools.database.write() as session:
        if session.scalar(select(func.count()).select_from(RematchRun).where(RematchRun.state.in_(UNFINISHED))):
            raise Conflict("上一次重新匹配尚未结束，请先应用或放弃")
        total = session.scalar(select(func.count()).select_from(Project).where(*_waiting())) or 0
        run = RematchRun(
            id=new_id(), state="asked", reference_version=None, total=total, done=0, changed=0, last_project="",
            report={}, asked_by=actor.id, asked_at=now, approved_by=None, updated_at=now,
        )  # fmt: skip
        session.add(run)
        return run.id


def settle(tools: Tools, actor: Actor, run_id: str, *, approve: bool) -> None:
    """Apply what was counted, or drop it. Raises Forbidden, NotFound, Conflict."""
    require(actor, Verb.EDIT_CHAINS)
    with tools.database.write() as session:
        run = session.get(RematchRun, run_id, with_for_update=True)
        if run is None:
            raise NotFound("没有这次重新匹配")
        if run.state not in (("counted",) if approve else ("asked", "counting", "counted")):
            raise Conflict("这次重新匹配已处理")
        run.state = "approved" if approve else "dropped"
        run.approved_by = actor.id if approve else None
        run.updated_at = tools.clock.now()
        if approve:
            run.done, run.changed, run.last_project = 0, 0, ""


def latest_run(session: Session) -> RematchRun | None:
    return session.scalar(select(RematchRun).order_by(RematchRun.asked_at.desc(), RematchRun.id.desc()).limit(1))


def work_off(tools: Tools) -> int:
    """Go on with what was asked or approved until nothing waits; how many projects were looked at."""
    looked = 0
    while (seen := _one_batch(tools)) is not None:
        looked += seen
    return looked


def _one_batch(tools: Tools) -> int | None:
    """Some projects further; None when there is nothing to do."""
    with unit_of_work(tools.database, tools.clock) as unit:
        statement = select(RematchRun).where(RematchRun.state.in_(("asked", "counting", "approved", "applying")))
        run = unit.session.scalar(statement.order_by(RematchRun.asked_at).limit(1).with_for_update())
        if run is None:
            return None
        applying = run.state in ("approved", "applying")
        rows = list(plain_rows(unit.session, _next(run.last_project), Project.__table__, lock=applying))
        if not rows:
            run.state, run.updated_at = ("applied" if applying else "counted"), unit.now
            return 0
        changes = _compared(tools, unit, rows)
        if applying:
            _apply(unit, changes)
        else:
            run.report = _reported(run.report, changes)
        run.state = "applying" if applying else "counting"
        run.reference_version = tools.matching.matcher().pack.version
        run.done, run.changed = run.done + len(rows), run.changed + len(changes)
        run.last_project, run.updated_at = rows[-1]["id"], unit.now
        return len(rows)


def _waiting() -> tuple[Any, ...]:
    return (Project.stage == BEFORE_DISPATCH, Project.off_line.is_(None))


def _next(last: str) -> Any:
    return select(Project.__table__).where(*_waiting(), Project.id > last).order_by(Project.id).limit(BATCH)


def _compared(tools: Tools, unit: UnitOfWork, rows: Sequence[Row]) -> list[Change]:
    """Each project whose proposal would be another: as it is, as it would be, and its new match."""
    ids = [row["enterprise_id"] for row in rows if row["enterprise_id"]]
    table = Enterprise.__table__
    held = plain_rows(unit.session, select(table).where(in_values(unit.session, table.c.id, ids)), table)
    enterprises = {row["id"]: row for row in held}
    answers = answers_of_projects(unit.session, [row["id"] for row in rows])
    found = []
    for row in rows:
        inputs = match_inputs(row, enterprises.get(row["enterprise_id"] or ""))
        match = tools.matching.match_row(row["id"], inputs, unit.now, answers.get(row["id"], ()))
        after = dict(row)
        keep_match(after, match)
        if any(row[name] != after[name] for name in COMPARED):
            found.append((row, after, match))
    return found


def _apply(unit: UnitOfWork, changes: Sequence[Change]) -> None:
    for row, after, match in changes:
        after |= {"version": row["version"] + 1, "updated_at": unit.now}
        documents = [("project", row["id"])] + ([("enterprise", row["enterprise_id"])] if row["enterprise_id"] else [])
        unit.record(
            Fact(
                type="project.matched.v1",
                aggregate="project",
                aggregate_id=row["id"],
                version=after["version"],
                actor=REMATCHING,
                rows={"projects": [after], "matches": [match]},
                change={
                    **public_project(after),
                    "nodes": after["nodes"],
                    "parks": after["proposed_parks"],
                    "districts": after["proposed_districts"],
                    "rules": {"reference": match["reference_version"], "rules": match["rules_version"]},
                },
                documents=tuple(documents),
            )
        )


def _reported(report: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """Counts by what would change, and the first examples."""
    counts = dict(report.get("counts", {}))
    examples = list(report.get("examples", []))
    for row, after, _ in changes:
        for name in COMPARED:
            counts[name] = counts.get(name, 0) + (row[name] != after[name])
        if len(examples) < MOST_EXAMPLES and not row["confidential"]:
            before_and_after = {
                name: [row[name], after[name]] for name in ("suitable", "nodes", "proposed_parks", "proposed_districts")
            }
            examples.append({"id": row["id"], "title": row["title"], **before_and_after})
    return {"counts": counts, "examples": examples}
