"""flask-smorest as this house uses it: strict reading, problem JSON, an example for every body.

A blueprint here is `Resource`; `takes` and `answers` read or write a schema and put its example into `openapi.json`.
"""

from __future__ import annotations

import http
from collections.abc import Callable, Mapping
from typing import Any

import marshmallow
from flask import Request
from flask_smorest import Api, Blueprint
from webargs.flaskparser import FlaskParser

from crm.web.api.requests import json_body
from schemas.api.problems import CONTENT_TYPE, Problem

View = Callable[..., Any]
JSON = "application/json"
REFUSALS = {
    401: "未登录或令牌无效",
    403: "当前身份没有此权限",
    404: "没有，或不在可见范围内",
    409: "与现有状态或内容冲突",
    412: "If-Match 已过期",
    413: "内容过大",
    422: "内容有误，errors 写明字段",
    428: "缺少 If-Match",
    429: "次数已达上限，见 Retry-After",
}
VERSION_HEADER = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "schema": {"type": "string"},
    "example": '"3"',
    "description": "看到的版本，即 ETag 的值",
}


class StrictParser(FlaskParser):
    """Reads bodies by `json_body`; unknown query parameters are refused as the schemas say, not dropped."""

    DEFAULT_VALIDATION_STATUS = 422
    DEFAULT_UNKNOWN_BY_LOCATION: dict[str, str | None] = {}

    def load_json(self, req: Request, schema: Any) -> Any:
        return json_body()


class Resource(Blueprint):
    """A blueprint of the API; every operation may be refused, so every one says how."""

    ARGUMENTS_PARSER = StrictParser()


class DescribedApi(Api):
    """Errors are described as what they are: problem JSON."""

    ERROR_SCHEMA = Problem

    def _register_responses(self) -> None:
        for status in http.HTTPStatus:
            body = {CONTENT_TYPE: {"schema": Problem, "example": Problem.example}} if status >= 400 else None
            response = {"description": status.phrase, **({"content": body} if body else {})}
            self.spec.components.response(status.name, response, lazy=True)
        default = {
            "description": "RFC 9457 问题说明",
            "content": {CONTENT_TYPE: {"schema": Problem, "example": Problem.example}},
        }
        self.spec.components.response("DEFAULT_ERROR", default, lazy=True)


def takes(blueprint: Resource, schema: type[marshmallow.Schema], *, query: bool = False) -> Callable[[View], View]:
    """The body, or the query parameters, as `schema` reads them: passed as the last positional argument."""
    example = getattr(schema, "example", None)
    if query:
        return blueprint.arguments(schema, location="query")
    return blueprint.arguments(schema, example=example)


def takes_json(blueprint: Resource, schema: Any, example: Any, *types: str) -> Callable[[View], View]:
    """Describe a body that the service itself judges (a report, a merge patch); nothing is read here."""
    content = {kind: {"schema": schema, "example": example} for kind in types or (JSON,)}
    return blueprint.doc(requestBody={"required": True, "content": content})


def answers(
    blueprint: Resource,
    schema: type[marshmallow.Schema],
    *refusals: int,
    status: int = 200,
    also: Mapping[int, str] = {},
) -> Callable[[View], View]:
    """The answer as `schema` writes it, other good statuses with the same body, and the refusals to expect."""
    example = getattr(schema, "example", None)

    def decorate(view: View) -> View:
        for code in (401, *refusals):
            view = blueprint.alt_response(
                code, schema=Problem, content_type=CONTENT_TYPE, description=REFUSALS[code],
                example=problem_example(code),
            )(view)  # fmt: skip
        for code, meaning in also.items():
            view = blueprint.alt_response(code, schema=schema, description=meaning, example=example)(view)
        return blueprint.response(status, schema, example=example)(view)

    return decorate


def problem_example(code: int) -> dict[str, Any]:
    """What the refusal looks like."""
    values = {**Problem.example, "status": code, "title": REFUSALS[code], "detail": REFUSALS[code]}
    if code not in (409, 422):
        values.pop("errors")
    return values
