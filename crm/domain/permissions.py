"""Which role may do what. Seeing is `scope.py`; doing is here. The web answers 403 for a refusal on a visible row."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from crm.domain.actors import Actor, Role
from crm.domain.errors import Forbidden


class Verb(StrEnum):
    REPORT = "报送线索"
    CHECK = "查重"
    READ_PROJECTS = "查看项目"
    READ_ENTERPRISES = "查看企业"
    DISPATCH = "派发项目"
    ANSWER_DISPATCH = "答复派发"
    CLAIM_MILESTONE = "申报节点"
    CONFIRM_MILESTONE = "确认节点"
    LOG_ACTIVITY = "记录活动"
    RAISE_OBSTACLE = "提出协调事项"
    EDIT_PROJECT = "修改项目"
    END_PROJECT = "搁置、流失或终止项目"
    TRANSFER = "流转项目"
    EDIT_CHAINS = "修改产业链与匹配规则"
    ASK_PARKS = "请园区核实"
    FOLLOW_CHECKS = "查看核实事项"
    ANSWER_CHECKS = "答复核实事项"
    ADMINISTER = "系统管理"


_STEERING = frozenset({Role.DISPATCHER, Role.ADMIN})
_WORKING = _STEERING | {Role.DISTRICT}
_READING = _WORKING | {Role.LIAISON, Role.LEADER, Role.DEPARTMENT}

ALLOWED: Mapping[Verb, frozenset[Role]] = {
    Verb.REPORT: frozenset({Role.REPORTER}) | _WORKING,
    Verb.CHECK: frozenset({Role.REPORTER}) | _WORKING,
    Verb.READ_PROJECTS: _READING,
    Verb.READ_ENTERPRISES: _READING - {Role.DEPARTMENT},
    Verb.DISPATCH: _STEERING,
    Verb.ANSWER_DISPATCH: frozenset({Role.DISTRICT}),
    Verb.CLAIM_MILESTONE: _WORKING,
    Verb.CONFIRM_MILESTONE: _WORKING,
    Verb.LOG_ACTIVITY: _WORKING,
    Verb.RAISE_OBSTACLE: _WORKING | {Role.LIAISON},
    Verb.EDIT_PROJECT: _WORKING,
    Verb.END_PROJECT: _WORKING,
    Verb.TRANSFER: _STEERING,
    Verb.EDIT_CHAINS: _STEERING,
    Verb.ASK_PARKS: _WORKING,
    Verb.FOLLOW_CHECKS: frozenset({Role.CARRIER, Role.LIAISON, Role.LEADER}) | _WORKING,
    Verb.ANSWER_CHECKS: frozenset({Role.CARRIER}) | _STEERING,
    Verb.ADMINISTER: frozenset({Role.ADMIN}),
}


def may(actor: Actor, verb: Verb) -> bool:
    return actor.role in ALLOWED[verb]


def require(actor: Actor, verb: Verb) -> None:
    """Raises Forbidden when the role lacks the verb."""
    if not may(actor, verb):
        raise Forbidden(f"当前身份不能{verb}")
