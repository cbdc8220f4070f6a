"""The blind check (查重): yes or no and a date, never who. By exact code or name today; limited by organisation and hour.

Posting a report counts against the same limit: beyond it the receipt is given and this answer withheld (promise 8).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
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
from crm.store.identity import Key, keys_of, owners
from crm.store.key_lists import in_values
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


UNKNOWN = BlindAnswer(reported=False, protected_until=None)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who names which enterprise."""

    actor: Actor
    name: str | None
    uscc: str | None

    @property
    def keys(self) -> tuple[Key, ...]:
        return keys_of(
            {
                "name": self.name,
                "uscc": self.uscc,
                "uscc_status": credit_code_status(self.uscc) if self.uscc else "none",
            }
        )


def check(tools: Tools, actor: Actor, *, name: str | None, uscc: str | None) -> BlindAnswer:
    """Whether the enterprise was reported. Raises Limited, Forbidden."""
    require(actor, Verb.CHECK)
    count(tools, actor, "check", tools.settings.check_limit)
    return _looked_up(tools, [Asked(actor, name, uscc)])[0]


def admit_report(tools: Tools, actor: Actor, *, name: str | None, uscc: str | None) -> BlindAnswer | None:
    """As `admit_reports`, one. Raises Limited, Forbidden."""
    (answer,) = admit_reports(tools, [Asked(actor, name, uscc)])
    if isinstance(answer, CrmError):
        raise answer
    return answer


def admit_reports(tools: Tools, asked: Sequence[Asked]) -> list[BlindAnswer | CrmError | None]:
    """Count reports and the answers that go with their receipts, in one statement: this is the way of every report.

    For each: the answer; None beyond the limit of checks, or when no enterprise is named; Limited beyond the limit of
    reports; Forbidden.
    """
    outcomes: list[BlindAnswer | CrmError | None] = [_refusal(one.actor) for one in asked]
    may = [place for place, refusal in enumerate(outcomes) if refusal is None]
    wanted = [{"report": 1, "check": 1} if asked[place].name or asked[place].uscc else {"report": 1} for place in may]
    used = _used(
        tools, [(asked[place].actor.organisation, amounts) for place, amounts in zip(may, wanted, strict=True)]
    )
    answered = []
    for place, mine in zip(may, used, strict=True):
        if mine["report"] > tools.settings.report_limit:
            outcomes[place] = Limited(USED_UP)
        elif mine.get("check", tools.settings.check_limit + 1) <= tools.settings.check_limit:
            answered.append(place)
    for place, answer in zip(answered, _looked_up(tools, [asked[place] for place in answered]), strict=True):
        outcomes[place] = answer
    return outcomes


def _refusal(actor: Actor) -> CrmError | None:
    try:
        require(actor, Verb.REPORT)
    except CrmError as refusal:
        return refusal
    return None


def _looked_up(tools: Tools, asked: Sequence[Asked]) -> list[BlindAnswer]:
    keys = [one.keys for one in asked]
    if not any(keys):
        return [UNKNOWN for _ in asked]
    with tools.database.glance() as session:
        held = owners(session, {key for mine in keys for key in mine})
        known = _protection(session, set(held.values()))
    answers = []
    for one, mine in zip(asked, keys, strict=True):
        found = [known[owner] for key in mine if (owner := held.get(key)) in known]
        until = max((end for end in found if end), default=None)
        answers.append(BlindAnswer(bool(found), local_date(until) if until else None))
        log.info("checked", actor=one.actor.id, organisation=one.actor.organisation, reported=bool(found))
    return answers


def _protection(session: Session, enterprise_ids: set[str]) -> dict[str, datetime | None]:
    """Until when each enterprise that has reports is protected."""
    if not enterprise_ids:
        return {}
    rows = session.execute(
        select(Lead.enterprise_id, func.max(Lead.protected_until))
        .where(in_values(session, Lead.enterprise_id, enterprise_ids))
        .group_by(Lead.enterprise_id)
    )
    return {str(enterprise_id): until for enterprise_id, until in rows}


def count(tools: Tools, actor: Actor, kind: str, limit: int, amount: int = 1) -> None:
    """Count against the organisation's hour, across processes. Raises Limited."""
    (used,) = _used(tools, [(actor.organisation, {kind: amount})])
    if used[kind] > limit:
        raise Limited(USED_UP)


def _used(tools: Tools, amounts: Sequence[tuple[str, Mapping[str, int]]]) -> list[dict[str, int]]:
    """What each one's organisation used up in this hour by kind, its own amounts and those before it included."""
    hour = tools.clock.now().replace(minute=0, second=0, microsecond=0)
    total: Counter[tuple[str, str]] = Counter()
    for organisation, mine in amounts:
        total.update({(organisation, kind): amount for kind, amount in mine.items()})
    if not total:
        return []
    rows = [
        {"organisation": organisation, "kind": kind, "hour": hour, "used": amount}
        for (organisation, kind), amount in sorted(
            total.items()
        )  # one order for all, so that two never wait for each other
    ]
    with tools.database.write_at_once() as session:
        counted = session.connection().execute(_counting(tools.database.is_sqlite), rows)
        left = {(organisation, kind): used for organisation, kind, used in counted}
    running = {key: left[key] - amount for key, amount in total.items()}
    used = []
    for organisation, mine in amounts:
        for kind, amount in mine.items():
            running[organisation, kind] += amount
        used.append({kind: running[organisation, kind] for kind in mine})
    return used


@cache
def _counting(for_sqlite: bool) -> Any:
    """Kept: building the statement takes longer than running it."""
    statement = (sqlite if for_sqlite else postgresql).insert(RateWindow)
    return statement.on_conflict_do_update(
        index_elements=["organisation", "kind", "hour"], set_={"used": RateWindow.used + statement.excluded.used}
    ).returning(RateWindow.organisation, RateWindow.kind, RateWindow.used)
