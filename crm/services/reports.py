"""Checking a report against the contract and the city's codes: the same for API, form, file and topic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from crm.domain.errors import FieldError, Invalid
from schemas.envelope import MAX_RECORD_BYTES
from schemas.events.leads import Codes, content_hash, load_lead
from schemas.faults import SchemaError
from schemas.fields import credit_code_status

ENVELOPE_ROOM = 4_096  # what the envelope adds around `data`


@dataclass(frozen=True, slots=True)
class CheckedReport:
    """A report that passed. `data`: normalised, with `enterprise.uscc_status` added; `raw`: as it came."""

    organisation: str
    raw: Mapping[str, Any]
    data: dict[str, Any]
    content_hash: str
    warnings: tuple[str, ...]
    ignored: tuple[str, ...]

    @property
    def place(self) -> tuple[str, str]:
        return self.organisation, self.data["source_ref"]


def check_report(organisation: str, raw: Any, codes: Codes) -> CheckedReport:
    """Raises SchemaError naming every field at fault."""
    if isinstance(raw, Mapping) and _size(raw) > MAX_RECORD_BYTES - ENVELOPE_ROOM:
        raise SchemaError(("data", f"一条报送不能超过 {MAX_RECORD_BYTES // 1024} KB"))
    loaded = load_lead(raw, codes)
    digest = content_hash(loaded.data)
    data = dict(loaded.data)
    if code := data.get("enterprise", {}).get("uscc"):
        data["enterprise"] = {**data["enterprise"], "uscc_status": credit_code_status(code)}
    return CheckedReport(organisation, raw, data, digest, loaded.warnings, loaded.ignored)


def _size(raw: Mapping[str, Any]) -> int:
    try:
        return len(orjson.dumps(raw))
    except (TypeError, orjson.JSONEncodeError):
        return 0  # not JSON at all: load_lead names the field


def as_invalid(error: SchemaError) -> Invalid:
    return Invalid(*(FieldError(field, message) for field, message in error.errors))


def as_reported(data: Mapping[str, Any]) -> dict[str, Any]:
    """The report as its reporter sent it: without what we derived."""
    shown = dict(data)
    if "enterprise" in shown:
        shown["enterprise"] = {name: value for name, value in shown["enterprise"].items() if name != "uscc_status"}
    return shown
