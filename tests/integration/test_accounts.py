"""Who may come in: passwords, locks, tokens, sessions and memberships."""

from __future__ import annotations

from datetime import timedelta

import pytest

from crm.domain.actors import Role
from crm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm.services.accounts import (
    LOCK_AFTER,
    LOCK_TIME,
    SESSION_LIFE,
    actor_of_token,
    create_organisation,
    create_user,
    issue_token,
    list_tokens,
    revoke_token,
    session_of,
    sign_in,
    sign_out,
    switch_membership,
)
from tests.factories.actors import admin
from tests.factories.cities import City

EMAIL = "officer@example.invalid"
PASSWORD = "correct horse"


def user(city: City, organisation: str = "KETD", role: Role = Role.DISTRICT, email: str = EMAIL) -> str:
    return create_user(city.tools, admin(), email=email, organisation=organisation, role=role, password=PASSWORD)


def refused(city: City, password: str, email: str = EMAIL) -> str:
    with pytest.raises(Forbidden) as refusal:
        sign_in(city.tools, email, password)
    return str(refusal.value)


def test_a_password_is_kept_as_argon2id_only(city: City) -> None:
    user(city)
    row = city.one("users")
    assert row["password_hash"].startswith("$argon2id$")
    assert PASSWORD not in str(row)


def test_without_a_given_password_one_is_made(city: City) -> None:
    made = create_user(city.tools, admin(), email=EMAIL, organisation="KETD", role=Role.DISTRICT, password=None)
    assert len(made) >= 16
    assert session_of(city.tools, sign_in(city.tools, EMAIL, made))


def test_a_short_password_is_refused(city: City) -> None:
    with pytest.raises(Invalid) as refusal:
        create_user(city.tools, admin(), email=EMAIL, organisation="KETD", role=Role.DISTRICT, password="short")
    assert refusal.value.errors[0].field == "password"
    assert city.count("users") == 0


def test_signing_in_opens_a_session_of_one_membership(city: City) -> None:
    user(city)
    signed_in = session_of(city.tools, sign_in(city.tools, EMAIL, PASSWORD))
    assert signed_in is not None
    assert (signed_in.actor.organisation, signed_in.actor.role, signed_in.email) == ("KETD", Role.DISTRICT, EMAIL)
    assert signed_in.actor.id == f"user:{signed_in.user_id}"


def test_capitals_and_blanks_in_an_address_do_not_matter(city: City) -> None:
    user(city, email="Officer@Example.invalid")
    assert sign_in(city.tools, " OFFICER@example.INVALID ", PASSWORD)
    with pytest.raises(Conflict):
        user(city, email="OFFICER@example.invalid")


def test_a_wrong_password_and_an_unknown_address_sound_the_same(city: City) -> None:
    user(city)
    assert refused(city, "wrong password") == refused(city, PASSWORD, "nobody@example.invalid")


def test_eight_failures_lock_for_a_while(city: City) -> None:
    user(city)
    for _ in range(LOCK_AFTER):
        refused(city, "wrong password")
    refused(city, PASSWORD)
    city.clock.move(LOCK_TIME + timedelta(seconds=1))
    assert sign_in(city.tools, EMAIL, PASSWORD)


def test_seven_failures_do_not_lock_and_a_success_forgets_them(city: City) -> None:
    user(city)
    for _ in range(2):
        for _ in range(LOCK_AFTER - 1):
            refused(city, "wrong password")
        assert sign_in(city.tools, EMAIL, PASSWORD)


def test_a_session_ends_with_time_and_with_signing_out(city: City) -> None:
    user(city)
    first, second = (sign_in(city.tools, EMAIL, PASSWORD) for _ in range(2))
    sign_out(city.tools, first)
    assert session_of(city.tools, first) is None
    assert session_of(city.tools, second) is not None
    city.clock.move(SESSION_LIFE)
    assert session_of(city.tools, second) is None


