"""The HTTP API under `/api/v1`: one module per resource, thin over services and queries. Registered by `create_app`.

`/api/v1/openapi.json` describes it, `/api/docs` shows that description to people.
"""

from __future__ import annotations

from flask import Flask

from crm.web.api.described import DescribedApi
from crm.web.api.docs import register_docs
from crm.web.api.enterprises import enterprises
from crm.web.api.leads import leads
from crm.web.api.parks import parks
from crm.web.api.project_steps import steps
from crm.web.api.projects import projects
from crm.web.api.search import finding

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
    for resource in (leads, enterprises, projects, steps, parks, finding):
        api.register_blueprint(resource)
    register_docs(app, api)
