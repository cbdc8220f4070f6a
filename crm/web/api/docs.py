"""`/api/docs`: the description of the API as a page. Rendered here, since Swagger's page needs inline script (trap 8)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask, render_template
from flask_smorest import Api

METHODS = ("get", "post", "patch")


@dataclass(frozen=True, slots=True)
class Body:
    """A body as the page shows it: the schema's name, the example as text."""

    status: str
    meaning: str
    schema: str | None
    example: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    anchor: str
    method: str
    path: str
    summary: str
    parameters: tuple[Mapping[str, Any], ...]
    request: Body | None
    answers: tuple[Body, ...]


def register_docs(app: Flask, api: Api) -> None:
    """Called by `register_api`, after every resource is registered."""

    @app.get("/api/docs", endpoint="api-docs")
    def show() -> str:
        described: Mapping[str, Any] = api.spec.to_dict()
        return render_template(
            "api_docs.html",
            info=described["info"],
            operations=list(operations(described)),
            schemas=described["components"].get("schemas", {}),
        )


def operations(described: Mapping[str, Any]) -> Iterator[Operation]:
    """The operations of an OpenAPI description, in its order."""
    for path, item in described["paths"].items():
        for method in METHODS:
            if operation := item.get(method):
                yield _operation(path, method, operation, described)


def _operation(path: str, method: str, operation: Mapping[str, Any], described: Mapping[str, Any]) -> Operation:
    request = operation.get("requestBody")
    answers = operation.get("responses", {})
    return Operation(
        anchor=f"{method}{path}".replace("/", "-").replace("{", "").replace("}", ""),
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        parameters=tuple(_resolved(parameter, described) for parameter in operation.get("parameters", ())),
        request=_body("", request, described) if request else None,
        answers=tuple(_body(status, answer, described) for status, answer in sorted(answers.items())),
    )


def _body(status: str, value: Mapping[str, Any], described: Mapping[str, Any]) -> Body:
    value = _resolved(value, described)
    content: Mapping[str, Any] = next(iter(value.get("content", {}).values()), {})
    example = content.get("example")
    return Body(
        status=status,
        meaning=value.get("description", ""),
        schema=content.get("schema", {}).get("$ref", "").rpartition("/")[2] or None,
        example=None if example is None else json.dumps(example, ensure_ascii=False, indent=2),
    )


def _resolved(value: Mapping[str, Any], described: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a `$ref` points to."""
    reference = value.get("$ref")
    if not reference:
        return value
    found: Any = described
    for part in reference.removeprefix("#/").split("/"):
        found = found[part]
    resolved: Mapping[str, Any] = found
    return resolved
