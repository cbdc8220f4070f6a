# The calls of flask-smorest 0.47 that we use; the library ships no types.
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, TypeVar

import marshmallow
from apispec import APISpec
from flask import Blueprint as FlaskBlueprint
from flask import Flask
from webargs.flaskparser import FlaskParser

_View = TypeVar("_View", bound=Callable[..., Any])

class Api:
    ERROR_SCHEMA: ClassVar[type[marshmallow.Schema]]
    spec: APISpec
    def __init__(self, app: Flask | None = None, *, spec_kwargs: Mapping[str, Any] | None = None) -> None: ...
    def register_blueprint(self, blp: Blueprint, **options: Any) -> None: ...

class Blueprint(FlaskBlueprint):
    ARGUMENTS_PARSER: ClassVar[FlaskParser]
    def __init__(self, name: str, import_name: str, *, url_prefix: str = ..., description: str = ...) -> None: ...
    def route(self, rule: str, *, methods: Sequence[str] = ..., **options: Any) -> Callable[[_View], _View]: ...
    def doc(self, **kwargs: Any) -> Callable[[_View], _View]: ...
    def arguments(
        self, schema: type[marshmallow.Schema], *, location: str = ..., example: Mapping[str, Any] | None = ...
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
    def response(
        self,
        status_code: int,
        schema: type[marshmallow.Schema] | None = ...,
        *,
        example: Mapping[str, Any] | None = ...,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
    def alt_response(
        self,
        status_code: int,
        *,
        schema: type[marshmallow.Schema],
        content_type: str = ...,
        description: str = ...,
        example: Mapping[str, Any] | None = ...,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]: ...
