"""Bodies of `/leads` and `/receipts`. The lead itself is `schemas.events.leads.LeadData`, the same on every way in."""

from __future__ import annotations

from marshmallow import fields

from schemas.api.paging import Page, PageArguments, Several
from schemas.api.problems import ProblemField
from schemas.events.lead_facts import PROTECTION_KINDS
from schemas.fields import Day, Items, ShortText, ZonedTime
from schemas.shapes import OpenSchema, StrictSchema

LARGEST_BATCH = 1000
PATCH_EXAMPLE = {"project": {"investment": 8000}, "last_contact": None}
LEAD_EXAMPLE = {
    "source_ref": "AG-2026-0001",
    "enterprise": {"name": "示例精密科技有限公司", "province": "江苏", "city": "苏州市", "main_business": "精密结构件"},
    "project": {"summary": "拟租厂房生产精密结构件", "site_mode": "lease", "investment": 5000, "floor_area": 3000},
    "contacts": [{"name": "张女士", "phone": "0512-00000000", "email": "zhang@example.com"}],
    "last_contact": {"date": "2026-01-12", "with": "张女士"},
    "reported_at": "2026-01-17T09:30:00+08:00",
}


class LeadBatch(StrictSchema):
    """Up to 1,000 leads; each is judged alone, so an item of any form is let through here."""

    example = {"items": [LEAD_EXAMPLE]}
    items = Items(fields.Raw(allow_none=True), most=LARGEST_BATCH, required=True)


class Protection(OpenSchema):
    """The state of protection; `until` is the last day, ending at 24:00 Asia/Shanghai."""

    example = {"kind": "unproven", "until": "2026-07-16"}
    kind = fields.String(metadata={"enum": list(PROTECTION_KINDS)})
    until = Day(allow_none=True)


class Receipt(OpenSchema):
    """The receipt: number and time are given once and never change."""

    example = {
        "receipt_no": "R20260117-000001",
        "received_at": "2026-01-17T09:30:02+08:00",
        "state": "processed",
        "duplicate": False,
        "protection": Protection.example,
        "lead_id": "0197a1b2-0000-7000-8000-000000000001",
        "project_id": "0197a1b2-0000-7000-8000-000000000002",
        "project_stage": "reported",
        "warnings": [],
        "ignored": [],
        "reported": False,
        "protected_until": None,
    }
    receipt_no = fields.String(required=True)
    received_at = ZonedTime(required=True)
    state = fields.String(required=True)
    source_ref = fields.String()
    duplicate = fields.Boolean()
    protection = fields.Nested(Protection, allow_none=True)
    lead_id = fields.String(allow_none=True)
    project_id = fields.String(allow_none=True)
    project_stage = fields.String(allow_none=True)
    warnings = fields.List(fields.String())
    ignored = fields.List(fields.String())
    reported = fields.Boolean(metadata={"description": "此前是否已有报送；超过本小时查重次数时不给出"})
    protected_until = Day(allow_none=True)


class BatchItem(Receipt):
    """One answer of a batch: the receipt, or the faults, with the HTTP status it would have had alone."""

    example = {
        "index": 0,
        "status": 202,
        "receipt_no": Receipt.example["receipt_no"],
        "received_at": Receipt.example["received_at"],
        "state": "received",
        "source_ref": "AG-2026-0001",
        "duplicate": False,
    }
    index = fields.Integer(required=True)
    status = fields.Integer(required=True)
    receipt_no = fields.String()
    received_at = ZonedTime()
    state = fields.String()
    detail = fields.String()
    errors = fields.List(fields.Nested(ProblemField))


class BatchAnswer(OpenSchema):
    """Answers in the order of the items."""

    example = {"items": [BatchItem.example]}
    items = fields.List(fields.Nested(BatchItem), required=True)


class Lead(OpenSchema):
    """A lead as its reporter sees it: verdict, stage and outcome are copied in, projects stay hidden."""

    example = {
        "id": Receipt.example["lead_id"],
        "version": 1,
        "organisation": "AG-EXAMPLE",
        "source_ref": "AG-2026-0001",
        "receipt_no": Receipt.example["receipt_no"],
        "received_at": Receipt.example["received_at"],
        "protection": Protection.example,
        "project_id": Receipt.example["project_id"],
        "project_stage": "reported",
        "verdict": None,
        "outcome": None,
        "data": LEAD_EXAMPLE,
        "warnings": [],
        "ignored": [],
    }
    id = fields.String(required=True)
    version = fields.Integer()
    organisation = fields.String()
    source_ref = fields.String(required=True)
    receipt_no = fields.String()
    received_at = ZonedTime()
    confidential = fields.Boolean()
    enterprise_name = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    protection = fields.Nested(Protection, allow_none=True)
    project_id = fields.String(allow_none=True)
    project_stage = fields.String(allow_none=True)
    verdict = fields.String(allow_none=True)
    outcome = fields.String(allow_none=True)
    data = fields.Dict()
    reported_at = ZonedTime(allow_none=True)
    updated_at = ZonedTime()
    warnings = fields.List(fields.String())
    ignored = fields.List(fields.String())


class LeadArguments(PageArguments):
    """Filters of `/leads`; `stage` is the project's as copied to the lead."""

    example = {"stage": ["reported"], "page_size": 20}
    organisation = Several()
    stage = Several()
    source_ref = ShortText()


class LeadPage(Page):
    """A page of leads."""

    example = {"items": [Lead.example], "next": None}
    items = fields.List(fields.Nested(Lead), required=True)
