"""How far what is shown lies behind what is stored: the wait for the relay plus the wait for a consumer.

Kept in the web, since services never touch the bus. Read by `/search`, the pages' footer and `/metrics`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from crm.store.leases import ALIVE, running
from crm.store.models import DeadLetter, OutboxMark
from crm.wiring import Deployment
from schemas.topics import (
    DOCUMENTS_RAISED,
    ENTERPRISES_CHANGED,
    LEADS_CHANGED,
    LEADS_SUBMITTED,
    PARKS_CHANGED,
    PROJECTS_CHANGED,
    feed_topic,
)

PROJECTED = (LEADS_CHANGED, PROJECTS_CHANGED, ENTERPRISES_CHANGED, PARKS_CHANGED, DOCUMENTS_RAISED)
SEARCH_GROUP = "search-projector"
INTAKE_GROUP = "lead-intake"
PARTS = (INTAKE_GROUP, SEARCH_GROUP, "outbox-relay", "scheduler")


@dataclass(frozen=True, slots=True)
class Waiting:
    """Things not dealt with yet: how many, and the age of the oldest in seconds."""

    count: int
    oldest_seconds: float


def index_lag_seconds(deployment: Deployment) -> float:
    """Age of the oldest change that search does not show yet; 0 when it shows all."""
    outbox = outbox_waiting(deployment, PROJECTED)
    return max(outbox.oldest_seconds, group_waiting(deployment, SEARCH_GROUP, PROJECTED).oldest_seconds)


def group_waiting(deployment: Deployment, group: str, topics: Sequence[str]) -> Waiting:
    """Records that `group` has not committed."""
    lag = deployment.bus.lag(group, topics)
    return Waiting(lag.records, _age(deployment, lag.oldest))


def outbox_waiting(deployment: Deployment, topics: Sequence[str] = ()) -> Waiting:
    """Marks the relay has not published, of these topics or of all."""
    statement = select(func.count(), func.min(OutboxMark.created_at))
    if topics:
        statement = statement.where(OutboxMark.topic.in_(topics))
    with deployment.tools.database.read() as session:
        count, oldest = session.execute(statement).one()
    return Waiting(count, _age(deployment, oldest))


def open_letters(deployment: Deployment) -> int:
    """Refused records nobody settled."""
    statement = select(func.count()).select_from(DeadLetter).where(DeadLetter.state.in_(("open", "mended")))
    with deployment.tools.database.read() as session:
        return session.scalar(statement) or 0


def parts_alive(deployment: Deployment) -> dict[str, int]:
    """Live processes of each part, by their last heartbeat (`crm/cli/processes.py`)."""
    with deployment.tools.database.read() as session:
        beating = running(session, ALIVE, deployment.tools.clock.now())
    counts = Counter(name.removeprefix(ALIVE).partition("@")[0] for name in beating)
    return {part: counts[part] for part in PARTS}


def intake_topics(deployment: Deployment) -> tuple[str, ...]:
    """The gateway's topic and the feed of each reporting organisation."""
    organisations = deployment.tools.reference.pack().organisations.values()
    return (LEADS_SUBMITTED, *(feed_topic(row.code) for row in organisations if row.reports))


def _age(deployment: Deployment, since: datetime | None) -> float:
    if since is None:
        return 0.0
    return max(0.0, round((deployment.tools.clock.now() - since).total_seconds(), 3))
