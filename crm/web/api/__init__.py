"""The HTTP API under `/api/v1`: one module per resource, thin over services and queries. Registered by `create_app`."""

from __future__ import annotations

from flask import Flask
from flask_smorest import Api

PREFIX = "/api/v1"


def register_api(app: Flask) -> None:
    """Register every resource and the description of them all (`openapi.json`)."""
    app.config.update(
        API_TITLE="招商 CRM",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    Api(app)
