"""The blind check (查重): yes or no and a date, never who. By exact code or name today; limited by organisation and hour.

Posting a report counts against the same limit: beyond it the receipt is given and this answer withheld (promise 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import structlog
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from crm.domain.actors import Actor
from crm.domain.clock import local_date
from crm.domain.errors import CrmError
from crm.domain.permissions import Verb, require
from crm.services.tools import Tools
from crm.store.identity import keys_of, owners
from crm.store.models import Lead, RateWindow
from schemas.fields import credit_code_status

USED_UP = "本小时次数已用完，请稍后再试"

log = structlog.get_logger("duplicate-check")


class Limited(CrmError):
    """Too many in this hour (HTTP 429)."""


@dataclass(frozen=True, slots=True)
class BlindAnswer:
    """`reported`: somebody reported it; `protected_until`: the last day of a protection in force."""

    reported: bool
    protected_until: date | None


def check(tools: Tools, actor: Actor, *, name: str | None, uscc: str | None) -> BlindAnswer:
    """Whether the enterprise was reported. Raises Limited, Forbidden."""
    require(actor, Verb.CHECK)
    count(tools, actor, "check", tools.settings.check_limit)
    return _looked_up(tools, actor, name, uscc)


def _looked_up(tools: Tools, actor: Actor, name: str | None, uscc: str | None) -> BlindAnswer:
    enterprise = {"name": name, "uscc": uscc, "uscc_status": credit_code_status(uscc) if uscc else "none"}
    with tools.database.glance() as session:
        answer = _answer(session, set(owners(session, keys_of(enterprise)).values()))
    log.info("checked", actor=actor.id, organisation=actor.organisation, reported=answer.reported)
    return answer


def admit_report(tools: Tools, actor: Actor, *, name: str | None, uscc: str | None) -> BlindAnswer | None:
    """Count a report and the answer that goes with its receipt, in one statement: this is the way of every report.

    None beyond the limit of checks, or when no enterprise is named. Raises Limited beyond the limit of reports.
    """
    require(actor, Verb.REPORT)
    named = bool(name or uscc)
    used = _used(tools, actor, {"report": 1, "check": 1} if named else {"report": 1})
    if used["report"] > tools.settings.report_limit:
        raise Limited(USED_UP)
    if not named or used["check"] > tools.settings.check_limit:
        return None
    return _looked_up(tools, actor, name, uscc)


def _answer(session: Session, enterprise_ids: set[str]) -> BlindAnswer:
    if not enterprise_ids:
        return BlindAnswer(reported=False, protected_until=None)
    found = session.execute(
        select(func.count(), func.max(Lead.protected_until)).where(Lead.enterprise_id.in_(enterprise_ids))
    ).one()
    until: datetime | None = found[1]
    return BlindAnswer(reported=found[0] > 0, protected_until=local_date(until) if until else None)


def count(tools: Tools, actor: Actor, kind: str, limit: int, amount: int = 1) -> None:
    """Count against the organisation's hour, across processes. Raises Limited."""
    if _used(tools, actor, {kind: amount})[kind] > limit:
        raise Limited(USED_UP)


def _used(tools: Tools, actor: Actor, amounts: Mapping[str, int]) -> Mapping[str, int]:
    """What the organisation used up in this hour, these amounts included, by kind."""
    hour = tools.clock.now().replace(minute=0, second=0, microsecond=0)
    rows = [
        {"organisation": actor.organisation, "kind": kind, "hour": hour, "used": amount}
        for kind, amount in sorted(amounts.items())  # one order for all, so that two never wait for each other
    ]
    with tools.database.write_at_once() as session:
        counted = session.connection().execute(_counting(tools.database.is_sqlite), rows)
        return {kind: used for kind, used in counted}


@cache
def _counting(for_sqlite: bool) -> Any:
    """Kept: building the statement takes longer than running it."""
    statement = (sqlite if for_sqlite else postgresql).insert(RateWindow)
    return statement.on_conflict_do_update(
        index_elements=["organisation", "kind", "hour"], set_={"used": RateWindow.used + statement.excluded.used}
    ).returning(RateWindow.kind, RateWindow.used)
