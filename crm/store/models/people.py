"""Organisations, users, memberships, tokens, sessions and the windows that limit them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.store.models.base import Id, Model


class Organisation(Model):
    """kind: bureau office department reporter district carrier. `parent`: its officers also see the child's rows."""

    __tablename__ = "organisations"
    code: Mapped[str] = mapped_column(String(64), primary_key=True)
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(16))
    city: Mapped[str] = mapped_column(String(64))
    parent: Mapped[str | None] = mapped_column(String(64))
    reports: Mapped[bool]
    active: Mapped[bool]


class User(Model):
    """A person who signs in. `password_hash` is argon2id; it is not a fact and not in the dump."""

    __tablename__ = "users"
    id: Mapped[Id]
    version: Mapped[int]
    email: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool]
    password_hash: Mapped[str | None] = mapped_column(String(200))
    failed_sign_ins: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[datetime | None]


class Membership(Model):
    """A role in an organisation; a session acts under exactly one."""

    __tablename__ = "memberships"
    id: Mapped[Id]
    version: Mapped[int]
    user_id: Mapped[str] = mapped_column(String(64), index=True)
    organisation: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    ended_at: Mapped[datetime | None]

    __table_args__ = (UniqueConstraint("user_id", "organisation", "role"),)


class ApiToken(Model):
    """A bearer token: an actor of its own; only its hash is kept."""

    __tablename__ = "api_tokens"
    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(200))
    organisation: Mapped[str] = mapped_column(String(64))
    role: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LoginSession(Model):
    """A signed-in browser; the cookie carries a secret of which only the hash is here."""

    __tablename__ = "login_sessions"
    id: Mapped[Id]  # hash of the cookie's secret
    user_id: Mapped[str] = mapped_column(String(64), index=True)
    membership_id: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class RateWindow(Model):
    """How often an organisation did something in one hour, counted across processes."""

    __tablename__ = "rate_windows"
    organisation: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    used: Mapped[int]
