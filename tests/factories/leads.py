"""Reports as their senders write them: the `data` of a lead, and the CloudEvent around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from crm.bus.port import Delivered
from tests.factories.companies import company

APPENDED = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


def lead_data(number: int = 1, **parts: Any) -> dict[str, Any]:
    """A whole report about `company(number)`. `enterprise` and `project` are laid over the parts; other keys replace.

    A part given as None, or a field given as None, is left out.
    """
    who = company(number)
    data: dict[str, Any] = {
        "source_ref": f"T-2026-{number:05d}",
        "enterprise": {
            "name": who.name,
            "uscc": who.uscc,
            "province": who.province,
            "city": who.city,
            "origin": "mainland",
            "main_business": "柔性线路板与精密连接器的研发、生产",
            "registered_capital": 5000,
        },
        "project": {
            "title": f"{who.short}华东生产基地",
            "summary": "建设柔性线路板生产线，需要标准厂房。",
            "kind": "new",
            "site_mode": "lease",
            "investment": 8000,
            "floor_area": 6000,
        },
        "contacts": [{"name": "裴听澜", "title": "投资总监", "phone": "13900001234", "email": "pei@example.invalid"}],
        "last_contact": {"date": "2026-02-20", "with": "裴听澜"},
        "reported_at": "2026-03-02T09:00:00+08:00",
    }
    for key, value in parts.items():
        laid_over = isinstance(value, Mapping) and isinstance(data.get(key), Mapping)
        data[key] = {**data[key], **value} if laid_over else value
    return {key: _without_none(value) for key, value in data.items() if value is not None}


def named(number: int, *, with_code: bool = True, name: str | None = None, **parts: Any) -> dict[str, Any]:
    """A report naming `company(number)`, with or without its code."""
    who = company(number)
    enterprise = {"name": name or who.name, "uscc": who.uscc if with_code else None, **parts.pop("enterprise", {})}
    return lead_data(number, enterprise=enterprise, **parts)


def team(number: int = 1, **parts: Any) -> dict[str, Any]:
    """A report of a team without a name."""
    return lead_data(number, enterprise=None, project={"kind": "team", "title": None}, **parts) | {
        "enterprise": {"main_business": "固态电池电解质"}
    }


def _without_none(value: Any) -> Any:
    return {name: item for name, item in value.items() if item is not None} if isinstance(value, dict) else value


def cloud_event(organisation: str, event_id: str, data: object, **attributes: Any) -> bytes:
    """A CloudEvent carrying a report; `attributes` replace context attributes, None leaves one out."""
    event = {
        "specversion": "1.0",
        "id": event_id,
        "source": f"/organisations/{organisation}",
        "type": "lead.submitted.v1",
        "time": "2026-03-02T09:30:00+08:00",
        "datacontenttype": "application/json",
        "data": data,
    } | attributes
    return orjson.dumps({name: value for name, value in event.items() if value is not None})


def delivered(value: bytes, offset: int = 0, *, topic: str = "leads.submitted", **changes: Any) -> Delivered:
    """A record as a consumer gets it."""
    fields: dict[str, Any] = {"key": b"k", "headers": {}, "appended_at": APPENDED, "partition": 0}
    return Delivered(topic=topic, offset=offset, value=value, **{**fields, **changes})
