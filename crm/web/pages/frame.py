"""What all pages share: the signed-in blueprint, the context of base.html, page or fragment, filters for templates.

A page handler gets its data inside the scope and calls `show`; nothing here decides who may see what.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, Flask, Response, g, make_response, render_template, request

from crm.domain.actors import Role
from crm.domain.clock import SHANGHAI, local_date
from crm.domain.errors import CrmError
from crm.domain.reference import ReferencePack
from crm.services.tools import Tools
from crm.store.queries.organisations import organisation_names
from crm.web.auth import current_actor, current_session, deployment
from crm.web.pages import names as words
from crm.web.pages.names import Names

QUEUE, PROJECTS = ("/queue", "调度", "route"), ("/projects", "项目", "briefcase")
REPORT, LEADS = ("/leads/new", "报送线索", "pencil"), ("/leads", "我的线索", "list-details")
PARKS, CARRIERS = ("/parks", "园区", "building-community"), ("/carriers", "载体", "building-factory-2")
CHECKS = ("/checks", "核实", "checklist")
CHAINS = ("/chains", "产业链", "hierarchy-2")
OVERVIEW, CONFIRM = ("/overview", "总览", "chart-bar"), ("/confirmations", "待确认", "checklist")
ALL_LEADS = ("/leads", "线索", "list-details")
OBSTACLES, ADMIN = ("/obstacles", "协调事项", "flag"), ("/admin", "系统", "settings")
CITY_WIDE = (ALL_LEADS, REPORT, OBSTACLES, CHECKS, CHAINS, PARKS, CARRIERS, OVERVIEW)
NAV: dict[Role, tuple[tuple[str, str, str], ...]] = {
    Role.REPORTER: (REPORT, LEADS, PARKS),
    Role.DISPATCHER: (QUEUE, PROJECTS, CONFIRM, *CITY_WIDE),
    Role.ADMIN: (QUEUE, PROJECTS, CONFIRM, ADMIN, *CITY_WIDE),
    Role.DISTRICT: (("/district", "今日", "home"), PROJECTS, REPORT, LEADS, CHECKS, CHAINS, PARKS, CARRIERS),
    Role.LEADER: (OVERVIEW, PROJECTS, ALL_LEADS, OBSTACLES, CHAINS, PARKS, CARRIERS),
    Role.LIAISON: (OVERVIEW, PROJECTS, OBSTACLES, ALL_LEADS, CHAINS, PARKS, CARRIERS),
    Role.DEPARTMENT: (OBSTACLES, PROJECTS, PARKS),
    Role.CARRIER: (CARRIERS, CHECKS, PARKS),
}
HOME = {role: items[0][0] for role, items in NAV.items()}


def pages_blueprint(name: str) -> Blueprint:
    """A blueprint whose pages need somebody signed in (else Unauthorised leads to /sign-in)."""
    blueprint = Blueprint(f"pages-{name}", "crm.web")

    @blueprint.before_request
    def _signed_in() -> None:
        current_actor()

    return blueprint


def tools() -> Tools:
    return deployment().tools


def today() -> date:
    return local_date(tools().clock.now())


def names() -> Names:
    """The names of this request."""
    if "crm_names" not in g:
        with tools().database.read() as session:
            g.crm_names = Names(tools().reference.pack(), organisation_names(session))
    found: Names = g.crm_names
    return found


def show(template: str, *, part: str = "", status: int = 200, **context: Any) -> Response:
    """The page, or only its changing part when htmx asks for it; caches keep the two apart."""
    wanted = part if part and request.headers.get("HX-Request") else template
    response = make_response(render_template(wanted, **context), status)
    response.vary.add("HX-Request")
    response.headers["Cache-Control"] = "no-store"
    return response


def register_frame(app: Flask) -> None:
    """Filters, words and the context every page extends base.html with."""
    app.jinja_env.filters.update(day=_day, moment=_moment, wan=_wan)
    app.jinja_env.globals["words"] = words
    app.context_processor(_context)


def _context() -> dict[str, Any]:
    """With the database away or no pack loaded only the bare frame: the page that says so must not fail on it."""
    try:
        return _whole_context()
    except CrmError:
        return {"city_name": "", "names": Names(ReferencePack(version=""))}


def _whole_context() -> dict[str, Any]:
    context: dict[str, Any] = {"names": names(), "city_name": names().city}
    session = current_session()
    if session is None:
        return context
    actor = session.actor
    shown = [
        {
            "id": id_,
            **_membership(organisation, role),
            "current": (organisation, role) == (actor.organisation, actor.role),
        }
        for id_, organisation, role in session.memberships
    ]
    return context | {
        "actor": actor,
        "user": {"name": actor.name, "email": session.email},
        "membership": _membership(actor.organisation, actor.role),
        "memberships": shown,
        "nav": _nav(actor.role),
    }


def _membership(organisation: str, role: Role) -> dict[str, str]:
    return {"organisation": names().organisation(organisation), "role": words.ROLES[role]}


def _nav(role: Role) -> list[dict[str, Any]]:
    """The items of a role; the longest that leads to this page is the present one."""
    fitting = [href for href, _, _ in NAV[role] if request.path == href or request.path.startswith(f"{href}/")]
    here = max(fitting, key=len, default="")
    return [{"href": href, "label": label, "icon": icon, "active": href == here} for href, label, icon in NAV[role]]


def _day(value: date | datetime | None) -> str:
    if value is None:
        return ""
    return (local_date(value) if isinstance(value, datetime) else value).isoformat()


def _moment(value: datetime | None) -> str:
    return value.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M") if value else ""


def _wan(yuan: int | None) -> float | None:
    return yuan / 10_000 if yuan is not None else None
