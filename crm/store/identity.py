"""Identity keys: what makes two reports the same enterprise.

A verified credit code and the normalised full name identify, each value belonging to one enterprise for good;
other names are hints. Every intake locks all keys of its reports in sorted order before it looks them up, so two
workers can never both find "nobody" (SQLite has one writer and needs no lock).
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crm.store.key_lists import in_keys
from crm.store.models import EnterpriseHint, EnterpriseKey
from search.names import fold_name, name_key

Key = tuple[str, str]
CHUNK = 500


def keys_of(enterprise: Mapping[str, Any]) -> tuple[Key, ...]:
    """The identifying keys of a reported enterprise, the code first."""
    keys: list[Key] = []
    if enterprise.get("uscc_status") == "verified":
        keys.append(("uscc", enterprise["uscc"]))
    if enterprise.get("name") and (key := name_key(enterprise["name"])):
        keys.append(("name", key[:400]))
    return tuple(keys)


def hints_of(profile: Mapping[str, Any]) -> tuple[Key, ...]:
    """Names that may point to it: former, short, English."""
    found = [("former", name) for name in profile.get("former_names") or []]
    found += [("short", name) for name in profile.get("aliases") or []]
    if profile.get("english_name"):
        found.append(("english", profile["english_name"]))
    return tuple(dict.fromkeys((kind, fold_name(name)[:400]) for kind, name in found))


def lock_keys(session: Session, keys: Iterable[Key]) -> None:
    """Hold the keys until the transaction ends; sorted, so that no two transactions wait for each other."""
    if session.get_bind().dialect.name == "sqlite":
        return
    numbers = sorted({_number(key) for key in keys})
    if numbers:
        session.execute(text("SELECT pg_advisory_xact_lock(n) FROM unnest(CAST(:n AS bigint[])) AS n"), {"n": numbers})


def hold_free_keys(session: Session, keys: Collection[Key]) -> frozenset[Key]:
    """Hold those of the keys that nobody else holds until the transaction ends, without waiting; those that are held
    elsewhere."""
    if session.get_bind().dialect.name == "sqlite" or not keys:
        return frozenset()
    numbers = {key: _number(key) for key in keys}
    statement = text("SELECT n FROM unnest(CAST(:n AS bigint[])) AS n WHERE NOT pg_try_advisory_xact_lock(n)")
    held = set(session.scalars(statement, {"n": sorted(set(numbers.values()))}))
    return frozenset(key for key, number in numbers.items() if number in held)


def _number(key: Key) -> int:
    joined = "\x1f".join(key).encode()
    return (zlib.crc32(joined) << 31) ^ zlib.adler32(joined)


def owners(session: Session, keys: Collection[Key]) -> dict[Key, str]:
    """Which enterprise holds which key."""
    rows = session.execute(
        select(EnterpriseKey.kind, EnterpriseKey.value, EnterpriseKey.enterprise_id).where(
            in_keys(session, (EnterpriseKey.kind, EnterpriseKey.value), keys)
        )
    )
    return {(kind, value): owner for kind, value, owner in rows}


def key_rows(keys: Iterable[Key], enterprise_id: str) -> list[dict[str, str]]:
    return [{"kind": kind, "value": value, "enterprise_id": enterprise_id} for kind, value in keys]


HINT_TABLE = EnterpriseHint.__tablename__
KEY_TABLE = EnterpriseKey.__tablename__
