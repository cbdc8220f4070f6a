"""Coming in and going out: sign-in, sign-out, the change of membership, the first page of a role."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from crm.domain.actors import Role
from crm.domain.errors import Forbidden, NotFound
from crm.services import accounts
from crm.web.auth import COOKIE, current_session, forget, remember
from crm.web.pages.forms import own_path
from crm.web.pages.frame import HOME, show, tools
from crm.web.pages.names import ROLES

blueprint = Blueprint("pages-sign-in", "crm.web")


@blueprint.get("/")
def home() -> Response:
    """The first screen of the role (product.md)."""
    session = current_session()
    return redirect(HOME[session.actor.role] if session else "/sign-in", 303)


@blueprint.get("/sign-in")
def sign_in_form() -> Response:
    if current_session() is not None:
        return redirect(own_path(request.args.get("next", "/"), "/"), 303)
    return _form({}, "", 200)


@blueprint.post("/sign-in")
def sign_in() -> Response:
    email = request.form.get("email", "").strip()
    password = request.form.get("password", "")
    if not email or not password:
        return _form({"email" if not email else "password": "请填写"}, email, 422)
    try:
        secret = accounts.sign_in(tools(), email, password)
    except Forbidden as refusal:
        return _form({"password": str(refusal)}, email, 422)
    response = redirect(own_path(request.form.get("next", "/"), "/"), 303)
    remember(response, secret)  # type: ignore[arg-type]
    return response


@blueprint.post("/sign-out")
def sign_out() -> Response:
    if secret := request.cookies.get(COOKIE):
        accounts.sign_out(tools(), secret)
    response = redirect("/sign-in", 303)
    forget(response)  # type: ignore[arg-type]
    return response


@blueprint.post("/membership")
def switch_membership() -> Response:
    """Act under another of one's memberships: scope changes with it, so one starts at that role's first page."""
    secret = request.cookies.get(COOKIE)
    if not secret:
        raise NotFound("没有这个身份")
    accounts.switch_membership(tools(), secret, request.form.get("membership", ""))
    return redirect("/", 303)


def _form(errors: dict[str, str], email: str, status: int) -> Response:
    return show(
        "sign_in.html",
        status=status,
        errors=errors,
        email=email,
        next=request.values.get("next", ""),
        demo_accounts=_demo_accounts(),
        demo_file=str(_demo_file()),
    )


def _demo_file() -> Any:
    return tools().settings.data_dir / "demo-accounts.json"


def _demo_accounts() -> list[dict[str, str]]:
    """E-mail and role of the demonstration accounts, never a password; none on a machine without demo data."""
    try:
        accounts_there = orjson.loads(_demo_file().read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return []
    known = {str(role) for role in Role}
    return [
        {"email": account["email"], "role": ROLES[Role(account["role"])]}
        for account in accounts_there
        if account.get("role") in known
    ]
