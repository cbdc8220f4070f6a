"""Nightly job: what may not be kept is erased: old dead letters and bus records (contacts in the clear), dead sessions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete

from crm.services.dead_letters import KEPT, erase_old
from crm.store.models import IndexRequest, LoginSession, RateWindow, Submission
from crm.store.unit_of_work import unit_of_work
from crm.wiring import Deployment


def erase_old_messages(deployment: Deployment) -> int:
    """How many rows went."""
    tools = deployment.tools
    with unit_of_work(tools.database, tools.clock) as unit:
        gone = erase_old(unit)
        week_ago = unit.now - timedelta(days=7)
        for condition in (
            LoginSession.expires_at < unit.now,
            RateWindow.hour < week_ago,
            IndexRequest.created_at < week_ago,
            Submission.created_at < unit.now - KEPT,
        ):
            table: Any = condition.left.table
            gone += int(getattr(unit.session.execute(delete(table).where(condition)), "rowcount", 0))
    return gone + deployment.bus.expire()
