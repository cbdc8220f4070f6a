"""Facts about enterprises on `enterprises.changed`, as a table; keyed by enterprise id.

Read by `schemas/registry.py`. A wrong credit code travels as it is, marked `unverified`.
"""

from __future__ import annotations

from functools import partial

from schemas.events.fact import a_text, facts, text, texts
from schemas.fields import Choice, CreditCode
from schemas.topics import ENTERPRISES_CHANGED

_uscc = partial(CreditCode, allow_none=True, load_default=None)
_status = partial(Choice, ("verified", "unverified"), allow_none=True, load_default=None)

ENTERPRISE_EVENTS = facts(
    ENTERPRISES_CHANGED,
    (
        (
            "enterprise.registered",
            "登记一家企业；只涉保密项目的不具名。",
            {"name": text, "uscc": _uscc, "uscc_status": _status},
        ),
        ("enterprise.updated", "企业资料变更。", {"name": text, "uscc": _uscc, "uscc_status": _status}),
        ("enterprise.merge-proposed", "疑为同一企业，提议合并，待人确认。", {"other": a_text, "reasons": texts}),
        ("enterprise.merged", "经人确认并入另一企业。", {"into": a_text}),
    ),
)
