"""Editing the chain graph, its words and weights: proposed with a trial, decided by somebody else, live from its day on.

What is edited is `crm/domain/chain_edits.py`; `crm/services/reference.py` lays the live edits over the loaded pack.
Called by the pages of the chain graph and by tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crm.domain.actors import Actor
from crm.domain.chain_edits import ChainEdit as Edit
from crm.domain.chain_edits import about, changes_nothing, check
from crm.domain.clock import local_date
from crm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm.domain.permissions import Verb, require
from crm.services.evaluation_cases import read_cases
from crm.services.ids import new_id
from crm.services.known import load_row
from crm.services.match_trial import try_out
from crm.services.tools import Tools
from crm.store.models import ChainEdit
from crm.store.unit_of_work import Fact, Row, UnitOfWork, unit_of_work

DECIDED = {"live": "chain.edit-approved.v1", "refused": "chain.edit-refused.v1", "withdrawn": "chain.edit-withdrawn.v1"}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an officer wants changed, and why. `starts_on` None: from today."""

    kind: str
    subject: str
    data: Mapping[str, Any]
    reason: str
    starts_on: date | None = None
    ends_on: date | None = None


def propose(tools: Tools, actor: Actor, wanted: Proposal) -> str:
    """Keep a change and what the evaluation cases say of it; the id. Raises Forbidden, Invalid by field, Conflict."""
    require(actor, Verb.EDIT_CHAINS)
    if not wanted.reason.strip():
        raise Invalid.of("reason", "请写明修改理由")
    now = tools.clock.now()
    day = local_date(now)
    edit = Edit(
        new_id(), wanted.kind, wanted.subject.strip(), dict(wanted.data), wanted.starts_on or day, wanted.ends_on
    )
    pack = tools.reference.pack()
    check(pack, edit)
    if edit.starts_on < day:
        raise Invalid.of("starts_on", "生效日不能早于今天")
    if changes_nothing(pack, edit):
        raise Invalid.of("word" if "word" in edit.data else "subject", "现在就是这样，没有要改的")
    with tools.database.read() as session:
        _refuse_twin(session, edit)  # before the trial, which takes a second
    trial = try_out(tools.matching.matcher(), edit, read_cases(tools.settings.reference_dir), day)
    row = {
        "id": edit.id,
        "version": 1,
        "kind": edit.kind,
        "subject": edit.subject,
        "data": edit.data,
        "starts_on": edit.starts_on,
        "ends_on": edit.ends_on,
        "reason": wanted.reason.strip(),
        "trial": trial,
        "state": "proposed",
        "proposed_by": actor.id,
        "proposed_at": now,
        "decided_by": None,
        "decided_at": None,
        "decision_reason": None,
    }
    with unit_of_work(tools.database, tools.clock) as unit:
        _refuse_twin(unit.session, edit)
        _record(unit, actor, row, "chain.edit-proposed.v1", wanted.reason)
    return edit.id


def decide(tools: Tools, actor: Actor, edit_id: str, *, approve: bool, reason: str = "") -> None:
    """Approve or refuse what somebody else proposed; a refusal says why. Raises Forbidden, NotFound, Conflict, Invalid."""
    require(actor, Verb.EDIT_CHAINS)
    if not approve and not reason.strip():
        raise Invalid.of("reason", "请写明不采纳的理由")
    with unit_of_work(tools.database, tools.clock) as unit:
        row = _row(unit.session, edit_id)
        if row["state"] != "proposed":
            raise Conflict("该修改已处理")
        if row["proposed_by"] == actor.id:
            raise Forbidden("本人提出的修改须由他人审核")
        _settle(unit, actor, row, "live" if approve else "refused", reason)


def withdraw(tools: Tools, actor: Actor, edit_id: str, *, reason: str) -> None:
    """Take back a proposal of one's own, or a live change of anybody's. Raises Forbidden, NotFound, Conflict, Invalid."""
    require(actor, Verb.EDIT_CHAINS)
    if not reason.strip():
        raise Invalid.of("reason", "请写明撤回的理由")
    with unit_of_work(tools.database, tools.clock) as unit:
        row = _row(unit.session, edit_id)
        if row["state"] not in ("proposed", "live"):
            raise Conflict("该修改已处理")
        if row["state"] == "proposed" and row["proposed_by"] != actor.id:
            raise Forbidden("他人提出的修改请审核，不能撤回")
        _settle(unit, actor, row, "withdrawn", reason)


def edits(
    session: Session, *, states: Sequence[str] = (), subjects: Sequence[str] = (), limit: int = 200
) -> Sequence[ChainEdit]:
    """Newest first."""
    statement = select(ChainEdit).order_by(ChainEdit.proposed_at.desc(), ChainEdit.id.desc()).limit(limit)
    if states:
        statement = statement.where(ChainEdit.state.in_(states))
    if subjects:
        statement = statement.where(ChainEdit.subject.in_(subjects))
    return session.scalars(statement).all()


def waiting(session: Session) -> int:
    """Proposals that nobody has decided yet."""
    return session.scalar(select(func.count()).select_from(ChainEdit).where(ChainEdit.state == "proposed")) or 0


def _refuse_twin(session: Session, edit: Edit) -> None:
    """The same thing proposed twice would be tried and decided twice."""
    pending = select(ChainEdit).where(
        ChainEdit.state == "proposed", ChainEdit.kind == edit.kind, ChainEdit.subject == edit.subject
    )
    if any(about(as_edit(row)) & about(edit) for row in session.scalars(pending)):
        raise Conflict("同一事项已有修改待审核", ("word" if "word" in edit.data else "subject",))


def as_edit(row: ChainEdit) -> Edit:
    return Edit(row.id, row.kind, row.subject, row.data, row.starts_on, row.ends_on)


def _row(session: Session, edit_id: str) -> Row:
    row = load_row(session, "chain_edits", lock=True, id=edit_id)
    if row is None:
        raise NotFound("没有这项修改")
    return row


def _settle(unit: UnitOfWork, actor: Actor, row: Row, state: str, reason: str) -> None:
    decided = {
        "version": row["version"] + 1,
        "state": state,
        "decided_by": actor.id,
        "decided_at": unit.now,
        "decision_reason": reason.strip() or None,
    }
    _record(unit, actor, row | decided, DECIDED[state], reason)


def _record(unit: UnitOfWork, actor: Actor, row: Row, kind: str, reason: str) -> None:
    fact = Fact(kind, "chain_edit", row["id"], row["version"], actor, {"chain_edits": [row]}, reason=reason or None)
    unit.record(fact)
