"""Who acts: one membership or one token, never the union of several.

Scope and permission follow from `role` and `organisation` alone; they are decided in
`crm/store/queries/scope.py` (rows) and `crm/domain/permissions.py` (verbs).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Roles of product.md; the values stand in tokens, memberships and the interface."""

    REPORTER = "reporter"
    DISPATCHER = "dispatcher"
    DISTRICT = "district"
    CARRIER = "carrier"
    DEPARTMENT = "department"
    LIAISON = "liaison"
    LEADER = "leader"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """An actor: `id` is `user:…`, `token:…` or `system:…`; `organisation` is a code of the reference pack."""

    id: str
    organisation: str
    role: Role
    name: str = ""


SYSTEM_ORGANISATION = "BUREAU"


def system(name: str) -> Actor:
    """The actor of work that no person started (intake, a nightly job)."""
    return Actor(id=f"system:{name}", organisation=SYSTEM_ORGANISATION, role=Role.ADMIN, name=name)
