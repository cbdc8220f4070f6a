"""Reports: the receipt given first, the lead it becomes, the people named in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from crm.store.models.base import Id, Model


class Receipt(Model):
    """A receipt (回执): given once, kept by corrections, mended dead letters and amended leads.

    `previous_hash` and `hash` are written by the sealer (identity issue); None until sealed.
    """

    __tablename__ = "receipts"
    receipt_no: Mapped[str] = mapped_column(String(64), primary_key=True)
    received_at: Mapped[datetime]
    organisation: Mapped[str] = mapped_column(String(64))
    source_ref: Mapped[str] = mapped_column(String(200))
    content_hash: Mapped[str] = mapped_column(String(64))
    channel: Mapped[str] = mapped_column(String(16))  # api, form, file, topic
    lead_id: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))  # received, processed, refused
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    hash: Mapped[str | None] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("organisation", "source_ref"),)


class Lead(Model):
    """One report by one organisation. `data` is the report in the units of the interface, without contacts.

    Verdict, stage and outcome are copied here from the project, so that the reporter never reads projects.
    """

    __tablename__ = "leads"
    id: Mapped[Id]
    version: Mapped[int]
    organisation: Mapped[str] = mapped_column(String(64))
    source_ref: Mapped[str] = mapped_column(String(200))
    receipt_no: Mapped[str] = mapped_column(String(64), unique=True)
    received_at: Mapped[datetime]
    reported_at: Mapped[datetime | None]
    content_hash: Mapped[str] = mapped_column(String(64))
    data: Mapped[dict[str, Any]]
    contact_ids: Mapped[list[str]]
    warnings: Mapped[list[str]]
    ignored: Mapped[list[str]]
    confidential: Mapped[bool]
    enterprise_id: Mapped[str | None] = mapped_column(String(64), index=True)
    project_id: Mapped[str | None] = mapped_column(String(64), index=True)
    protection: Mapped[str] = mapped_column(
        String(20)
    )  # none, unproven, valid, lapsed, existing_local, opening_balance
    protected_until: Mapped[datetime | None]
    project_stage: Mapped[str | None] = mapped_column(String(32))
    verdict: Mapped[str | None] = mapped_column(String(200))
    outcome: Mapped[str | None] = mapped_column(String(200))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("organisation", "source_ref"),
        Index("ix_leads_organisation_received_at", "organisation", "received_at"),
    )


class Contact(Model):
    """A person named in a report, encrypted with a key of its own (`crm/store/contacts.py`).

    Deleting the person destroys `sealed_key`; `secret` is then noise. Not part of history or dump.
    """

    __tablename__ = "contacts"
    id: Mapped[Id]
    lead_id: Mapped[str] = mapped_column(String(64), index=True)
    enterprise_id: Mapped[str | None] = mapped_column(String(64), index=True)
    sealed_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
