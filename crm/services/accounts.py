"""People and machines that may come in: organisations, users, memberships, passwords, tokens, sessions.

Passwords are argon2id; tokens and session secrets are kept as hashes only. Organisations, users and memberships are facts;
passwords, tokens and sessions are not (they are left out of history and dump).
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from crm.domain.actors import Actor, Role
from crm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm.services.ids import new_id
from crm.services.known import load_row
from crm.services.tools import Tools
from crm.store.models import ApiToken, LoginSession, Membership, Organisation, User
from crm.store.unit_of_work import Fact, Row, UnitOfWork, unit_of_work

SESSION_LIFE = timedelta(hours=12)
LOCK_AFTER = 8
LOCK_TIME = timedelta(minutes=15)
SHORTEST_PASSWORD = 10
KINDS_OF_ROLE = {
    Role.REPORTER: ("reporter",),
    Role.DISTRICT: ("district",),
    Role.CARRIER: ("carrier",),
    Role.DEPARTMENT: ("department", "office", "bureau"),
    Role.DISPATCHER: ("bureau",),
    Role.LIAISON: ("office", "bureau"),
    Role.LEADER: ("office", "bureau"),
    Role.ADMIN: ("bureau",),
}


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session: who, acting as what, and what else they could act as."""

    actor: Actor
    user_id: str
    email: str
    memberships: tuple[tuple[str, str, Role], ...]  # membership id, organisation, role


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


def create_organisation(tools: Tools, actor: Actor, *, code: str, name: str, kind: str) -> None:
    """An organisation beside those of the pack. Raises Conflict for a code in use."""
    with unit_of_work(tools.database, tools.clock) as unit:
        if unit.session.get(Organisation, code) is not None:
            raise Conflict(f"单位代码 {code} 已存在", ("code",))
        row = {
            "code": code, "version": 1, "name": name, "kind": kind, "city": "", "parent": None,
            "reports": kind == "reporter", "active": True,
        }  # fmt: skip
        unit.record(Fact("organisation.created.v1", "organisation", code, 1, actor, {"organisations": [row]}))


def create_user(
    tools: Tools, actor: Actor, *, email: str, organisation: str, role: Role, password: str | None
) -> str | None:
    """Create a user, or give an existing one another membership. The password: the given one, or one made here.

    None for a user that was there: the password stays what it is.

    Raises Invalid (unknown organisation, role that does not fit it, weak password), Conflict (membership is there).
    """
    if password is not None and len(password) < SHORTEST_PASSWORD:
        raise Invalid.of("password", f"密码至少 {SHORTEST_PASSWORD} 位")
    chosen = password or secrets.token_urlsafe(12)
    email = email.strip().lower()  # as it is looked for when somebody signs in
    with unit_of_work(tools.database, tools.clock) as unit:
        _check_role(unit.session, organisation, role)
        user = load_row(unit.session, "users", email=email)
        created = user is None
        if user is None:
            user = _new_user(unit, actor, email)
            unit.flush()
            hashed = _hasher().hash(chosen)
            unit.session.execute(update(User).where(User.id == user["id"]).values(password_hash=hashed))
        _join(unit, actor, user, organisation, role)
    return chosen if created else None


def _check_role(session: Session, organisation: str, role: Role) -> None:
    row = session.get(Organisation, organisation)
    if row is None:
        raise Invalid.of("organisation", f"没有代码为 {organisation} 的单位")
    if row.kind not in KINDS_OF_ROLE[role]:
        raise Invalid.of("role", f"{row.name}不能有 {role} 角色")
    if role is Role.REPORTER and not row.reports:
        raise Invalid.of("organisation", f"{row.name}不是报送单位")


def _new_user(unit: UnitOfWork, actor: Actor, email: str) -> Row:
    user: Row = {"id": new_id(), "version": 1, "email": email, "name": email.partition("@")[0], "active": True}
    unit.record(Fact("user.created.v1", "user", user["id"], 1, actor, {"users": [user]}))
    return user


def _join(unit: UnitOfWork, actor: Actor, user: Row, organisation: str, role: Role) -> None:
    there = load_row(unit.session, "memberships", user_id=user["id"], organisation=organisation, role=str(role))
    if there is not None and there["ended_at"] is None:
        raise Conflict("该用户已有此身份", ("role",))
    version = user["version"] + 1
    row = {
        "id": there["id"] if there else new_id(),
        "version": 1,
        "user_id": user["id"],
        "organisation": organisation,
        "role": str(role),
        "ended_at": None,
    }
    rows = {
        "memberships": [row],
        "users": [
            {
                "id": user["id"],
                "version": version,
                "email": user["email"],
                "name": user["name"],
                "active": user["active"],
            }
        ],
    }
    unit.record(Fact("user.joined.v1", "user", user["id"], version, actor, rows))


