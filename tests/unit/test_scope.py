"""Access tokens: what a query carries and what a document carries meet exactly where the actor may see it."""

from __future__ import annotations

import pytest

from crm.domain.actors import Actor, Role
from crm.domain.scope import Scope, access_of, lead_access, project_access

BUREAU_WIDE = (Role.DISPATCHER, Role.LIAISON, Role.LEADER, Role.ADMIN)


def tokens(role: Role, organisation: str = "X", districts: tuple[str, ...] = (), actor_id: str = "user:7") -> set[str]:
    return set(access_of(Scope(Actor(actor_id, organisation, role), districts)))


def sees(held: set[str], carried: tuple[str, ...]) -> bool:
    return bool(held & set(carried))


@pytest.mark.parametrize("role", Role)
def test_everybody_sees_what_is_public_and_what_names_them(role: Role) -> None:
    assert {"public", "user:user:7"} <= tokens(role)


@pytest.mark.parametrize("role", Role)
def test_only_city_wide_roles_hold_the_bureaus_token(role: Role) -> None:
    assert ("bureau" in tokens(role)) is (role in BUREAU_WIDE)


def test_a_reporter_holds_its_organisations_token_only() -> None:
    assert tokens(Role.REPORTER, "AG-SH") == {"public", "user:user:7", "org:AG-SH"}


def test_a_district_officer_holds_the_tokens_of_the_district_and_its_children() -> None:
    held = tokens(Role.DISTRICT, "KETD", ("KETD", "LJ"))
    assert held == {"public", "user:user:7", "org:KETD", "district:KETD", "district:LJ"}


def test_operators_and_departments_hold_their_own_kind_of_token() -> None:
    assert "operator:OP-P1" in tokens(Role.CARRIER, "OP-P1")
    assert "department:DEPT-YJJ" in tokens(Role.DEPARTMENT, "DEPT-YJJ")


def test_an_open_project_is_seen_by_bureau_district_and_asked_departments() -> None:
    carried = project_access(False, ["KETD", "KETD"], ["DEPT-YJJ"], ["user:7"])
    assert carried == ("bureau", "district:KETD", "department:DEPT-YJJ")


def test_a_confidential_project_is_seen_by_its_named_few_alone() -> None:
    carried = project_access(True, ["KETD"], ["DEPT-YJJ"], ["user:7"])
    assert sees(tokens(Role.LEADER), carried)
    for role in Role:
        assert not sees(tokens(role, "KETD", ("KETD",), actor_id="user:8"), carried)


def test_a_confidential_project_without_readers_is_seen_by_nobody() -> None:
    assert project_access(True, ["KETD"], [], []) == ()


def test_a_lead_is_seen_by_its_reporter_and_the_bureau() -> None:
    carried = lead_access(False, "AG-SH", [])
    assert sees(tokens(Role.REPORTER, "AG-SH"), carried)
    assert sees(tokens(Role.DISPATCHER), carried)
    assert not sees(tokens(Role.REPORTER, "AG-BJ"), carried)
    assert not sees(tokens(Role.DISTRICT, "KETD", ("KETD",)), carried)


def test_a_confidential_lead_is_kept_from_the_bureau_but_for_the_named() -> None:
    carried = lead_access(True, "AG-SH", ["user:7"])
    assert sees(tokens(Role.REPORTER, "AG-SH"), carried)
    assert sees(tokens(Role.DISPATCHER), carried)
    assert not sees(tokens(Role.DISPATCHER, actor_id="user:8"), carried)


def test_an_organisations_code_never_reads_as_another_kind_of_token() -> None:
    """A reporter called `KETD` must not see the district's projects."""
    assert not sees(tokens(Role.REPORTER, "KETD"), project_access(False, ["KETD"], [], [])[1:])
