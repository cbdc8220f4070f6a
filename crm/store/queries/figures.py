"""Figures of the overview, counted from the projects inside the scope: nobody counts what he may not see.

Money in 元. A project counts once: signed on the day of its confirmed agreement, landed on the day its last condition was met.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import Text, and_, cast, func, select
from sqlalchemy.orm import Session

from crm.domain.clock import SHANGHAI
from crm.domain.lights import TALKING
from crm.domain.scope import Scope
from crm.store.models import Assignment, Project
from crm.store.queries.scope import visible_projects


@dataclass(frozen=True, slots=True)
class Tally:
    """How many projects, with how much investment."""

    count: int = 0
    investment: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.count + other.count, self.investment + other.investment)


@dataclass(frozen=True, slots=True)
class Period:
    """What happened from a day to another, both included."""

    reported: Tally
    dispatched: Tally
    signed: Tally
    landed: Tally


@dataclass(frozen=True, slots=True)
class DistrictLine:
    """Where a district's projects stand today."""

    district: str
    all: Tally
    talking: Tally
    signed: Tally
    landed: Tally


def period(session: Session, scope: Scope, first: date, last: date) -> Period:
    """The figures of a period."""
    start, end = _instant(first), _instant(date.fromordinal(last.toordinal() + 1))
    sent = select(Assignment.project_id).where(Assignment.dispatched_at >= start, Assignment.dispatched_at < end)
    conditions = (
        and_(Project.received_at >= start, Project.received_at < end),
        Project.id.in_(sent),
        Project.signed_on.between(first, last),
        Project.landed_on.between(first, last),
    )
    return Period(*(_tally(session, scope, condition) for condition in conditions))


def _instant(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=SHANGHAI)


def _tally(session: Session, scope: Scope, condition: object) -> Tally:
    statement = select(func.count(), func.sum(Project.investment)).where(visible_projects(scope), condition)  # type: ignore[arg-type]
    count, money = session.execute(statement).one()
    return Tally(count, int(money or 0))


def by_stage(session: Session, scope: Scope) -> Mapping[str, Tally]:
    """Open and closed projects by the stage they stand at."""
    statement = (
        select(Project.stage, func.count(), func.sum(Project.investment))
        .where(visible_projects(scope))
        .group_by(Project.stage)
    )
    return {stage: Tally(count, int(money or 0)) for stage, count, money in session.execute(statement)}


def by_district(session: Session, scope: Scope) -> Sequence[DistrictLine]:
    """One line a district with projects on the line, by code."""
    money = func.sum(Project.investment)
    signed, landed = Project.signed_on.is_not(None), Project.landed_on.is_not(None)
    talking = and_(Project.stage.in_(TALKING), Project.stage != "reported")
    columns = []
    for condition in (Project.id.is_not(None), talking, signed, landed):
        columns += [func.count().filter(condition), money.filter(condition)]
    statement = (
        select(Project.district, *columns)
        .where(visible_projects(scope), Project.district.is_not(None), Project.off_line.is_(None))
        .group_by(Project.district)
        .order_by(Project.district)
    )
    lines = []
    for row in session.execute(statement):
        values = [int(value) if value else 0 for value in tuple(row)[1:]]
        tallies = [Tally(*pair) for pair in zip(values[::2], values[1::2], strict=True)]
        lines.append(DistrictLine(str(row[0]), *tallies))
    return lines


def by_industry(session: Session, scope: Scope) -> Mapping[str, Tally]:
    """Projects on the line by their first industry, most projects first; "" for those of none."""
    text = cast(Project.industries, Text)
    statement = (
        select(text, func.count(), func.sum(Project.investment))
        .where(visible_projects(scope), Project.off_line.is_(None))
        .group_by(text)
    )
    found: dict[str, Tally] = defaultdict(Tally)
    for codes, count, money in session.execute(statement):
        first = next(iter(json.loads(codes) if isinstance(codes, str) else codes or ()), "")
        found[first] += Tally(count, int(money or 0))
    return dict(sorted(found.items(), key=lambda pair: -pair[1].count))


def stuck(session: Session, scope: Scope, limit: int) -> Sequence[Project]:
    """Projects before signing that stand longest in their stage."""
    statement = (
        select(Project)
        .where(visible_projects(scope), Project.off_line.is_(None), Project.stage.in_(TALKING))
        .where(Project.suitable.is_not(False))
        .order_by(Project.stage_since, Project.id)
        .limit(limit)
    )
    return session.scalars(statement).all()
