"""Answers of `/projects`: the project, its matches, its history. Requests are in `project_requests.py`."""

from __future__ import annotations

from marshmallow import fields

from schemas.api.paging import Page
from schemas.events.fact import FactActor
from schemas.events.projects import GRADES, MILESTONES, TRACKS
from schemas.fields import Area, Count, Day, Energy, Land, Money, ZonedTime
from schemas.shapes import OpenSchema

LIGHTS = ("green", "yellow", "red")


class Milestone(OpenSchema):
    """A dated fact with evidence; claimed by one actor, confirmed by another."""

    example = {
        "id": "m-1",
        "kind": "signed",
        "occurred_on": "2026-03-02",
        "state": "claimed",
        "evidence": {"number": "1"},
    }
    id = fields.String(required=True)
    kind = fields.String(metadata={"enum": list(MILESTONES)})
    occurred_on = Day()
    recorded_at = ZonedTime()
    state = fields.String()
    evidence = fields.Dict()
    claimed_by = fields.String(allow_none=True)
    confirmed_by = fields.String(allow_none=True)


class Project(OpenSchema):
    """Money in 万元 of `currency`, land 亩, floor area ㎡, energy 吨标煤 a year. `stage` and `light` are derived."""

    example = {
        "id": "0197a1b2-0000-7000-8000-000000000002",
        "version": 3,
        "title": "示例精密科技昆山项目",
        "enterprise_id": "0197a1b2-0000-7000-8000-000000000003",
        "enterprise_name": "示例精密科技有限公司",
        "kind": "new",
        "site_mode": "lease",
        "track": "carrier",
        "stage": "dispatched",
        "light": "green",
        "light_reason": None,
        "grade": "active",
        "district": "KHTD",
        "park": None,
        "investment": 5000,
        "currency": "CNY",
        "floor_area": 3000,
        "nodes": ["IT04"],
        "sources": ["AG-EXAMPLE"],
        "confidential": False,
        "milestones": [],
    }
    id = fields.String(required=True)
    version = fields.Integer(required=True)
    title = fields.String(required=True)
    enterprise_id = fields.String(allow_none=True)
    enterprise_name = fields.String(allow_none=True)
    summary = fields.String(allow_none=True)
    kind = fields.String(allow_none=True)
    origin = fields.String(allow_none=True)
    site_mode = fields.String(allow_none=True)
    track = fields.String(allow_none=True, metadata={"enum": [*TRACKS, None]})
    stage = fields.String(required=True)
    light = fields.String(required=True, metadata={"enum": list(LIGHTS)})
    light_reason = fields.String(allow_none=True)
    grade = fields.String(allow_none=True, metadata={"enum": [*GRADES, None]})
    district = fields.String(allow_none=True)
    park = fields.String(allow_none=True)
    answer_due_on = Day(allow_none=True)
    investment = Money(allow_none=True)
    currency = fields.String(allow_none=True)
    land = Land(allow_none=True)
    floor_area = Area(allow_none=True)
    energy = Energy(allow_none=True)
    jobs = Count(allow_none=True)
    process_risks = fields.List(fields.String())
    start_month = fields.String(allow_none=True)
    nodes = fields.List(fields.String())
    sources = fields.List(fields.String())
    leads = fields.List(fields.String())
    confidential = fields.Boolean()
    wake_on = Day(allow_none=True)
    milestones = fields.List(fields.Nested(Milestone))
    created_at = ZonedTime()
    updated_at = ZonedTime()


class ProjectPage(Page):
    """A page of projects."""

    example = {"items": [Project.example], "next": None}
    items = fields.List(fields.Nested(Project), required=True)


class Candidate(OpenSchema):
    """A node, park or district proposed or rejected, with its reasons; `unknown` is to be checked by the park."""

    example = {"code": "KHTD", "score": 0.82, "reasons": ["同环节企业已集聚"], "unknown": ["层高"]}
    code = fields.String(required=True)
    name = fields.String()
    score = fields.Float()
    reasons = fields.List(fields.String())
    unknown_points = fields.List(fields.String(), data_key="unknown", attribute="unknown")


class Match(OpenSchema):
    """A proposal, kept with the version of rules and words it was made by, beside the final choice."""

    example = {
        "suitable": True,
        "unsure": False,
        "nodes": [],
        "parks": [],
        "districts": [Candidate.example],
        "rejected": [],
    }
    id = fields.String()
    made_at = ZonedTime()
    rules = fields.String()
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
