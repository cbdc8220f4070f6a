"""The HTTP API under `/api/v1`: one module per resource, thin over services and queries. Registered by `create_app`.

`/api/v1/openapi.json` describes it, `/api/docs` shows that description to people.
"""

from __future__ import annotations

from flask import Flask

from crm.web.api import enterprises, leads, parks, project_steps, projects, search
from crm.web.api.described import DescribedApi
from crm.web.api.docs import register_docs

PREFIX = "/api/v1"
DESCRIPTION = (
    "线索报送、查重、派发、推进与检索。以 Authorization: Bearer 令牌访问；错误均为 RFC 9457 application/problem+json。"
    "金额万元，土地亩，面积㎡。"
)


def register_api(app: Flask) -> None:
    """Register every resource and the description of them all."""
    app.config.update(
        API_TITLE="招商 CRM",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
        API_SPEC_OPTIONS={"info": {"description": DESCRIPTION}, "security": [{"bearer": []}]},
    )
    api = DescribedApi(app)
    api.spec.components.security_scheme("bearer", {"type": "http", "scheme": "bearer"})
    for module in (leads, enterprises, projects, project_steps, parks, search):
        api.register_blueprint(module.resource)
    register_docs(app, api)
