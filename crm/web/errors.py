"""Errors to answers, once: problem JSON (RFC 9457) under `/api`, a page elsewhere.

Every error of the product has one status here. Titles are Chinese, or English by Accept-Language; details are the
sentences of the services. What nobody expected gets an error id, and the log gets the place, never the message: the
messages of libraries quote values, and values are people's data.
"""

from __future__ import annotations

import traceback
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import orjson
import structlog
from flask import Flask, Response, redirect, render_template, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from crm.domain.errors import Conflict, CrmError, FieldError, Forbidden, Invalid, NotFound, Stale, Unavailable
from crm.services.duplicate_check import Limited
from crm.web.auth import API, Unauthorised, deployment
from schemas.api.problems import CONTENT_TYPE
from schemas.faults import SchemaError, dotted_faults
from search.index import SearchQueryInvalid, SearchUnavailable

log = structlog.get_logger("web")

KINDS: Mapping[int, tuple[str, str, str]] = {
    400: ("malformed", "请求无法读取", "Malformed request"),
    401: ("unauthorised", "尚未登录或令牌无效", "Not signed in, or the token is not valid"),
    403: ("forbidden", "没有权限", "Not allowed for this role"),
    404: ("not-found", "没有找到", "Not found"),
    405: ("method-not-allowed", "不支持此方法", "Method not allowed"),
    406: ("not-acceptable", "不能提供所要的格式", "Not acceptable"),
    409: ("conflict", "与现有状态冲突", "Conflict"),
    412: ("stale", "内容已被他人修改", "Changed by somebody else since it was read"),
    413: ("too-large", "内容过大", "Too large"),
    415: ("unsupported-media-type", "内容格式须为 JSON", "The content type must be JSON"),
    422: ("invalid", "内容有误", "Invalid content"),
    428: ("precondition-required", "须带 If-Match", "If-Match is required"),
    429: ("limited", "次数已达上限", "Too many requests"),
    500: ("unexpected", "系统内部错误", "Unexpected error"),
    503: ("unavailable", "服务暂时不可用", "Temporarily unavailable"),
}
WHOLE = "body"
"""The name of a fault of the whole body."""


class PreconditionMissing(CrmError):
    """A change without the version it is about (HTTP 428)."""


class Malformed(Invalid):
    """The body is not what its content type says (HTTP 400)."""


class TooLarge(CrmError):
    """The body is larger than one record may be (HTTP 413)."""


class UnsupportedMedia(CrmError):
    """The body is not declared as JSON (HTTP 415)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as it leaves the house."""

    status: int
    detail: str
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    error_id: str | None = None

    @property
    def title(self) -> str:
        _, chinese, english = _kind(self.status)
        return english if request.accept_languages.best_match(("zh", "en"), "zh") == "en" else chinese


STATUS_OF: Mapping[type[Exception], int] = {
    Unauthorised: 401,
    Forbidden: 403,
    NotFound: 404,
    Stale: 412,
    TooLarge: 413,
    UnsupportedMedia: 415,
    PreconditionMissing: 428,
    Limited: 429,
    Unavailable: 503,
    SearchUnavailable: 503,
}


def register_errors(app: Flask) -> None:
    """Called last by `create_app`."""
    app.register_error_handler(Exception, _answer)
    app.register_error_handler(HTTPException, _answer)  # flask-smorest put its own there


def _answer(error: Exception) -> AnyResponse:
    if isinstance(error, HTTPException) and (error.code is None or error.code < 400):
        return error.get_response()
    problem = problem_of(error)
    return as_json(problem) if request.path.startswith(API) else _as_page(problem)


def problem_of(error: Exception) -> Problem:
    """The one place where an error becomes a status."""
    match error:
        case Invalid():
            return Problem(400 if isinstance(error, Malformed) else 422, str(error), error.errors)
        case SchemaError():
            return Problem(422, str(error), tuple(FieldError(*pair) for pair in error.errors))
        case SearchQueryInvalid():
            return Problem(422, str(error), (FieldError(*_parameter_and_fault(str(error))),))
        case Conflict():
            return Problem(409, str(error), tuple(FieldError(name, str(error)) for name in error.fields))
        case HTTPException():
            return _of_http(error)
    status = next((status for kind, status in STATUS_OF.items() if isinstance(error, kind)), None)
    if status is None:
        return _unexpected(error)
    return Problem(status, str(error), headers=_headers(status))


