"""Demonstration accounts: one a role, passwords made here and kept in the data folder, readable by its owner only.

Passwords are never printed nor logged: people are told where the file lies. Read by the sign-in page (e-mails only).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
from sqlalchemy import select

from crm.config import Settings
from crm.domain.actors import Actor, Role, system
from crm.domain.errors import Conflict
from crm.domain.reference import ReferencePack
from crm.services.accounts import KINDS_OF_ROLE, create_user
from crm.services.tools import Tools
from crm.store.models import User

DOMAIN = "demo.invalid"
WANTED = {
    Role.REPORTER: "AG-SH",
    Role.DISPATCHER: "BUREAU",
    Role.DISTRICT: "KHTD",
    Role.CARRIER: "OP-P003",
    Role.DEPARTMENT: "DEPT-STHJ",
    Role.LIAISON: "OFFICE",
    Role.LEADER: "OFFICE",
    Role.ADMIN: "BUREAU",
}
"""Organisations of the Kunshan pack; another city's takes the first organisation that fits the role."""
FIRST_USER = ".venv/bin/crm users create --email … --organisation BUREAU --role admin"


@dataclass(frozen=True, slots=True)
class Account:
    email: str
    role: Role
    organisation: str
    password: str
    actor: Actor


def accounts_file(settings: Settings) -> Path:
    return settings.data_dir / "demo-accounts.json"


def create_accounts(tools: Tools) -> list[Account]:
    """One account a role."""
    pack = tools.reference.pack()
    return [_create(tools, role, _organisation(pack, role)) for role in Role]


def _organisation(pack: ReferencePack, role: Role) -> str:
    if WANTED[role] in pack.organisations:
        return WANTED[role]
    fitting = (
        code
        for code, row in sorted(pack.organisations.items())
        if row.kind in KINDS_OF_ROLE[role] and (row.reports or role is not Role.REPORTER)
    )
    return next(fitting)


def _create(tools: Tools, role: Role, organisation: str) -> Account:
    email = f"{role}@{DOMAIN}"
    password = create_user(tools, system("demo"), email=email, organisation=organisation, role=role, password=None)
    if password is None:
        raise Conflict(f"{email} 已存在，请先清除演示数据")
    with tools.database.read() as session:
        user_id = session.scalars(select(User.id).where(User.email == email)).one()
    return Account(email, role, organisation, password, Actor(f"user:{user_id}", organisation, role, str(role)))


def keep(settings: Settings, accounts: Sequence[Account]) -> None:
    """Write the accounts, passwords included, for their owner's eyes."""
    listed = [
        {"email": a.email, "role": str(a.role), "organisation": a.organisation, "password": a.password}
        for a in accounts
    ]
    path = accounts_file(settings)
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(orjson.dumps(listed, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def describe_accounts(tools: Tools) -> str:
    """Who can sign in and where the passwords lie; without demonstration data, how to make the first user."""
    path = accounts_file(tools.settings)
    if not path.exists():
        return f"没有演示账号。创建第一个用户：{FIRST_USER}"
    listed = orjson.loads(path.read_bytes())
    lines = [f"演示账号（密码在 {path}，仅本机本用户可读）："]
    lines += [f"  {account['email']}  {account['role']}  {account['organisation']}" for account in listed]
    return "\n".join(lines)