def issue_token(tools: Tools, *, organisation: str, role: Role, name: str) -> str:
    """A bearer token: an actor of its own. Shown once; only its hash is kept."""
    secret = f"crm_{secrets.token_urlsafe(32)}"
    with unit_of_work(tools.database, tools.clock) as unit:
        _check_role(unit.session, organisation, role)
        unit.session.add(
            ApiToken(
                id=new_id(),
                name=name,
                organisation=organisation,
                role=str(role),
                token_hash=_hash(secret),
                created_at=unit.now,
                revoked_at=None,
            )
        )
    return secret


def revoke_token(tools: Tools, token_id: str) -> None:
    """From now on it opens nothing. Raises NotFound."""
    with unit_of_work(tools.database, tools.clock) as unit:
        token = unit.session.get(ApiToken, token_id)
        if token is None:
            raise NotFound(f"没有编号为 {token_id} 的令牌")
        token.revoked_at = token.revoked_at or unit.now


def list_tokens(tools: Tools) -> list[Row]:
    with tools.database.read() as session:
        rows = session.scalars(select(ApiToken).order_by(ApiToken.created_at))
        return [
            {
                "id": row.id,
                "name": row.name,
                "organisation": row.organisation,
                "role": row.role,
                "created_at": row.created_at,
                "revoked_at": row.revoked_at,
            }
            for row in rows
        ]


def actor_of_token(tools: Tools, secret: str) -> Actor | None:
    """The actor behind a bearer token, None for one that is unknown or revoked."""
    with tools.database.glance() as session:
        token = session.scalar(
            select(ApiToken).where(ApiToken.token_hash == _hash(secret), ApiToken.revoked_at.is_(None))
        )
        return Actor(f"token:{token.id}", token.organisation, Role(token.role), token.name) if token else None


def sign_in(tools: Tools, email: str, password: str) -> str:
    """Open a session; the secret for the cookie. Raises Forbidden: never saying which of the two was wrong."""
    with tools.database.write() as session:
        now = tools.clock.now()
        user = session.scalar(select(User).where(User.email == email.strip().lower(), User.active.is_(True)))
        locked = user is not None and user.locked_until is not None and user.locked_until > now
        right = _matches(user.password_hash if user else None, password)
        if user is None or locked or not right:
            failed = True
            if user is not None and not locked:
                user.failed_sign_ins += 1
                if user.failed_sign_ins >= LOCK_AFTER:
                    user.locked_until, user.failed_sign_ins = now + LOCK_TIME, 0
        else:
            failed = False
            user.failed_sign_ins, user.locked_until = 0, None
            membership = _memberships(session, user.id)
            if not membership:
                failed = True
            else:
                secret = secrets.token_urlsafe(32)
                session.add(
                    LoginSession(
                        id=_hash(secret),
                        user_id=user.id,
                        membership_id=membership[0].id,
                        created_at=now,
                        expires_at=now + SESSION_LIFE,
                    )
                )
    if failed:
        raise Forbidden("邮箱或密码不正确，或账号已暂时锁定")
    return secret


@cache
def _nobodys_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe(12))


def _matches(hashed: str | None, password: str) -> bool:
    """Takes as long for nobody as for somebody, so that time does not tell which addresses exist."""
    try:
        return _hasher().verify(hashed or _nobodys_hash(), password) and hashed is not None
    except (VerificationError, InvalidHashError):
        return False


def session_of(tools: Tools, secret: str) -> SignedIn | None:
    """Who is signed in by this cookie, None when nobody is any more."""
    with tools.database.read() as session:
        row = session.get(LoginSession, _hash(secret))
        if row is None or row.expires_at <= tools.clock.now():
            return None
        user = session.get(User, row.user_id)
        memberships = _memberships(session, row.user_id)
        acting = next((m for m in memberships if m.id == row.membership_id), None)
        if user is None or not user.active or acting is None:
            return None
        actor = Actor(f"user:{user.id}", acting.organisation, Role(acting.role), user.name)
        every = tuple((m.id, m.organisation, Role(m.role)) for m in memberships)
        return SignedIn(actor, user.id, user.email, every)


def switch_membership(tools: Tools, secret: str, membership_id: str) -> None:
    """Act under another of one's own memberships. Raises NotFound."""
    with tools.database.write() as session:
        row = session.get(LoginSession, _hash(secret))
        if row is None or membership_id not in {m.id for m in _memberships(session, row.user_id)}:
            raise NotFound("没有这个身份")
        row.membership_id = membership_id


def sign_out(tools: Tools, secret: str) -> None:
    with tools.database.write() as session:
        session.execute(delete(LoginSession).where(LoginSession.id == _hash(secret)))


def _memberships(session: Session, user_id: str) -> list[Membership]:
    statement = select(Membership).where(Membership.user_id == user_id, Membership.ended_at.is_(None))
    return list(session.scalars(statement.order_by(Membership.id)))


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
