"""Who acts in the demonstration year: the account holders where there is one, invented colleagues elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crm.demo.accounts import Account
from crm.domain.actors import SYSTEM_ORGANISATION, Actor, Role


@dataclass(frozen=True, slots=True)
class Officers:
    """`holders`: the account holder of each role."""

    holders: Mapping[Role, Actor]

    @classmethod
    def of(cls, accounts: Sequence[Account]) -> Officers:
        return cls({account.role: account.actor for account in accounts})

    @property
    def dispatcher(self) -> Actor:
        return self.holders[Role.DISPATCHER]

    @property
    def second_dispatcher(self) -> Actor:
        """Confirms what the dispatcher claimed: nobody confirms a claim of his own."""
        return Actor("user:demo-dispatcher-2", SYSTEM_ORGANISATION, Role.DISPATCHER)

    @property
    def administrator(self) -> Actor:
        return self.holders[Role.ADMIN]

    @property
    def home(self) -> str:
        """The district of the district account."""
        return self.holders[Role.DISTRICT].organisation

    @property
    def department(self) -> str:
        return self.holders[Role.DEPARTMENT].organisation

    def officer(self, district: str) -> Actor:
        return self.holders[Role.DISTRICT] if district == self.home else _invented(district, 1)

    def colleague(self, district: str) -> Actor:
        return _invented(district, 2)


def _invented(district: str, number: int) -> Actor:
    return Actor(f"user:demo-{district}-{number}", district, Role.DISTRICT)
