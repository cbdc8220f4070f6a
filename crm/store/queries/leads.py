"""Reading leads and receipts inside a scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.domain.actors import Role
from crm.domain.errors import Invalid, NotFound
from crm.domain.scope import Scope
from crm.store.models import Lead, Receipt
from crm.store.queries.paging import Order, Page
from crm.store.queries.scope import visible_leads

SORTS = {"received_at": Lead.received_at, "updated_at": Lead.updated_at}


@dataclass(frozen=True, slots=True)
class LeadFilter:
    """`states`: project stages as copied to the lead."""

    organisations: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    source_ref: str | None = None
    enterprise_id: str | None = None
    sort: str = "-received_at"
    cursor: str | None = None
    size: int = 20


def list_leads(session: Session, scope: Scope, wanted: LeadFilter) -> Page:
    """A page of leads. Raises Invalid for an unknown sort or cursor."""
    column = SORTS.get(wanted.sort.removeprefix("-"))
    if column is None:
        raise Invalid.of("sort", f"不能按 {wanted.sort} 排序，可用：{'、'.join(SORTS)}")
    order = Order(column, Lead.id, wanted.sort.startswith("-"))
    statement = select(Lead).where(visible_leads(scope))
    if wanted.organisations:
        statement = statement.where(Lead.organisation.in_(wanted.organisations))
    if wanted.stages:
        statement = statement.where(Lead.project_stage.in_(wanted.stages))
    if wanted.source_ref is not None:
        statement = statement.where(Lead.source_ref == wanted.source_ref)
    if wanted.enterprise_id is not None:
        statement = statement.where(Lead.enterprise_id == wanted.enterprise_id)
    rows = session.scalars(order.apply(statement, wanted.cursor, wanted.size)).all()
    return order.page(rows, wanted.size)


def get_lead(session: Session, scope: Scope, lead_id: str) -> Lead:
    """Raises NotFound, outside the scope too."""
    lead = session.scalar(select(Lead).where(Lead.id == lead_id, visible_leads(scope)))
    if lead is None:
        raise NotFound("没有这条线索")
    return lead


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """A receipt as its holder may see it (interface.md)."""

    receipt_no: str
    received_at: datetime
    state: str
    protection: str
    protected_until: datetime | None
    lead_id: str | None
    project_stage: str | None
    organisation: str
    source_ref: str


def get_receipt(session: Session, scope: Scope, receipt_no: str) -> ReceiptView:
    """Raises NotFound, for another organisation's receipt too."""
    statement = select(Receipt, Lead).outerjoin(Lead, Lead.receipt_no == Receipt.receipt_no)
    found = session.execute(statement.where(Receipt.receipt_no == receipt_no)).one_or_none()
    if found is None or not _may_see(session, scope, found[0], found[1]):
        raise NotFound("没有这个回执")
    receipt, lead = found
    return ReceiptView(
        receipt_no=receipt.receipt_no,
        received_at=receipt.received_at,
        state=receipt.state,
        protection=lead.protection if lead else "none",
        protected_until=lead.protected_until if lead else None,
        lead_id=lead.id if lead else None,
        project_stage=lead.project_stage if lead else None,
        organisation=receipt.organisation,
        source_ref=receipt.source_ref,
    )


def _may_see(session: Session, scope: Scope, receipt: Receipt, lead: Lead | None) -> bool:
    if lead is not None:
        return session.scalar(select(Lead.id).where(Lead.id == lead.id, visible_leads(scope))) is not None
    own = receipt.organisation == scope.actor.organisation and scope.actor.role in (Role.REPORTER, Role.DISTRICT)
    return own or scope.city_wide
