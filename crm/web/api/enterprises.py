"""`/enterprises`: the blind check, and the enterprise for those who may see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm.domain.permissions import Verb, require
from crm.services.duplicate_check import check
from crm.store.queries.enterprises import get_enterprise, projects_of
from crm.store.queries.scope import scope_of
from crm.web.api.described import Resource, answers, takes
from crm.web.api.lead_view import blind_values
from crm.web.api.project_view import in_wan
from crm.web.auth import current_actor, deployment
from schemas.api.enterprises import Enterprise, EnterpriseCheck, EnterpriseCheckAnswer

PLAIN = (
    "id", "version", "name", "uscc", "uscc_status", "aliases", "former_names", "english_name", "province", "city",
    "origin", "country", "main_business", "business_scope", "gbt4754", "headcount", "parent_name", "honours",
    "created_at", "updated_at",
)  # fmt: skip
resource = Resource("api_enterprises", __name__, url_prefix="/api/v1/enterprises", description="企业：查重与查看")


@resource.route("/check", methods=["POST"])
@takes(resource, EnterpriseCheck)
@answers(resource, EnterpriseCheckAnswer, 403, 422, 429)
def check_enterprise(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """查重：是否已有报送，只答是否与保护期"""
    answer = check(deployment().tools, current_actor(), name=body.get("name"), uscc=body.get("uscc"))
    return blind_values(answer)


@resource.route("/<enterprise_id>")
@answers(resource, Enterprise, 403, 404)
def enterprise(enterprise_id: str) -> Mapping[str, Any]:
    """一家企业"""
    tools, actor = deployment().tools, current_actor()
    with tools.database.read() as session:
        scope = scope_of(session, actor)
        row = get_enterprise(session, scope, enterprise_id)
        require(actor, Verb.READ_ENTERPRISES)
        projects = projects_of(session, scope, enterprise_id)
    return {
        **{name: getattr(row, name) for name in PLAIN},
        "registered_capital": in_wan(row.registered_capital),
        "projects": [project.id for project in projects],
    }
