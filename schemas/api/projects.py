"""Answers of `/projects`: the project, its matches, its history. Requests are in `project_requests.py`."""

from __future__ import annotations

from marshmallow import fields

from schemas.api.paging import Page, PageArguments, Several
from schemas.events.fact import FactActor
from schemas.events.projects import GRADES, MILESTONES, TRACKS
from schemas.fields import Area, Count, Day, Energy, Land, Money, ShortText, ZonedTime
from schemas.shapes import OpenSchema

LIGHTS = ("green", "yellow", "red")


class Milestone(OpenSchema):
    """A dated fact with evidence; claimed by one actor, confirmed by another (`confirmer`: bureau or district)."""

    example = {
        "id": "0197a1b2-0000-7000-8000-000000000009",
        "kind": "signed",
        "occurred_on": "2026-03-02",
        "state": "claimed",
        "confirmer": "bureau",
        "evidence": {"document": "投资协议", "number": "2026-012"},
    }
    id = fields.String(required=True)
    kind = fields.String(metadata={"enum": list(MILESTONES)})
    occurred_on = Day()
    state = fields.String(metadata={"enum": ["claimed", "confirmed", "refused"]})
    confirmer = fields.String(metadata={"enum": ["bureau", "district"]})
    evidence = fields.Dict()
    claimed_at = ZonedTime()
    claimed_by = fields.String(allow_none=True)
    decided_at = ZonedTime(allow_none=True)
    decided_by = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)


class ProjectEnterprise(OpenSchema):
    """The investor, or a party with its role."""

    example = {"id": "0197a1b2-0000-7000-8000-000000000003", "name": "示例精密科技有限公司", "uscc": None}
    id = fields.String(required=True)
    name = fields.String(required=True)
    uscc = fields.String(allow_none=True)
    role = fields.String(metadata={"enum": ["investor", "project_company", "introducer", "fund", "landlord"]})


class ProjectAssignment(OpenSchema):
    """The latest dispatch. `due_at`: until when the district answers; provisional where the calendar is not out yet."""

    example = {"district": "KHTD", "state": "pending", "due_at": "2026-01-21T23:59:59+08:00"}
    district = fields.String(required=True)
    park = fields.String(allow_none=True)
    state = fields.String(metadata={"enum": ["pending", "accepted", "declined", "expired", "ended"]})
    note = fields.String(allow_none=True)
    dispatched_at = ZonedTime()
    due_at = ZonedTime()
    due_provisional = fields.Boolean()
    answered_at = ZonedTime(allow_none=True)
    reason = fields.String(allow_none=True)


class ProjectActivity(OpenSchema):
    """A contact, visit or talk."""

    example = {"id": "0197a1b2-0000-7000-8000-00000000000a", "kind": "visit", "occurred_on": "2026-02-10"}
    id = fields.String(required=True)
    kind = fields.String()
    occurred_on = Day()
    summary = fields.String()
    two_sided = fields.Boolean()
    next_step = fields.String(allow_none=True)
    next_on = Day(allow_none=True)
    recorded_at = ZonedTime()
    recorded_by = fields.String()


class ProjectObstacle(OpenSchema):
    """A matter that waits for a department."""

    example = {"id": "0197a1b2-0000-7000-8000-00000000000b", "department": "DEPT-ZGJ", "state": "open"}
    id = fields.String(required=True)
    department = fields.String()
    description = fields.String()
    due_on = Day(allow_none=True)
    state = fields.String(metadata={"enum": ["open", "answered"]})
    raised_at = ZonedTime()
    raised_by = fields.String()
    answer = fields.String(allow_none=True)