def _parameter_and_fault(message: str) -> tuple[str, str]:
    """`search/query.py` opens its messages with the parameter; the index, which knows none, speaks of the query."""
    name, colon, fault = message.partition("：")
    return (name, fault) if colon and name.isidentifier() and name.isascii() else ("q", message)


def _headers(status: int) -> dict[str, str]:
    if status == 401:
        return {"WWW-Authenticate": "Bearer"}
    if status == 429:
        return {"Retry-After": str(seconds_to_next_hour())}
    return {"Retry-After": "5"} if status == 503 else {}


def seconds_to_next_hour() -> int:
    """The limits are by the hour of the clock."""
    now = deployment().tools.clock.now()
    return 3600 - now.minute * 60 - now.second


def _of_http(error: HTTPException) -> Problem:
    status = error.code or 500
    if isinstance(error, RequestEntityTooLarge):
        return Problem(413, "内容超过上限：单条 2 MB，批量 64 MB")
    messages = (getattr(error, "data", None) or {}).get("messages")
    if messages:  # webargs files them under the place they came from: json, query
        below = [part for place in messages.values() for part in dotted_faults(place, WHOLE)]
        errors = tuple(FieldError(name, message) for name, message in below)
        return Problem(status, "；".join(f"{e.field}：{e.message}" for e in errors), errors)
    allowed = getattr(error, "valid_methods", None)
    headers = {"Allow": ", ".join(sorted(allowed))} if allowed else {}
    return Problem(status, _detail(error), headers=headers)


def _detail(error: HTTPException) -> str:
    """Werkzeug's sentences are English; ours say the same."""
    kind, chinese, _ = _kind(error.code or 500)
    if type(error).__name__ == "CSRFError":
        return "表单已过期，请刷新页面后重试"
    return f"{request.method} {request.path}：{chinese}" if kind in ("not-found", "method-not-allowed") else chinese


def _unexpected(error: Exception) -> Problem:
    error_id = uuid.uuid4().hex[:12]
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    kind, route = type(error).__name__, str(request.url_rule)
    log.error("unexpected", error_id=error_id, kind=kind, route=route, places=places[-12:])
    return Problem(500, f"系统内部错误，报告管理员时请附上错误编号 {error_id}", error_id=error_id)


def problem_values(problem: Problem) -> dict[str, object]:
    """The members of problem JSON."""
    values: dict[str, object] = {
        "type": f"/problems/{_kind(problem.status)[0]}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "instance": request.path,
    }
    if problem.errors or problem.status in (400, 409, 422):
        values["errors"] = [{"field": e.field, "message": e.message} for e in problem.errors]
    if problem.error_id:
        values["error_id"] = problem.error_id
    return values


def as_json(problem: Problem) -> Response:
    body = orjson.dumps(problem_values(problem))
    return Response(body, problem.status, headers=dict(problem.headers), content_type=CONTENT_TYPE)


def _as_page(problem: Problem) -> AnyResponse:
    if problem.status == 401:
        return _to_sign_in()
    try:
        page = render_template(
            "error.html",
            status=problem.status,
            title=problem.title,
            message=problem.detail,
            errors=problem.errors,
            error_id=problem.error_id,
        )
    except CrmError:  # the frame names the caller, and what it reads may be what is broken
        return Response(f"{problem.title}：{problem.detail}", problem.status, content_type="text/plain; charset=utf-8")
    return Response(page, problem.status, headers=dict(problem.headers))


def _to_sign_in() -> AnyResponse:
    """A page asks to sign in and comes back; htmx follows its own header, since it would swap a redirect in."""
    wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
    place = f"/sign-in?next={quote(wanted, safe='/')}"
    if request.headers.get("HX-Request"):
        return Response(status=204, headers={"HX-Redirect": place})
    return redirect(place, 303)


def _kind(status: int) -> tuple[str, str, str]:
    return KINDS.get(status, ("error", "请求未能完成", "The request failed"))
