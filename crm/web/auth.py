"""Who asks: a bearer token (scripts, partners) or the session cookie of the pages; and the guard against forged forms.

A request acts as exactly one membership or token. A bearer header always wins over a cookie, so that a script that
happens to carry cookies is never somebody else; and because a foreign site can make a browser send cookies but never
that header, only requests without it need the CSRF token. Called by every endpoint and page.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from threading import Lock
from typing import cast

from flask import Flask, Response, current_app, g, request
from flask_wtf.csrf import CSRFProtect

from crm.domain.actors import Actor
from crm.domain.errors import CrmError
from crm.services.accounts import SESSION_LIFE, SignedIn, actor_of_token, session_of
from crm.services.reporting import Desk, desk
from crm.wiring import Deployment

COOKIE = "crm_session"
TOKEN_MEMORY_SECONDS = 2.0
"""How long a token seen as valid is believed without looking again: the longest a revoked one still works."""
MOST_REMEMBERED = 4096
API = "/api/"
EXTENSION = "crm"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


class Unauthorised(CrmError):
    """Nobody is signed in, or the token opens nothing (HTTP 401)."""


@dataclass(slots=True)
class TokenMemory:
    """Valid tokens of the last seconds, by hash: a batch of reports costs one look-up, not one each.

    Monotonic seconds, not the product's clock: this is about the process, not about facts.
    """

    seen: dict[str, tuple[float, Actor]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def recall(self, digest: str) -> Actor | None:
        until, actor = self.seen.get(digest, (0.0, None))
        return actor if until > time.monotonic() else None

    def keep(self, digest: str, actor: Actor) -> None:
        with self.lock:
            if len(self.seen) >= MOST_REMEMBERED:
                self.seen.clear()
            self.seen[digest] = (time.monotonic() + TOKEN_MEMORY_SECONDS, actor)


@dataclass(frozen=True, slots=True)
class Door:
    """What the application keeps between requests."""

    deployment: Deployment
    reports: Desk
    tokens: TokenMemory = field(default_factory=TokenMemory)


def register_auth(app: Flask, deployment: Deployment) -> None:
    """Hang the deployment on the application and guard its forms. Called by `create_app`."""
    app.extensions[EXTENSION] = Door(deployment, desk(deployment.tools))
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # decided below, request by request
    app.config["WTF_CSRF_TIME_LIMIT"] = int(SESSION_LIFE.total_seconds())
    guard = CSRFProtect(app)

    @app.before_request
    def _refuse_forged() -> None:
        if _needs_csrf_token():
            guard.protect()


def _needs_csrf_token() -> bool:
    """Cookies alone prove nothing; an API call without any cookie of ours is nobody's and ends at 401 anyway."""
    if request.method in SAFE_METHODS or _bearer() is not None:
        return False
    return COOKIE in request.cookies or not request.path.startswith(API)


def deployment() -> Deployment:
    """The deployment this application serves."""
    return _door().deployment


def reports_desk() -> Desk:
    """Where reports over the API are handed in."""
    return _door().reports


def _door() -> Door:
    return cast(Door, current_app.extensions[EXTENSION])


def current_actor() -> Actor:
    """Who acts in this request. Raises Unauthorised."""
    secret = _bearer()
    if secret is not None:
        return _actor_of(secret)
    session = current_session()
    if session is None:
        raise Unauthorised("请先登录，或在 Authorization 头中给出有效令牌")
    return session.actor


def current_session() -> SignedIn | None:
    """The person signed in by the pages' cookie, None for nobody; looked up once a request."""
    if "crm_signed_in" not in g:
        secret = request.cookies.get(COOKIE)
        g.crm_signed_in = session_of(deployment().tools, secret) if secret else None
    return cast(SignedIn | None, g.crm_signed_in)


def remember(response: Response, secret: str) -> None:
    """Set the session cookie after `sign_in`: out of reach of scripts and of other sites' forms."""
    response.set_cookie(
        COOKIE,
        secret,
        max_age=int(SESSION_LIFE.total_seconds()),
        secure=request.is_secure,  # on plain http (one machine, tests) a secure cookie would never come back
        httponly=True,
        samesite="Lax",
    )


def forget(response: Response) -> None:
    """Drop the session cookie after `sign_out`."""
    response.delete_cookie(COOKIE, secure=request.is_secure, httponly=True, samesite="Lax")


def _bearer() -> str | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else None


def _actor_of(secret: str) -> Actor:
    door = _door()
    digest = hashlib.sha256(secret.encode()).hexdigest()
    actor = door.tokens.recall(digest)
    if actor is None:
        actor = actor_of_token(door.deployment.tools, secret)
        if actor is None:
            raise Unauthorised("令牌无效或已撤销")
        door.tokens.keep(digest, actor)
    return actor