class Project(OpenSchema):
    """Money in 万元 of `currency`, land 亩, floor area ㎡, energy 吨标煤 a year. `stage` and `light` are derived.

    A list gives the project without what hangs on it (parties, milestones, assignment, activities, obstacles).
    """

    example = {
        "id": "0197a1b2-0000-7000-8000-000000000002",
        "version": 3,
        "code_name": "KS-0A1B2C3D4E",
        "confidential": False,
        "title": "示例精密科技昆山项目",
        "enterprise": ProjectEnterprise.example,
        "parties": [{**ProjectEnterprise.example, "role": "investor"}],
        "kind": "new",
        "origin": "reported",
        "site_mode": "lease",
        "track": "carrier",
        "stage": "dispatched",
        "light": "green",
        "light_reasons": [],
        "grade": "active",
        "district": "KHTD",
        "park": None,
        "investment": 5000,
        "currency": "CNY",
        "floor_area": 3000,
        "industries": ["IT"],
        "nodes": ["IT04"],
        "sources": ["AG-EXAMPLE"],
        "assignment": ProjectAssignment.example,
        "milestones": [],
        "received_at": "2026-01-17T09:30:02+08:00",
    }
    id = fields.String(required=True)
    version = fields.Integer(required=True)
    code_name = fields.String()
    confidential = fields.Boolean()
    title = fields.String(required=True)
    summary = fields.String(allow_none=True)
    enterprise = fields.Nested(ProjectEnterprise, allow_none=True)
    parties = fields.List(fields.Nested(ProjectEnterprise))
    kind = fields.String(allow_none=True)
    origin = fields.String(allow_none=True)
    site_mode = fields.String(allow_none=True)
    track = fields.String(allow_none=True, metadata={"enum": [*TRACKS, None]})
    stage = fields.String(required=True)
    light = fields.String(required=True, metadata={"enum": list(LIGHTS)})
    light_reasons = fields.List(fields.String())
    grade = fields.String(allow_none=True, metadata={"enum": [*GRADES, None]})
    district = fields.String(allow_none=True)
    park = fields.String(allow_none=True)
    investment = Money(allow_none=True)
    currency = fields.String(allow_none=True)
    land = Land(allow_none=True)
    floor_area = Area(allow_none=True)
    energy = Energy(allow_none=True)
    jobs = Count(allow_none=True)
    process_risks = fields.List(fields.String())
    start_month = fields.String(allow_none=True)
    industries = fields.List(fields.String())
    nodes = fields.List(fields.String())
    suitable = fields.Boolean(allow_none=True)
    proposed_districts = fields.List(fields.String())
    proposed_parks = fields.List(fields.String())
    sources = fields.List(fields.String())
    leads = fields.List(fields.String())
    assignment = fields.Nested(ProjectAssignment, allow_none=True)
    milestones = fields.List(fields.Nested(Milestone))
    activities = fields.List(fields.Nested(ProjectActivity))
    obstacles = fields.List(fields.Nested(ProjectObstacle))
    off_line_reason = fields.String(allow_none=True)
    wake_on = Day(allow_none=True)
    signed_on = Day(allow_none=True)
    landed_on = Day(allow_none=True)
    stage_since = ZonedTime()
    last_activity_at = ZonedTime(allow_none=True)
    received_at = ZonedTime()
    created_at = ZonedTime()
    updated_at = ZonedTime()


class ProjectPage(Page):
    """A page of projects."""

    example = {"items": [Project.example], "next": None}
    items = fields.List(fields.Nested(Project), required=True)


class ProjectArguments(PageArguments):
    """Filters of `/projects`: AND between parameters, OR inside one (repeated, or with commas)."""

    example = {"stage": ["negotiating"], "district": ["KHTD"], "page_size": 20}
    stage = Several()
    district = Several()
    park = Several()
    track = Several()
    grade = Several()
    origin = Several()
    enterprise = ShortText(metadata={"description": "企业编号"})
    open = fields.Boolean(load_default=False, metadata={"description": "只要未离线的（含搁置）"})
    unassigned = fields.Boolean(load_default=False)
    suitable = fields.Boolean()


class Candidate(OpenSchema):
    """A node, park or district proposed or rejected, with its reasons; `unknown` is to be checked by the park."""

    example = {"code": "KHTD", "score": 0.82, "reasons": ["同环节企业已集聚"], "unknown": ["层高"]}
    code = fields.String(required=True)
    name = fields.String()
    score = fields.Float()
    reasons = fields.List(fields.String())
    words = fields.List(fields.String())
    unknown_points = fields.List(fields.String(), data_key="unknown", attribute="unknown")


class Match(OpenSchema):
    """A proposal, kept with the versions of pack and rules it was made by, beside the final choice."""

    example = {
        "suitable": True,
        "unsure": False,
        "nodes": [],
        "parks": [],
        "districts": [Candidate.example],
        "rejected": [],
        "chosen": {"district": "KHTD", "park": None, "reason": "产品与园区主导产业一致"},
    }
    id = fields.String()
    made_at = ZonedTime()
    reference_version = fields.String()
    rules_version = fields.String()
    suitable = fields.Boolean(required=True)
    unsure = fields.Boolean()
    question = fields.String(allow_none=True)
    industries = fields.List(fields.Nested(Candidate))
    nodes = fields.List(fields.Nested(Candidate))
    parks = fields.List(fields.Nested(Candidate))
    districts = fields.List(fields.Nested(Candidate))
    rejected = fields.List(fields.Nested(Candidate))
    notes = fields.List(fields.String())
    chosen = fields.Dict(allow_none=True)


class MatchPage(Page):
    """Matches, newest first."""

    example = {"items": [Match.example], "next": None}
    items = fields.List(fields.Nested(Match), required=True)


class HistoryEntry(OpenSchema):
    """One fact: what changed, who, when it happened and when it was recorded."""

    example = {
        "version": 3,
        "type": "project.dispatched.v1",
        "changed": {"district": "KHTD"},
        "actor": {"organisation": "BUREAU", "role": "dispatcher", "id": "user:1"},
        "occurred_at": "2026-01-18T10:00:00+08:00",
        "recorded_at": "2026-01-18T10:00:00+08:00",
        "reason": None,
    }
    version = fields.Integer(required=True)
    type = fields.String(required=True)
    changed = fields.Dict()
    actor = fields.Nested(FactActor)
    occurred_at = ZonedTime()
    recorded_at = ZonedTime()
    reason = fields.String(allow_none=True)


class HistoryPage(Page):
    """A page of history."""

    example = {"items": [HistoryEntry.example], "next": None}
    items = fields.List(fields.Nested(HistoryEntry), required=True)
