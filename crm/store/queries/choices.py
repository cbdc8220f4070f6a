"""How often people chose what was proposed: hit@1 and hit@3 of districts, an indicator of the system itself.

Counted from the choices kept beside proposals, inside the scope.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Text, case, cast, func, select
from sqlalchemy.orm import Session

from crm.domain.scope import Scope
from crm.store.models import Match, Project
from crm.store.queries.scope import visible_projects


@dataclass(frozen=True, slots=True)
class Hits:
    """Choices, and how many of them were proposed first, and among the first three."""

    choices: int = 0
    first: int = 0
    in_three: int = 0

    def __add__(self, other: Hits) -> Hits:
        return Hits(self.choices + other.choices, self.first + other.first, self.in_three + other.in_three)

    @property
    def at_one(self) -> float:
        return self.first / self.choices if self.choices else 0.0

    @property
    def at_three(self) -> float:
        return self.in_three / self.choices if self.choices else 0.0


@dataclass(frozen=True, slots=True)
class Override:
    """A choice that was not proposed first, with its reason."""

    match: Match
    project: Project


def hits_by_district(session: Session, scope: Scope) -> Mapping[str, Hits]:
    """District chosen → hits, most choices first."""
    return _hits(session, scope, Match.chosen_district, lambda code: code)


def hits_by_industry(session: Session, scope: Scope) -> Mapping[str, Hits]:
    """First industry of the project → hits; "" for those of none."""
    return _hits(session, scope, cast(Project.industries, Text), _first)


def _first(codes: object) -> str:
    return next(iter(json.loads(codes) if isinstance(codes, str) else ()), "")


def _hits(session: Session, scope: Scope, column: object, key: object) -> Mapping[str, Hits]:
    rank = Match.district_rank
    statement = (
        select(
            column,  # type: ignore[call-overload]
            func.count(),
            func.sum(case((rank == 1, 1), else_=0)),
            func.sum(case((rank.between(1, 3), 1), else_=0)),
        )
        .join(Project, Project.id == Match.project_id)
        .where(visible_projects(scope), rank.is_not(None))
        .group_by(column)
    )
    found: dict[str, Hits] = defaultdict(Hits)
    for value, count, first, in_three in session.execute(statement):
        found[key(value)] += Hits(count, int(first or 0), int(in_three or 0))  # type: ignore[operator]
    return dict(sorted(found.items(), key=lambda pair: (-pair[1].choices, pair[0])))


def overrides(session: Session, scope: Scope, limit: int = 30) -> Sequence[Override]:
    """The latest choices that were not proposed first."""
    statement = (
        select(Match, Project)
        .join(Project, Project.id == Match.project_id)
        .where(visible_projects(scope), Match.district_rank.is_not(None), Match.district_rank != 1)
        .order_by(Match.created_at.desc(), Match.id)
        .limit(limit)
    )
    return [Override(match, project) for match, project in session.execute(statement)]
