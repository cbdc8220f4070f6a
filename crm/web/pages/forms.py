"""Reading posted forms: texts, days and versions as the services want them, faults with the field's name.

And telling the outcome: `told` turns a refusal of a service into a message on the next page.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from urllib.parse import urlsplit

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from crm.domain.errors import CrmError, Invalid, Stale

LONGEST = 10_000


def text(name: str, *, required: bool = False, longest: int = LONGEST) -> str:
    """A posted text, trimmed. Raises Invalid."""
    value = request.form.get(name, "").replace("\x00", "").strip()
    if required and not value:
        raise Invalid.of(name, "请填写")
    if len(value) > longest:
        raise Invalid.of(name, f"最多 {longest} 个字")
    return value


def day(name: str, *, required: bool = False) -> date | None:
    """A posted day. Raises Invalid."""
    value = text(name, required=required)
    try:
        return date.fromisoformat(value) if value else None
    except ValueError as error:
        raise Invalid.of(name, "日期应为 年-月-日") from error


def required_day(name: str) -> date:
    found = day(name, required=True)
    assert found is not None  # noqa: S101 (required=True raised otherwise)
    return found


def version() -> int:
    """The version the form was made from: the page's If-Match. Raises Stale without one."""
    value = request.form.get("version", "")
    if not value.isdigit():
        raise Stale("表单缺少版本，请刷新后重试")
    return int(value)


def own_path(value: str, otherwise: str) -> str:
    """A path of this application to go back to; anything that could lead elsewhere is not followed."""
    parts = urlsplit(value)
    safe = value.startswith("/") and not value.startswith("//") and "\\" not in value and not parts.netloc
    return value if safe and not parts.scheme else otherwise


def sentence(error: CrmError) -> str:
    """What a person reads of a refusal: without the names of fields."""
    return "；".join(fault.message for fault in error.errors) if isinstance(error, Invalid) else str(error)


def faults(error: CrmError) -> Mapping[str, str]:
    """The faults of a form by field."""
    return {fault.field: fault.message for fault in error.errors} if isinstance(error, Invalid) else {}


def done(message: str, place: str) -> Response:
    """Go on, and say what happened."""
    flash(message, "success")
    return redirect(place, 303)
