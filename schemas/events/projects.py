"""Facts about projects on `projects.changed`, as a table; keyed by project id.

Read by `schemas/registry.py`. A confidential project stands here under its code name.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from schemas.events.fact import FieldMaker, a_code, a_day, a_text, code, day, facts, text, texts
from schemas.fields import Choice, Mapped, Percent
from schemas.topics import PROJECTS_CHANGED

MILESTONES = (
    "negotiating", "screening", "entry_review", "tenancy_review", "review", "signed", "company_registration",
    "project_filing", "change_filing", "land_supply", "handover", "fit_out", "equipment_in", "construction_start",
    "completion", "production_start", "investment_enrolment", "enterprise_enrolment", "full_capacity", "moved_in",
)  # fmt: skip
TRACKS = ("land", "carrier", "expansion", "light")
GRADES = ("key", "active", "reserve")
_milestone = partial(Choice, MILESTONES, required=True)
_track = partial(Choice, TRACKS, allow_none=True, load_default=None)
_percent = partial(Percent, allow_none=True, load_default=None)
_rules = partial(Mapped, allow_none=True, load_default=None)

_CLAIM: Mapping[str, FieldMaker] = {"milestone": a_text, "kind": _milestone, "happened_on": a_day}
PROJECT_EVENTS = facts(
    PROJECTS_CHANGED,
    (
        ("project.opened", "项目立项。", {"enterprise": text, "lead": text, "kind": text, "track": _track}),
        ("project.joined", "又一条报送归入本项目。", {"lead": text}),
        ("project.updated", "项目资料变更（分级、路径、需求等）。", {"track": _track, "grade": text}),
        (
            "project.matched",
            "给出产业链环节、园区、区镇的匹配建议。",
            {"nodes": texts, "parks": texts, "districts": texts, "rules": _rules},
        ),
        ("project.dispatched", "派发至区镇，等待答复。", {"district": a_code, "park": code, "due_on": day}),
        ("project.accepted", "区镇接受派发。", {"district": a_code}),
        ("project.declined", "区镇退回派发。", {"district": a_code}),
        ("project.dispatch-expired", "区镇逾期未答复，回到调度科。", {"district": a_code}),
        (
            "project.transferred",
            "项目流转至另一区镇，并约定分成。",
            {"from_district": code, "district": a_code, "first_talk_share": _percent, "landing_share": _percent},
        ),
        ("project.first-talk-recorded", "记录首谈区镇。", {"district": a_code}),
        ("project.milestone-claimed", "申报一个节点，待他人确认。", _CLAIM),
        ("project.milestone-confirmed", "节点已由他人确认，阶段随之推算。", {**_CLAIM, "stage": a_text}),
        ("project.milestone-refused", "节点申报未获确认。", _CLAIM),
        ("project.landed", "项目落地：落地所需节点均已确认。", {"track": _track, "landed_on": a_day}),
        ("project.opinion-given", "部门给出会签意见。", {"department": a_code, "opinion": a_text}),
        ("project.activity-logged", "记录一次对接。", {"activity": a_text, "happened_on": a_day}),
        ("project.obstacle-raised", "提出需协调事项。", {"obstacle": a_text, "department": a_code, "due_on": day}),
        ("project.obstacle-resolved", "协调事项办结。", {"obstacle": a_text, "department": code}),
        ("project.shelved", "项目搁置至唤醒日。", {"wake_on": a_day}),
        ("project.resumed", "搁置的项目恢复。", {"stage": text}),
        ("project.lost", "签约前流失。", {}),
        ("project.terminated", "签约后终止，当月冲减。", {}),
        ("project.unchosen", "比选未中。", {"chosen": text}),
        ("project.merged", "并入另一项目。", {"into": a_text, "leads": texts}),
        ("project.reversed", "以补偿事实撤销先前的变更。", {"reverses": texts}),
    ),
)
