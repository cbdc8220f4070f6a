"""Enterprises and the keys that identify them (`crm/store/identity.py`)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from crm.store.models.base import Id, Model


class Enterprise(Model):
    """A legal entity, folded from its reports in the order of receipt. registered_capital: 元."""

    __tablename__ = "enterprises"
    id: Mapped[Id]
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(200))
    uscc: Mapped[str | None] = mapped_column(String(64))
    uscc_status: Mapped[str] = mapped_column(String(16))  # verified, unverified, none
    aliases: Mapped[list[str]]
    former_names: Mapped[list[str]]
    english_name: Mapped[str | None] = mapped_column(String(200))
    parent_name: Mapped[str | None] = mapped_column(String(200))
    province: Mapped[str | None] = mapped_column(String(200))
    city: Mapped[str | None] = mapped_column(String(200))
    origin: Mapped[str | None] = mapped_column(String(16))
    country: Mapped[str | None] = mapped_column(String(200))
    main_business: Mapped[str] = mapped_column(Text)
    business_scope: Mapped[str] = mapped_column(Text)
    gbt4754: Mapped[list[str]]
    registered_capital: Mapped[int | None] = mapped_column(BigInteger)
    headcount: Mapped[int | None] = mapped_column(BigInteger)
    honours: Mapped[list[str]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class EnterpriseKey(Model):
    """A key that identifies: kind `uscc` or `name`, unique; two enterprises never share one."""

    __tablename__ = "enterprise_keys"
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    value: Mapped[str] = mapped_column(String(400), primary_key=True)
    enterprise_id: Mapped[str] = mapped_column(String(64), index=True)


class EnterpriseHint(Model):
    """A name that may point to an enterprise (former, short, English): evidence, never identity."""

    __tablename__ = "enterprise_hints"
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    value: Mapped[str] = mapped_column(String(400), primary_key=True)
    enterprise_id: Mapped[str] = mapped_column(String(64), primary_key=True)

    __table_args__ = (Index("ix_enterprise_hints_enterprise_id", "enterprise_id"),)


class MergeProposal(Model):
    """A report tied two enterprises together: a person decides."""

    __tablename__ = "merge_proposals"
    id: Mapped[Id]
    version: Mapped[int]
    enterprise_a: Mapped[str] = mapped_column(String(64), index=True)
    enterprise_b: Mapped[str] = mapped_column(String(64), index=True)
    lead_id: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(Text)
    evidence: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))  # open, merged, refused
    created_at: Mapped[datetime]
