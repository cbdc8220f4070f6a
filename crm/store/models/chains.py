"""What officers change about matching: edits of the chain graph, answers of parks, re-matching runs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.store.models.base import Id, Model

CODE = String(64)


class ChainEdit(Model):
    """One change of words, graph or weights, proposed by one actor and decided by another.

    kind and data: `crm/domain/chain_edits.py`. state: proposed, live, refused, withdrawn. `trial`: what the evaluation cases
    said of it when it was proposed.
    """

    __tablename__ = "chain_edits"
    id: Mapped[Id]
    version: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    data: Mapped[dict[str, Any]]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text)
    trial: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16), index=True)
    proposed_by: Mapped[str] = mapped_column(String(80))
    proposed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    decision_reason: Mapped[str | None] = mapped_column(Text)


class ParkCheck(Model):
    """A question to a park's operator about one constraint of one project, which the operator does not see.

    `text`: the need as a sentence without the enterprise. state: open, meets, breaks, withdrawn.
    """

    __tablename__ = "park_checks"
    id: Mapped[Id]
    version: Mapped[int]
    project_id: Mapped[str] = mapped_column(CODE, index=True)
    park: Mapped[str] = mapped_column(CODE)
    constraint: Mapped[str] = mapped_column(String(32))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(16))
    note: Mapped[str | None] = mapped_column(Text)
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(String(80))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None] = mapped_column(String(80))

    __table_args__ = (Index("ix_park_checks_park_state", "park", "state", "asked_at"),)


class RematchRun(Model):
    """One matching anew of the projects not yet dispatched: counted first, applied when a person says so.

    state: asked, counting, counted, approved, applying, applied, dropped. `report`: what would change, and examples.
    """

    __tablename__ = "rematch_runs"
    id: Mapped[Id]
    state: Mapped[str] = mapped_column(String(16), index=True)
    reference_version: Mapped[str | None] = mapped_column(CODE)
    total: Mapped[int]
    done: Mapped[int]
    changed: Mapped[int]
    last_project: Mapped[str] = mapped_column(CODE)
    report: Mapped[dict[str, Any]]
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    approved_by: Mapped[str | None] = mapped_column(String(80))
    updated_at: Mapped[datetime]
