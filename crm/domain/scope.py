"""Who may see which rows (product.md, "sees"), said once for SQL and for search.

`crm/store/queries/scope.py` turns it into WHERE clauses, `access_of` into the access tokens a search query carries,
`crm/services/documents.py` gives documents their tokens by `*_access` below.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crm.domain.actors import Actor, Role

BUREAU_WIDE = frozenset({Role.DISPATCHER, Role.LIAISON, Role.LEADER, Role.ADMIN})
"""Roles that see everything but confidential projects."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an actor sees. `districts`: its district and that district's children, for district officers."""

    actor: Actor
    districts: tuple[str, ...] = ()

    @property
    def city_wide(self) -> bool:
        return self.actor.role in BUREAU_WIDE


def access_of(scope: Scope) -> tuple[str, ...]:
    """The access tokens of a search query by this actor."""
    actor = scope.actor
    tokens = ["public", f"user:{actor.id}"]
    if scope.city_wide:
        tokens.append("bureau")
    elif actor.role is Role.REPORTER:
        tokens.append(f"org:{actor.organisation}")
    elif actor.role is Role.DISTRICT:
        tokens.append(f"org:{actor.organisation}")
        tokens.extend(f"district:{code}" for code in scope.districts)
    elif actor.role is Role.CARRIER:
        tokens.append(f"operator:{actor.organisation}")
    elif actor.role is Role.DEPARTMENT:
        tokens.append(f"department:{actor.organisation}")
    return tuple(tokens)


def project_access(
    confidential: bool, districts: Iterable[str], departments: Iterable[str], readers: Iterable[str]
) -> tuple[str, ...]:
    """Tokens of a project's (and its enterprise's) document."""
    if confidential:
        return tuple(f"user:{reader}" for reader in readers)
    return (
        "bureau",
        *(f"district:{code}" for code in dict.fromkeys(districts)),
        *(f"department:{code}" for code in dict.fromkeys(departments)),
    )


def lead_access(confidential: bool, organisation: str, readers: Iterable[str]) -> tuple[str, ...]:
    """Tokens of a lead's document: its reporter always, the bureau unless confidential."""
    if confidential:
        return (f"org:{organisation}", *(f"user:{reader}" for reader in readers))
    return ("bureau", f"org:{organisation}")
