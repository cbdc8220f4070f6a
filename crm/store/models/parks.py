"""Carriers (载体): buildings and units that can take a project. Parks themselves are reference rows."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Float, String
from sqlalchemy.orm import Mapped, mapped_column

from crm.store.models.base import Id, Model


class Carrier(Model):
    """A building or unit. area: ㎡; height: m; load: t/㎡; power: kVA. None is unknown, never zero.

    state: free, held, let. `checked_on`: when somebody last saw it.
    """

    __tablename__ = "carriers"
    id: Mapped[Id]  # the carrier's code
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    operator: Mapped[str] = mapped_column(String(64), index=True)
    park: Mapped[str | None] = mapped_column(String(64), index=True)
    district: Mapped[str | None] = mapped_column(String(64), index=True)
    free_area: Mapped[float | None] = mapped_column(Float)
    total_area: Mapped[float | None] = mapped_column(Float)
    storey: Mapped[int | None]
    height_m: Mapped[float | None] = mapped_column(Float)
    load_t_m2: Mapped[float | None] = mapped_column(Float)
    power_kva: Mapped[float | None] = mapped_column(Float)
    fire_class: Mapped[str | None] = mapped_column(String(16))
    accepts_risks: Mapped[list[str]]
    refuses_risks: Mapped[list[str]]
    state: Mapped[str] = mapped_column(String(16))
    checked_on: Mapped[date | None]
    demo: Mapped[bool]
    updated_at: Mapped[datetime]
