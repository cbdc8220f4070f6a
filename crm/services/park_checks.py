"""Questions to parks: what matching could not know of a park becomes one tap for its operator.

The bureau or a district asks about one project and park; every unknown constraint is a question of its own, in a sentence that
names no enterprise. The operator answers can or cannot; the answer counts when the project is matched again, and stands beside
the proposal at once. Called by pages of projects and of operators.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from crm.domain.actors import Actor, Role
from crm.domain.errors import Conflict, Invalid, NotFound
from crm.domain.match_input import MatchInput
from crm.domain.parks import Finding, Verdict
from crm.domain.permissions import Verb, require
from crm.services.facts import match_inputs
from crm.services.ids import new_id
from crm.services.known import load_row
from crm.services.project_work import ProjectWork, work_on
from crm.services.tools import Tools
from crm.store.models import ParkCheck
from crm.store.queries.park_checks import ANSWERED, answers_of_projects
from crm.store.queries.scope import scope_of, visible_checks
from crm.store.unit_of_work import Row


def ask(tools: Tools, actor: Actor, project_id: str, park: str) -> int:
    """Ask a park's operator about everything unknown; how many questions. Raises NotFound, Forbidden, Invalid, Conflict."""
    with work_on(tools, actor, project_id, None) as work:
        require(actor, Verb.ASK_PARKS)
        work.require_open()
        unknown = _unknown(work, park)
        asked = set(
            work.unit.session.scalars(
                select(ParkCheck.constraint).where(
                    ParkCheck.project_id == project_id, ParkCheck.park == park, ParkCheck.state != "withdrawn"
                )
            )
        )
        rows = [_question(work, park, finding) for finding in unknown if finding.constraint not in asked]
        if not rows:
            raise Conflict("没有需要核实的事项，或都已问过")
        work.record("park-asked", rows={"park_checks": rows}, public={"park": park, "count": len(rows)})
        return len(rows)


def _unknown(work: ProjectWork, park: str) -> Sequence[Finding]:
    pack = work.tools.reference.pack()
    if park not in pack.parks:
        raise Invalid.of("park", f"没有代码为 {park} 的园区")
    if not pack.parks[park].accepts_projects:
        raise Invalid.of("park", f"{pack.parks[park].name}不承接项目")
    enterprise = load_row(work.unit.session, "enterprises", id=work.row["enterprise_id"] or "")
    answers = answers_of_projects(work.unit.session, [work.id]).get(work.id, ())
    given = MatchInput.from_payload(match_inputs(work.row, enterprise), answers=answers)
    return [f for f in work.tools.matching.matcher().judge(given, park) if f.verdict is Verdict.UNKNOWN]


def _question(work: ProjectWork, park: str, finding: Finding) -> Row:
    return {
        "id": new_id(),
        "project_id": work.id,
        "park": park,
        "constraint": finding.constraint,
        "text": finding.text,
        "state": "open",
        "note": None,
        "asked_at": work.unit.now,
        "asked_by": work.actor.id,
        "answered_at": None,
        "answered_by": None,
    }


def answer(tools: Tools, actor: Actor, check_id: str, *, verdict: str, note: str | None = None) -> None:
    """The operator's answer. Raises Invalid, Forbidden, NotFound outside the scope, Conflict when answered already."""
    require(actor, Verb.ANSWER_CHECKS)
    if verdict not in ANSWERED:
        raise Invalid.of("verdict", "请答可以或不行")
    with tools.database.read() as session:
        statement = select(ParkCheck).where(ParkCheck.id == check_id, visible_checks(scope_of(session, actor)))
        check = session.scalar(statement)
        if check is None:
            raise NotFound("没有这项核实")
        project_id = check.project_id
    with work_on(tools, answering(actor), project_id, None) as work:
        row = load_row(work.unit.session, "park_checks", lock=True, id=check_id)
        if row is None or row["state"] != "open":
            raise Conflict("这项核实已答复")
        row |= {"state": verdict, "note": note, "answered_at": work.unit.now, "answered_by": actor.id}
        work.actor = actor
        work.record("park-answered", rows={"park_checks": [row]}, public={"park": row["park"], "verdict": verdict})


def answering(actor: Actor) -> Actor:
    """An operator sees no project, and its answer is a fact of one: it is recorded past the scope, under its own name."""
    return Actor("system:park-checks", actor.organisation, Role.ADMIN)
