"""The chain in the database: what stands where today, which projects and enterprises belong to a node.

Counts and lists go through the scope; the standing of the city, which ranks parks and shows nobody anything, does not.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Text, case, cast, func, select
from sqlalchemy.orm import Session

from crm.domain.match_weights import Standing
from crm.domain.scope import Scope
from crm.store.models import Enterprise, Project
from crm.store.queries.scope import visible_projects


@dataclass(frozen=True, slots=True)
class NodeCount:
    """Projects whose first node is this one: landed in the city, and on their way."""

    landed: int = 0
    talking: int = 0


@dataclass(frozen=True, slots=True)
class NodeProject:
    """A project of a node with its enterprise."""

    project: Project
    enterprise: Enterprise | None


def city_standing(session: Session) -> Standing:
    """What has landed in which park, and how many projects each district has in hand."""
    landed = select(Project.park, Project.nodes).where(
        Project.landed_on.is_not(None), Project.park.is_not(None), Project.off_line.is_(None)
    )
    residents: dict[str, set[str]] = defaultdict(set)
    for park, nodes in session.execute(landed):
        residents[str(park)].update(nodes[:1])
    in_hand = (
        select(Project.district, func.count())
        .where(Project.district.is_not(None), Project.landed_on.is_(None), Project.off_line.is_(None))
        .group_by(Project.district)
    )
    return Standing(
        residents={park: frozenset(nodes) for park, nodes in residents.items()},
        open_projects={str(district): count for district, count in session.execute(in_hand)},
    )


def count_by_node(session: Session, scope: Scope) -> Mapping[str, NodeCount]:
    """Visible projects on the line by their first node."""
    text = cast(Project.nodes, Text)
    landed = func.sum(case((Project.landed_on.is_not(None), 1), else_=0))
    statement = (
        select(text, func.count(), landed)
        .where(visible_projects(scope), Project.off_line.is_(None), Project.suitable.is_(True))
        .group_by(text)
    )
    found: dict[str, NodeCount] = {}
    for codes, count, ended in session.execute(statement):
        first = next(iter(json.loads(codes) if isinstance(codes, str) else codes or ()), None)
        if first is not None:
            before = found.get(first, NodeCount())
            found[first] = NodeCount(before.landed + int(ended or 0), before.talking + count - int(ended or 0))
    return found


def projects_of_node(session: Session, scope: Scope, node: str, *, limit: int = 50) -> Sequence[NodeProject]:
    """Visible projects that have to do with a node, those of which it is the first node before the others, newest first."""
    text = cast(Project.nodes, Text)
    first = case((text.like(f'["{node}"%'), 0), else_=1)
    statement = (
        select(Project, Enterprise)
        .join(Enterprise, Enterprise.id == Project.enterprise_id, isouter=True)
        .where(visible_projects(scope), text.like(f'%"{node}"%'), Project.off_line.is_(None))
        .order_by(first, Project.received_at.desc(), Project.id)
        .limit(limit)
    )
    return [NodeProject(project, enterprise) for project, enterprise in session.execute(statement)]
