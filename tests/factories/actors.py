"""Who acts in tests: actors of organisations of the Kunshan pack."""

from __future__ import annotations

from crm.domain.actors import Actor, Role, system

CLI = system("cli")


def reporter(organisation: str = "AG-BJ", actor_id: str = "user:reporter") -> Actor:
    return Actor(actor_id, organisation, Role.REPORTER)


def dispatcher(actor_id: str = "user:dispatcher") -> Actor:
    return Actor(actor_id, "BUREAU", Role.DISPATCHER)


def second_dispatcher() -> Actor:
    return dispatcher("user:dispatcher-2")


def officer(district: str = "KETD", actor_id: str = "user:officer") -> Actor:
    return Actor(actor_id, district, Role.DISTRICT)


def colleague(district: str = "KETD") -> Actor:
    return officer(district, "user:colleague")


def department(code: str = "DEPT-STHJ") -> Actor:
    return Actor("user:department", code, Role.DEPARTMENT)


def operator(code: str = "OP-P003") -> Actor:
    return Actor("user:operator", code, Role.CARRIER)


def liaison() -> Actor:
    return Actor("user:liaison", "OFFICE", Role.LIAISON)


def leader() -> Actor:
    return Actor("user:leader", "OFFICE", Role.LEADER)


def admin() -> Actor:
    return Actor("user:admin", "BUREAU", Role.ADMIN)
