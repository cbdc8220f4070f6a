"""`/leads` and `/receipts`: reports in, receipts out, corrections.

A report is stored with its receipt in one transaction and processed by the consumer; who prefers to wait is answered
when that is done.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from flask import request, url_for

from crm.domain import trace
from crm.domain.actors import Actor
from crm.domain.errors import CrmError, Invalid
from crm.domain.permissions import Verb, may, require
from crm.services.corrections import correct, reported_data
from crm.services.duplicate_check import count
from crm.services.reporting import API
from crm.services.reports import as_invalid
from crm.services.submission import Incoming, Submitted, submit_batch
from crm.services.tools import Tools
from crm.store.queries.leads import LeadFilter, ReceiptView, get_lead, get_receipt, list_leads
from crm.store.queries.scope import scope_of
from crm.web.api.described import JSON, VERSION_HEADER, Resource, answers, takes, takes_json
from crm.web.api.lead_view import blind_values, lead_values, receipt_values, submitted_values
from crm.web.api.requests import item_fault, json_body, large_json_body, seconds_to_wait, seen_version, version_tag
from crm.web.auth import current_actor, deployment, reports_desk
from crm.web.errors import problem_of
from schemas.api.leads import (
    LEAD_EXAMPLE,
    PATCH_EXAMPLE,
    BatchAnswer,
    Lead,
    LeadArguments,
    LeadBatch,
    LeadPage,
    Receipt,
)
from schemas.events.leads import LeadData
from schemas.shapes import load_strictly

POLL_SECONDS = 0.05
PROCESSED = "processed"
MERGE_PATCH = "application/merge-patch+json"
FOR_WHOM = {
    "in": "query",
    "name": "organisation",
    "schema": {"type": "string"},
    "description": "代哪个单位报送（仅商务局）；默认本单位",
}
PREFER = {"in": "header", "name": "Prefer", "schema": {"type": "string"}, "example": "wait=5"}

Answer = tuple[Mapping[str, Any], int, dict[str, str]]
resource = Resource("api_leads", __name__, url_prefix="/api/v1", description="线索：报送、回执与更正")


@resource.route("/leads", methods=["POST"])
@resource.doc(parameters=[FOR_WHOM, PREFER])
@takes_json(resource, LeadData, LEAD_EXAMPLE)
@answers(
    resource, Receipt, 403, 409, 413, 422, 429, status=202, also={201: "已等到处理完成", 200: "相同内容此前已报送"}
)
def report() -> Answer:
    """报送一条线索"""
    tools, actor = deployment().tools, current_actor()
    data = json_body()
    outcome = reports_desk()((actor, Incoming(_organisation(actor), data, traceparent=trace.current.get())))
    if isinstance(outcome, CrmError):
        raise outcome
    submitted, blind = outcome
    values = submitted_values(actor, submitted) | ({} if submitted.duplicate else blind_values(blind))
    if submitted.duplicate:
        return _receipt_answer(values | _now(tools, actor, submitted), 200)
    done = _wait_until_processed(tools, actor, submitted.receipt_no)
    return _receipt_answer(values | (receipt_values(done) if done else {}), 201 if done else 202)


def _organisation(actor: Actor) -> str:
    return request.args.get("organisation", actor.organisation)


def _now(tools: Tools, actor: Actor, submitted: Submitted) -> dict[str, Any]:
    return receipt_values(_receipt(tools, actor, submitted.receipt_no))


def _receipt(tools: Tools, actor: Actor, number: str) -> ReceiptView:
    with tools.database.read() as session:
        return get_receipt(session, scope_of(session, actor), number)


def _wait_until_processed(tools: Tools, actor: Actor, number: str) -> ReceiptView | None:
    """The processed receipt, None when the caller does not wait or it took longer."""
    deadline = time.monotonic() + seconds_to_wait()
    while time.monotonic() < deadline:
        view = _receipt(tools, actor, number)
        if view.state == PROCESSED:
            return view
        time.sleep(POLL_SECONDS)
    return None


def _receipt_answer(values: Mapping[str, Any], status: int) -> Answer:
    return values, status, {"Location": url_for("api_leads.receipt", number=values["receipt_no"])}


@resource.route("/leads/batch", methods=["POST"])
@resource.doc(parameters=[FOR_WHOM])
@takes_json(resource, LeadBatch, LeadBatch.example)
@answers(resource, BatchAnswer, 403, 413, 422, 429)
def report_batch() -> Mapping[str, Any]:
    """批量报送（最多 1000 条，逐条处理，互不影响）"""
    tools, actor = deployment().tools, current_actor()
    require(actor, Verb.REPORT)
    items = load_strictly(LeadBatch(), large_json_body(), "items")["items"]
    count(tools, actor, "report", tools.settings.report_limit, len(items))
    faults = [item_fault(item) for item in items]
    organisation = _organisation(actor)
    sound = [Incoming(organisation, item) for item, fault in zip(items, faults, strict=True) if fault is None]
    outcomes = iter(submit_batch(tools, actor, sound, API))
    found = [next(outcomes) if fault is None else as_invalid(fault) for fault in faults]
    return {"items": [_item_values(actor, index, outcome) for index, outcome in enumerate(found)]}


def _item_values(actor: Actor, index: int, outcome: Submitted | CrmError) -> dict[str, Any]:
    if isinstance(outcome, Submitted):
        return {"index": index, "status": 200 if outcome.duplicate else 202, **submitted_values(actor, outcome)}
    problem = problem_of(outcome)
    errors = [{"field": error.field, "message": error.message} for error in problem.errors]
    return {"index": index, "status": problem.status, "detail": problem.detail, "errors": errors}


@resource.route("/leads")
@takes(resource, LeadArguments, query=True)
@answers(resource, LeadPage, 422)
def leads_in_scope(wanted: Mapping[str, Any]) -> Mapping[str, Any]:
    """看得到的线索"""
    tools, actor = deployment().tools, current_actor()
    with tools.database.read() as session:
        page = list_leads(session, scope_of(session, actor), _filter(wanted))
    return {"items": [lead_values(actor, row) for row in page.items], "next": page.next}


def _filter(wanted: Mapping[str, Any]) -> LeadFilter:
    return LeadFilter(
        organisations=tuple(wanted["organisation"]),
        stages=tuple(wanted["stage"]),
        source_ref=wanted.get("source_ref"),
        sort=wanted.get("sort") or "-received_at",
        cursor=wanted.get("cursor"),
        size=wanted["page_size"],
    )


@resource.route("/leads/<lead_id>")
@answers(resource, Lead, 404)
def lead(lead_id: str) -> Answer:
    """一条线索"""
    return _lead_answer(deployment().tools, current_actor(), lead_id)


def _lead_answer(tools: Tools, actor: Actor, lead_id: str) -> Answer:
    with tools.database.read() as session:
        row = get_lead(session, scope_of(session, actor), lead_id)
        with_people = may(actor, Verb.REPORT)  # those who read reports only need not know the people in them
        values = lead_values(actor, row, reported_data(session, tools.vault, row) if with_people else None)
    return values, 200, {"ETag": version_tag(row.version)}


@resource.route("/leads/<lead_id>", methods=["PATCH"])
@resource.doc(parameters=[VERSION_HEADER, PREFER])
@takes_json(resource, {"type": "object"}, PATCH_EXAMPLE, MERGE_PATCH, JSON)
@answers(resource, Lead, 403, 404, 409, 412, 413, 422, 428, also={202: "已受理，稍后生效；返回目前的线索"})
def correct_lead(lead_id: str) -> Answer:
    """更正一条线索（RFC 7396 合并补丁，作用于报送的 data；回执不变）

    The answer is the lead as it stands: corrected with 200, not yet with 202.
    """
    tools, actor = deployment().tools, current_actor()
    version, patch = seen_version(), json_body()
    if not isinstance(patch, Mapping):
        raise Invalid.of("body", "须为 JSON 对象")
    count(tools, actor, "report", tools.settings.report_limit)
    submitted = correct(tools, actor, lead_id, version, patch, API)
    done = submitted.duplicate or _wait_until_corrected(tools, actor, lead_id, submitted)
    values, _, headers = _lead_answer(tools, actor, lead_id)
    if done:
        return values, 200, headers
    return values, 202, headers | {"Location": url_for("api_leads.receipt", number=submitted.receipt_no)}


def _wait_until_corrected(tools: Tools, actor: Actor, lead_id: str, submitted: Submitted) -> bool:
    deadline = time.monotonic() + seconds_to_wait()
    while time.monotonic() < deadline:
        with tools.database.read() as session:
            row = get_lead(session, scope_of(session, actor), lead_id)
        if submitted.version is not None and row.version > submitted.version:
            return True
        time.sleep(POLL_SECONDS)
    return False


@resource.route("/receipts/<number>")
@answers(resource, Receipt, 404)
def receipt(number: str) -> Mapping[str, Any]:
    """回执的现状"""
    return receipt_values(_receipt(deployment().tools, current_actor(), number))
