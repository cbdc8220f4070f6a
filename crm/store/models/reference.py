"""The reference pack in the database: one row a record of the pack, read back whole into a ReferencePack."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from crm.store.models.base import Model


class ReferenceRow(Model):
    """A record of the pack. kind: industry, node, link, park, district, organisation, class, word."""

    __tablename__ = "reference_rows"
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    code: Mapped[str] = mapped_column(String(80), primary_key=True)
    data: Mapped[dict[str, Any]]


class ReferenceState(Model):
    """Which pack is loaded; one row."""

    __tablename__ = "reference_state"
    id: Mapped[int] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(String(64))
    loaded_at: Mapped[datetime]
