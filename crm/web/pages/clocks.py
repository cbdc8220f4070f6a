"""Clocks in words: how long is left or over, and how urgent that is (`due` of macros/marks.html)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from crm.domain.milestones import YI
from crm.domain.working_days import WorkCalendar, working_deadline
from crm.store.models import Project

SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Clock:
    """`state`: ok, soon, late, paused; `title` says the rule."""

    text: str
    state: str
    title: str = ""


def until(deadline: datetime, now: datetime, title: str = "") -> Clock:
    """What is left until a deadline."""
    left = deadline - now
    if left <= timedelta(0):
        return Clock(f"逾期 {_span(-left)}", "late", title)
    return Clock(f"剩 {_span(left)}", "soon" if left <= SOON else "ok", title)


def first_response(project: Project, now: datetime, calendar: WorkCalendar) -> Clock:
    """The bureau answers a report within one working day from 1亿 on, else within two (product.md)."""
    days = 1 if (project.investment or 0) >= YI else 2
    due = working_deadline(project.received_at, days, calendar)
    return until(due.at, now, f"首次响应：{days} 个工作日内")


def waited(since: datetime, now: datetime) -> str:
    return _span(now - since)


def _span(span: timedelta) -> str:
    hours = int(span.total_seconds() // 3600)
    if hours < 1:
        return f"{max(1, int(span.total_seconds() // 60))} 分钟"
    return f"{hours} 小时" if hours < 48 else f"{hours // 24} 天"
