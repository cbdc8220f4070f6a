"""A project's history as sentences: what happened, who (which organisation) and when. Newest first.

Built from the facts alone; a fact type without a sentence of its own is named by its type, never left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from crm.domain.milestones import NAMES, TRACK_NAMES
from crm.store.models import HistoryLine
from crm.web.pages.names import ACTIVITIES, GRADES, Names

LATE = frozenset({"declined", "dispatch-expired", "milestone-refused", "lost", "terminated", "obstacle-raised"})


@dataclass(frozen=True, slots=True)
class Told:
    """One fact told."""

    title: str
    detail: str
    who: str
    at: datetime
    tone: str


def tell(lines: Sequence[HistoryLine], names: Names) -> list[Told]:
    """The chronicle, newest first."""
    return [_tell(line, names) for line in reversed(lines)]


def people(lines: Sequence[HistoryLine], names: Names) -> Mapping[str, str]:
    """Actor id → “organisation · name”, for rows that keep the id only."""
    return {line.actor["id"]: _who(line.actor, names) for line in lines}


def _tell(line: HistoryLine, names: Names) -> Told:
    kind = line.type.removeprefix("project.").rpartition(".")[0]
    title, detail = _sentence(kind, line, names)
    tone = "late" if kind in LATE else "now" if kind == "milestone-claimed" else "done"
    return Told(title, detail or line.reason or "", _who(line.actor, names), line.occurred_at, tone)


def _sentence(kind: str, line: HistoryLine, names: Names) -> tuple[str, str]:
    change, reason = line.change, line.reason or ""
    district = names.district(change.get("district"))
    milestone = NAMES.get(change.get("kind", ""), "")
    match kind:
        case "opened":
            return "立项：首次报送入库", "系统完成产业链研判与园区建议" if line.rows.get("matches") else ""
        case "joined":
            return "又有单位报送同一项目", "内容已合并"
        case "matched":
            return "重新研判产业链与园区", ""
        case "dispatched":
            park = names.park(change.get("park"))
            return f"派发给{district}" + (f"，建议园区{park}" if park else ""), _due(change, reason)
        case "accepted":
            return f"{district}接受，开始洽谈", ""
        case "declined":
            return f"{district}退回", reason
        case "dispatch-expired":
            return f"{district}逾期未答复，退回调度科", ""
        case "transferred":
            shares = f"首谈 {change.get('first_talk_share')}：落地 {change.get('landing_share')}"
            return f"由{names.district(change.get('from_district'))}流转至{district}", f"{shares}。{reason}"
        case "milestone-claimed" | "milestone-confirmed" | "milestone-refused":
            verb = {"milestone-claimed": "申报", "milestone-confirmed": "确认", "milestone-refused": "退回"}[kind]
            return f"{verb}“{milestone}”节点", reason or f"发生日期 {change.get('happened_on', '')}"
        case "activity-logged":
            return _activity(line.rows)
        case "obstacle-raised":
            return f"提请{names.organisation(change.get('department'))}协调", _first(
                line.rows, "obstacles", "description"
            )
        case "obstacle-resolved":
            return "协调事项已答复", _first(line.rows, "obstacles", "answer")
        case "updated":
            project = (line.rows.get("projects") or [{}])[0]
            track, grade = TRACK_NAMES.get(project.get("track") or "", "未定"), GRADES.get(project.get("grade", ""), "")
            return "修改项目", f"路径 {track}，分级 {grade}"
        case "shelved":
            return "搁置", f"{reason}（{change.get('wake_on', '')} 唤醒）"
    ended = {"resumed": "恢复推进", "lost": "流失", "terminated": "终止", "landed": "落地", "merged": "并入其他项目",
             "unchosen": "未选中", "opinion-given": "会签意见", "first-talk-recorded": "认定首谈",
             "reversed": "撤销"}  # fmt: skip
    return ended.get(kind, kind), reason


def _due(change: Mapping[str, Any], reason: str) -> str:
    asked = f"须于 {change['due_on']} 前答复" if change.get("due_on") else ""
    return "；".join(part for part in (reason, asked) if part)


def _activity(rows: Mapping[str, Any]) -> tuple[str, str]:
    kind = _first(rows, "activities", "kind")
    return f"记录活动：{ACTIVITIES.get(kind, kind)}", _first(rows, "activities", "summary")


def _first(rows: Mapping[str, Any], table: str, column: str) -> str:
    found = rows.get(table) or [{}]
    return str(found[0].get(column) or "")


def _who(actor: Mapping[str, Any], names: Names) -> str:
    if str(actor.get("id", "")).startswith("system:"):
        return "系统"
    organisation = names.organisation(actor.get("organisation"))
    return " · ".join(part for part in (organisation, actor.get("name")) if part)