def test_only_the_hash_of_a_session_is_kept(city: City) -> None:
    user(city)
    secret = sign_in(city.tools, EMAIL, PASSWORD)
    assert secret not in str(city.rows("login_sessions"))
    assert session_of(city.tools, city.one("login_sessions")["id"]) is None


def test_a_second_membership_can_be_switched_to(city: City) -> None:
    user(city)
    user(city, "AG-BJ", Role.REPORTER)
    secret = sign_in(city.tools, EMAIL, PASSWORD)
    before = session_of(city.tools, secret)
    assert before is not None
    assert len(before.memberships) == 2
    other = next(id_ for id_, organisation, _ in before.memberships if organisation != before.actor.organisation)
    switch_membership(city.tools, secret, other)
    after = session_of(city.tools, secret)
    assert after is not None
    assert {before.actor.organisation, after.actor.organisation} == {"KETD", "AG-BJ"}


def test_nobody_switches_to_anothers_membership(city: City) -> None:
    user(city)
    user(city, "KHTD", email="other@example.invalid")
    secret = sign_in(city.tools, EMAIL, PASSWORD)
    foreign = city.one("memberships", organisation="KHTD")["id"]
    with pytest.raises(NotFound):
        switch_membership(city.tools, secret, foreign)
    with pytest.raises(NotFound):
        switch_membership(city.tools, "no session", foreign)


@pytest.mark.parametrize(
    ("organisation", "role", "field"),
    [
        ("NOBODY", Role.REPORTER, "organisation"),
        ("KETD", Role.REPORTER, "role"),
        ("AG-BJ", Role.DISTRICT, "role"),
        ("AG-BJ", Role.ADMIN, "role"),
        ("AG-OTH", Role.REPORTER, "organisation"),
        ("DEPT-STHJ", Role.DISPATCHER, "role"),
    ],
)
def test_a_role_must_fit_its_organisation(city: City, organisation: str, role: Role, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        user(city, organisation, role)
    assert refusal.value.errors[0].field == field
    with pytest.raises(Invalid):
        issue_token(city.tools, organisation=organisation, role=role, name="x")


def test_a_token_is_an_actor_of_its_own_and_kept_as_a_hash(city: City) -> None:
    secret = issue_token(city.tools, organisation="AG-SH", role=Role.REPORTER, name="feed")
    actor = actor_of_token(city.tools, secret)
    assert actor is not None
    assert actor.id.startswith("token:")
    assert (actor.organisation, actor.role) == ("AG-SH", Role.REPORTER)
    assert secret not in str(city.rows("api_tokens"))


def test_two_tokens_are_two_actors(city: City) -> None:
    actors = [
        actor_of_token(city.tools, issue_token(city.tools, organisation="BUREAU", role=Role.DISPATCHER, name=name))
        for name in "ab"
    ]
    assert len({actor.id for actor in actors if actor}) == 2


def test_a_revoked_token_opens_nothing(city: City) -> None:
    secret = issue_token(city.tools, organisation="AG-SH", role=Role.REPORTER, name="feed")
    (line,) = list_tokens(city.tools)
    revoke_token(city.tools, line["id"])
    assert actor_of_token(city.tools, secret) is None
    assert list_tokens(city.tools)[0]["revoked_at"] == city.clock.now()


@pytest.mark.parametrize("secret", ["", "crm_nothing", "Bearer x"])
def test_an_unknown_token_is_nobody(city: City, secret: str) -> None:
    assert actor_of_token(city.tools, secret) is None


def test_a_token_of_nobody_cannot_be_revoked(city: City) -> None:
    with pytest.raises(NotFound):
        revoke_token(city.tools, "nothing")


def test_an_organisation_is_created_once_and_may_report(city: City) -> None:
    create_organisation(city.tools, admin(), code="AG-NEW", name="新设律所", kind="reporter")
    assert city.one("organisations", code="AG-NEW")["reports"] is True
    with pytest.raises(Conflict):
        create_organisation(city.tools, admin(), code="AG-NEW", name="别的", kind="reporter")
    user(city, "AG-NEW", Role.REPORTER)
