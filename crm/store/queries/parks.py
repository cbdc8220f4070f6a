"""Reading carriers inside a scope. Parks themselves are public facts of the reference pack (`Tools.reference`)."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm.domain.scope import Scope
from crm.store.models import Carrier
from crm.store.queries.paging import Order, Page
from crm.store.queries.scope import visible_carriers


@dataclass(frozen=True, slots=True)
class CarrierFilter:
    """AND between fields, OR inside one. `least_area`: free ㎡; unknown areas are left out then."""

    parks: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    least_area: float | None = None
    cursor: str | None = None
    size: int = 50


def list_carriers(session: Session, scope: Scope, wanted: CarrierFilter) -> Page:
    """A page of carriers by code. Raises Invalid for a cursor that is none of ours."""
    statement = select(Carrier).where(visible_carriers(scope))
    pairs = ((Carrier.park, wanted.parks), (Carrier.district, wanted.districts), (Carrier.state, wanted.states))
    for column, values in pairs:
        if values:
            statement = statement.where(column.in_(values))
    if wanted.least_area is not None:
        statement = statement.where(Carrier.free_area >= wanted.least_area)
    order = Order(Carrier.id, Carrier.id, descending=False)
    return order.page(session.scalars(order.apply(statement, wanted.cursor, wanted.size)).all(), wanted.size)
