"""Bodies people send about a project: dispatch, answer, transfer, milestones, activities, leaving the line.

All refuse unknown fields. Only the form is judged here; whether the state allows the step, `crm/services/` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validate, validates_schema

from schemas.events.projects import GRADES, MILESTONES, TRACKS
from schemas.fields import Choice, Code, Day, Flag, FreeWord, LongText, Mapped, Part, Percent
from schemas.shapes import StrictSchema


class Dispatch(StrictSchema):
    """`/dispatch`: to a district, perhaps to a park in it."""

    example = {"district": "KHTD", "park": None, "note": "产品与园区主导产业一致"}
    district = Code(required=True)
    park = Code(allow_none=True)
    note = LongText(allow_none=True)


class Reason(StrictSchema):
    """`/decline`, `/lose`, `/terminate`, `/milestones/{mid}/refuse`: a reason, never empty."""

    example = {"reason": "现有载体层高不足"}
    reason = LongText(required=True)


class Split(StrictSchema):
    """Shares of the first-talk and the landing district in percent, 100 together."""

    example = {"first_talk": 30, "landing": 70}
    first_talk = Percent(required=True)
    landing = Percent(required=True)

    @validates_schema
    def _together_100(self, data: Mapping[str, Any], **_: Any) -> None:
        if "first_talk" in data and "landing" in data and data["first_talk"] + data["landing"] != 100:
            raise ValidationError("首谈与落地两项之和须为 100")


class Transfer(StrictSchema):
    """`/transfer`: to another district; without `split` the rule's default holds."""

    example = {"district": "KETD", "split": Split.example, "reason": "用地需求本区无法满足"}
    district = Code(required=True)
    split = Part(Split, allow_none=True)
    reason = LongText(required=True)


class MilestoneClaim(StrictSchema):
    """`/milestones`: what happened, when, and what proves it. `screening` carries the verdict in `evidence.verdict`."""

    example = {
        "kind": "signed",
        "occurred_on": "2026-03-02",
        "evidence": {"document": "投资协议", "number": "2026-012"},
    }
    kind = Choice(MILESTONES, required=True)
    occurred_on = Day(required=True)
    evidence = Mapped(required=True)


class Activity(StrictSchema):
    """`/activities`: a talk or visit. `two_sided`: the investor, district or bureau can confirm it."""

    example = {"kind": "visit", "occurred_on": "2026-02-10", "summary": "赴企业考察", "two_sided": True}
    kind = FreeWord(allow_none=True, validate=validate.Length(max=24, error="最多 24 个字"))
    occurred_on = Day(required=True)
    summary = LongText(required=True)
    two_sided = Flag(allow_none=True)
    next_step = LongText(allow_none=True)
    next_on = Day(allow_none=True)


class Obstacle(StrictSchema):
    """`/obstacles`: what a department is asked to clear away."""

    example = {"department": "DEPT-ZGJ", "description": "用电容量需增至 2000 kVA", "due_on": "2026-03-01"}
    department = Code(required=True)
    description = LongText(required=True)
    due_on = Day(allow_none=True)


class Shelve(StrictSchema):
    """`/shelve`: off the line until a day."""

    example = {"reason": "投资方等待董事会决议", "wake_on": "2026-06-01"}
    reason = LongText(required=True)
    wake_on = Day(required=True)


class ProjectPatch(StrictSchema):
    """`PATCH`: the track a person sets, or the grade."""

    example = {"grade": "key"}
    track = Choice(TRACKS)
    grade = Choice(GRADES)

    @validates_schema
    def _something(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data:
            raise ValidationError("至少填写 track 或 grade 之一", "track")
