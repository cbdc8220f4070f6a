"""Dead letters: refused records with their bytes and a reason; looked at, mended and replayed by the administrator.

A replay goes back to the record's own topic; if it fails again it becomes the same dead letter again, open, with one attempt
more: nothing loops. A mended record keeps the receipt of the original.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from crm.domain.errors import Conflict, Invalid, NotFound
from crm.services.tools import Tools
from crm.store.models import DeadLetter, Receipt
from crm.store.unit_of_work import Row, UnitOfWork, unit_of_work
from schemas.envelope import parse
from schemas.faults import SchemaError
from schemas.topics import LEADS_DEAD

OPEN_STATES = ("open", "mended")
KEPT = timedelta(days=30)  # promise 9


def dead_record_headers(letter: DeadLetter) -> dict[str, str]:
    """Headers of the record on the dead topic (interface.md)."""
    return {
        "crm-reason": letter.reason,
        "crm-field": letter.field,
        "crm-topic": letter.topic,
        "crm-partition": str(letter.partition),
        "crm-offset": str(letter.offset),
        "crm-error-id": letter.error_id,
    }


def bury(unit: UnitOfWork, letter: Row) -> None:
    """Keep a refused record, once a place in the log, and send it to the dead topic."""
    place = (DeadLetter.topic == letter["topic"], DeadLetter.partition == letter["partition"])
    there = unit.session.scalar(select(DeadLetter).where(*place, DeadLetter.offset == letter["offset"]))
    if there is not None:
        return
    unit.session.add(DeadLetter(**letter))
    unit.session.flush()
    if letter["receipt_no"]:
        receipt = unit.session.get(Receipt, letter["receipt_no"])
        if receipt is not None and receipt.state == "received":
            receipt.state = "refused"
    unit.publish(LEADS_DEAD, letter["id"], dead_letter_id=letter["id"])


def bury_again(unit: UnitOfWork, letter_id: str, reason: str, field: str, error_id: str) -> None:
    """A replay failed again: the letter is open again and waits for a person."""
    letter = unit.session.get(DeadLetter, letter_id)
    if letter is not None:
        letter.reason, letter.field, letter.error_id = reason, field, error_id
        letter.state = "open"
        letter.attempts += 1
        letter.updated_at = unit.now


def settle(unit: UnitOfWork, letter_id: str) -> None:
    """A replay went through."""
    letter = unit.session.get(DeadLetter, letter_id)
    if letter is not None:
        letter.state = "settled"
        letter.updated_at = unit.now


def list_letters(tools: Tools, *, everything: bool = False) -> list[dict[str, Any]]:
    """What waits for a person, oldest first; `everything` adds what is replayed or settled. No content."""
    with tools.database.read() as session:
        statement = select(DeadLetter).order_by(DeadLetter.created_at, DeadLetter.id)
        if not everything:
            statement = statement.where(DeadLetter.state.in_(OPEN_STATES))
        return [summary(letter) for letter in session.scalars(statement)]


def summary(letter: DeadLetter) -> dict[str, Any]:
    return {
        "id": letter.id,
        "state": letter.state,
        "field": letter.field,
        "reason": letter.reason,
        "error_id": letter.error_id,
        "topic": letter.topic,
        "partition": letter.partition,
        "offset": letter.offset,
        "receipt_no": letter.receipt_no,
        "received_at": letter.received_at,
        "attempts": letter.attempts,
    }


def show(tools: Tools, letter_id: str) -> dict[str, Any]:
    """Everything about one, its content included. Raises NotFound."""
    with tools.database.read() as session:
        letter = _get(session, letter_id)
        mended = _text(letter.mended_value) if letter.mended_value is not None else None
        return summary(letter) | {"value": _text(letter.value), "mended_value": mended}


def mend(tools: Tools, letter_id: str, value: bytes) -> dict[str, Any]:
    """Put a corrected record beside the original. `value`: an envelope, or `data` alone. Raises Invalid, Conflict."""
    with unit_of_work(tools.database, tools.clock) as unit:
        letter = _get(unit.session, letter_id)
        if letter.state not in OPEN_STATES:
            raise Conflict(f"死信状态为 {letter.state}，不能再修改")
        letter.mended_value = _envelope_bytes(letter, value)
        letter.state = "mended"
        letter.updated_at = unit.now
        return summary(letter)


def replay(tools: Tools, letter_id: str) -> dict[str, Any]:
    """Send it to its topic again, mended or as it was. Raises NotFound, Conflict."""
    with unit_of_work(tools.database, tools.clock) as unit:
        letter = _get(unit.session, letter_id)
        if letter.state not in OPEN_STATES:
            raise Conflict(f"死信状态为 {letter.state}，不能重放")
        if letter.value is None and letter.mended_value is None:
            raise Conflict("原始内容已按期清除，不能重放")
        letter.state = "replayed"
        letter.updated_at = unit.now
        unit.publish(letter.topic, letter.id, dead_letter_id=letter.id)
        return summary(letter)


def erase_old(unit: UnitOfWork) -> int:
    """Forget letters older than 30 days: they hold contacts in the clear."""
    gone = unit.session.execute(delete(DeadLetter).where(DeadLetter.created_at < unit.now - KEPT))
    return int(getattr(gone, "rowcount", 0))


def _get(session: Session, letter_id: str) -> DeadLetter:
    letter = session.get(DeadLetter, letter_id)
    if letter is None:
        raise NotFound(f"没有编号为 {letter_id} 的死信")
    return letter


def _envelope_bytes(letter: DeadLetter, value: bytes) -> bytes:
    try:
        content = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise Invalid.of("value", "不是合法的 JSON") from error
    if isinstance(content, Mapping) and "specversion" not in content:
        content = _original(letter) | {"data": content}
    mended = orjson.dumps(content)
    try:
        parse(mended)
    except SchemaError as error:
        raise Invalid.of(error.field, error.errors[0][1]) from error
    return mended


def _original(letter: DeadLetter) -> dict[str, Any]:
    """The original's envelope, for a mended `data` to go into."""
    try:
        original = orjson.loads(letter.value or b"")
    except orjson.JSONDecodeError:
        original = None
    if not isinstance(original, dict) or "specversion" not in original:
        raise Invalid.of("value", "原记录没有可用的信封，请给出完整的 CloudEvent")
    return original


def _text(value: bytes | None) -> str | None:
    return value.decode("utf-8", "replace") if value is not None else None
