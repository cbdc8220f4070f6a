"""Questions to parks: what matching could not know of a park becomes one tap for its operator.

The bureau or a district asks about one project and park; every unknown constraint is a question of its own, in a sentence that
names no enterprise, and a fact of its own: asking makes nobody's form of the project stale. The answer counts at once: a
project that is not dispatched yet is matched anew with it. Called by pages of projects and of operators.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from crm.domain.actors import Actor, Role, system
from crm.domain.errors import Conflict, Invalid, NotFound
from crm.domain.match_input import MatchInput
from crm.domain.parks import Finding, Verdict
from crm.domain.permissions import Verb, require
from crm.services.facts import keep_match, match_inputs
from crm.services.ids import new_id
from crm.services.known import load_row
from crm.services.project_work import ProjectWork, work_on
from crm.services.tools import Tools
from crm.store.models import ParkCheck
from crm.store.queries.park_checks import ANSWERED, answers_of_projects
from crm.store.queries.scope import scope_of, visible_checks
from crm.store.unit_of_work import Fact, Row, UnitOfWork

RECORDING = system("park-checks")  # an operator sees no project; its answer is recorded past its scope
BEFORE_DISPATCH = "reported"
IN_ITS_STEAD = "（商务局代答）"


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
        for row in rows:
            _record(work.unit, actor, row, "park.check-asked.v1")
        return len(rows)


def _unknown(work: ProjectWork, park: str) -> Sequence[Finding]:
    pack = work.tools.reference.pack()
    if park not in pack.parks:
        raise Invalid.of("park", f"没有代码为 {park} 的园区")
    if not pack.parks[park].accepts_projects:
        raise Invalid.of("park", f"{pack.parks[park].name}不承接项目")
    given = MatchInput.from_payload(_inputs(work))
    return [f for f in work.tools.matching.matcher().judge(given, park) if f.verdict is Verdict.UNKNOWN]


def _inputs(work: ProjectWork) -> Row:
    enterprise = load_row(work.unit.session, "enterprises", id=work.row["enterprise_id"] or "")
    return match_inputs(work.row, enterprise)


def _question(work: ProjectWork, park: str, finding: Finding) -> Row:
    return {
        "id": new_id(),
        "version": 1,
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
    """The operator's answer, or the bureau's in its stead, which the note says.

    Raises Invalid (a no says why), Forbidden, NotFound outside the scope, Conflict when answered already.
    """
    require(actor, Verb.ANSWER_CHECKS)
    if verdict not in ANSWERED:
        raise Invalid.of("verdict", "请答可以或不行")
    if verdict == Verdict.BREAKS and not note:
        raise Invalid.of("note", "答不行请写明现有多少、差多少")
    with tools.database.read() as session:
        statement = select(ParkCheck).where(ParkCheck.id == check_id, visible_checks(scope_of(session, actor)))
        check = session.scalar(statement)
        if check is None:
            raise NotFound("没有这项核实")
        project_id = check.project_id
    with work_on(tools, RECORDING, project_id, None) as work:
        row = load_row(work.unit.session, "park_checks", lock=True, id=check_id)
        if row is None or row["state"] != "open":
            raise Conflict("这项核实已答复")
        said = note if actor.role is Role.CARRIER else f"{IN_ITS_STEAD}{note or ''}"
        row |= {"version": row["version"] + 1, "state": verdict, "note": said, "answered_at": work.unit.now}
        row["answered_by"] = actor.id
        _record(work.unit, actor, row, "park.check-answered.v1")
        work.unit.flush()
        if work.row["stage"] == BEFORE_DISPATCH and work.row["off_line"] is None:
            _match_anew(work)


def _match_anew(work: ProjectWork) -> None:
    """The proposal with what the park has just said."""
    answers = answers_of_projects(work.unit.session, [work.id]).get(work.id, ())
    match = work.tools.matching.match_row(work.id, _inputs(work), work.unit.now, answers)
    after = dict(work.row)
    keep_match(after, match)
    changes = {name: after[name] for name in after if after[name] != work.row[name]}
    rules = {"reference": match["reference_version"], "rules": match["rules_version"]}
    public = {"nodes": after["nodes"], "parks": after["proposed_parks"], "districts": after["proposed_districts"]}
    work.record("matched", changes=changes, rows={"matches": [match]}, public={**public, "rules": rules})


def _record(unit: UnitOfWork, actor: Actor, row: Row, kind: str) -> None:
    change = {"park": row["park"], "constraint": row["constraint"], "verdict": row["state"]}
    unit.record(Fact(kind, "park_check", row["id"], row["version"], actor, {"park_checks": [row]}, change))
