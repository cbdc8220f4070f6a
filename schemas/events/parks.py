"""Facts about parks and carriers on `parks.changed`, as a table; keyed by park code or carrier id.

Read by `schemas/registry.py`. Areas in ㎡.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from schemas.events.fact import FieldMaker, a_code, a_text, code, facts, text
from schemas.fields import Area, ZonedTime
from schemas.topics import PARKS_CHANGED

_area = partial(Area, allow_none=True, load_default=None)
_checked = partial(ZonedTime, allow_none=True, load_default=None)
_CARRIER: Mapping[str, FieldMaker] = {"park": code, "district": code, "state": text, "area": _area}

PARK_EVENTS = facts(
    PARKS_CHANGED,
    (
        ("park.updated", "园区资料变更。", {"code": a_code}),
        ("park.check-asked", "请园区核实一项硬条件，不含企业信息。", {"park": a_code, "constraint": a_text}),
        (
            "park.check-answered",
            "园区答复一项核实：meets 可以，breaks 不行。",
            {"park": a_code, "constraint": a_text, "verdict": a_text},
        ),
        ("carrier.registered", "登记一处载体（房源或楼宇），面积单位 ㎡。", _CARRIER),
        ("carrier.updated", "载体状态或资料变更。", {**_CARRIER, "checked_at": _checked}),
    ),
)
