"""Row-level scope as WHERE clauses: the one place where SQL decides who sees which rows.

Every page, endpoint, export, facet and count selects through these; the rules themselves are `crm/domain/scope.py`.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Select, and_, exists, false, func, not_, or_, select, true, union
from sqlalchemy.orm import Session

from crm.domain.actors import Actor, Role
from crm.domain.scope import Scope
from crm.store.models import (
    Assignment,
    Carrier,
    Enterprise,
    Lead,
    Obstacle,
    Organisation,
    ParkCheck,
    Project,
    ProjectReader,
)

SEEN_BY_DISTRICT = ("pending", "accepted", "ended")
"""Assignments that let a district see the project: a declined or expired one no longer does."""
OPERATOR = "OP-"
"""The organisation that runs a park is OP- and the park's code."""
HELD_BEFORE = "ended"
"""The one of these whose district need not be the project's own: while it is pending or accepted, both are the same."""


def scope_of(session: Session, actor: Actor) -> Scope:
    """The actor's scope: a parent district's officers also see what its children see."""
    if actor.role is not Role.DISTRICT:
        return Scope(actor)
    children = session.scalars(
        select(Organisation.code).where(Organisation.parent == actor.organisation).order_by(Organisation.code)
    )
    return Scope(actor, (actor.organisation, *children))


def visible_projects(scope: Scope) -> ColumnElement[bool]:
    """Which projects; confidential ones are for their named few."""
    if scope.actor.id.startswith("system:"):  # the clocks' own work: no person reads it
        return true()
    open_to_it = or_(Project.confidential.is_(False), _reads(scope))
    return and_(_projects_by_role(scope), open_to_it)


def _projects_by_role(scope: Scope) -> ColumnElement[bool]:
    role = scope.actor.role
    if scope.city_wide:
        return true()
    if role is Role.DISTRICT:
        return or_(Project.district.in_(scope.districts), Project.id.in_(_held_before(scope)))
    if role is Role.DEPARTMENT:
        return Project.id.in_(_asked(scope))
    return false()


def _reads(scope: Scope) -> ColumnElement[bool]:
    return Project.id.in_(_named(scope))


def _held_before(scope: Scope) -> Select[str]:
    return select(Assignment.project_id).where(
        Assignment.district.in_(scope.districts), Assignment.state == HELD_BEFORE
    )


def _asked(scope: Scope) -> Select[str]:
    return select(Obstacle.project_id).where(Obstacle.department == scope.actor.organisation)


def _named(scope: Scope) -> Select[str]:
    return select(ProjectReader.project_id).where(ProjectReader.actor_id == scope.actor.id)


def visible_at_a_glance(scope: Scope) -> ColumnElement[bool]:
    """Those of the visible projects that their own columns, all of one index, show to be: nearly all, for counting fast."""
    if scope.city_wide:
        return Project.confidential.is_(False)
    if scope.actor.role is Role.DISTRICT:
        return and_(Project.district.in_(scope.districts), Project.confidential.is_(False))
    return false()


def visible_by_name(scope: Scope) -> ColumnElement[bool]:
    """The other visible projects: found by the few ids that other tables name."""
    named = union(_named(scope), _held_before(scope), _asked(scope))
    at_a_glance = func.coalesce(visible_at_a_glance(scope), false())  # a project without a district is in none
    return and_(Project.id.in_(named), visible_projects(scope), not_(at_a_glance))


def visible_leads(scope: Scope) -> ColumnElement[bool]:
    """Which leads: the reporter's own; the bureau's all but confidential ones it is not named for."""
    if scope.city_wide:
        named = select(ProjectReader.project_id).where(ProjectReader.actor_id == scope.actor.id)
        return or_(Lead.confidential.is_(False), Lead.project_id.in_(named))
    if scope.actor.role in (Role.REPORTER, Role.DISTRICT):
        return Lead.organisation == scope.actor.organisation
    return false()


def visible_enterprises(scope: Scope) -> ColumnElement[bool]:
    """Which enterprises: those of the visible projects; one known from confidential reports only stays hidden."""
    if scope.actor.role is Role.DEPARTMENT:  # an opinion is asked on a project; its enterprise's other affairs are not
        return false()
    mine = select(Project.enterprise_id).where(visible_projects(scope), Project.enterprise_id.is_not(None))
    if scope.city_wide:
        openly = exists().where(Lead.enterprise_id == Enterprise.id, Lead.confidential.is_(False))
        return or_(openly, Enterprise.id.in_(mine))
    return Enterprise.id.in_(mine)


def visible_checks(scope: Scope) -> ColumnElement[bool]:
    """Which questions to parks: an operator's own park's, which tell no project; for others those of visible projects."""
    if scope.actor.role is Role.CARRIER:
        return ParkCheck.park == scope.actor.organisation.removeprefix(OPERATOR)
    return ParkCheck.project_id.in_(select(Project.id).where(visible_projects(scope)))


def visible_carriers(scope: Scope) -> ColumnElement[bool]:
    """Which carriers: an operator's own, a district's, the city's."""
    if scope.city_wide:
        return true()
    if scope.actor.role is Role.CARRIER:
        return Carrier.operator == scope.actor.organisation
    if scope.actor.role is Role.DISTRICT:
        return Carrier.district.in_(scope.districts)
    return false()
