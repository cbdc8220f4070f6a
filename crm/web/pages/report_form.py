"""The report form's fields: posted values ↔ the lead's `data` of interface.md. One list, read in both directions.

The same fields serve the correction of a lead (`crm/web/pages/leads.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from crm.services.pasted_text import plain_amount

SUMMARY = "project.summary"
LABELS: dict[str, str] = {
    "source_ref": "报送编号", "enterprise.name": "企业名称", "enterprise.uscc": "统一社会信用代码",
    "enterprise.main_business": "做什么", "enterprise.aliases": "简称", "enterprise.english_name": "英文名",
    "enterprise.province": "省份", "enterprise.city": "城市", "enterprise.origin": "资本来源",
    "enterprise.country": "国别或地区", "enterprise.business_scope": "经营范围",
    "enterprise.registered_capital": "注册资本", "project.title": "项目名称", SUMMARY: "补充说明",
    "project.kind": "项目类型", "project.site_mode": "选址方式", "project.investment": "计划投资",
    "project.fixed_assets": "固定资产投资", "project.floor_area": "需要厂房或办公", "project.land": "需要土地",
    "project.jobs": "就业人数", "project.process_risks": "工艺风险", "project.start_month": "计划开工",
    "project.preferred_districts": "意向区镇", "contacts.0.name": "联系人", "contacts.0.title": "职务",
    "contacts.0.phone": "电话", "contacts.0.email": "邮箱", "last_contact.date": "最近洽谈", "last_contact.with": "和谁谈",
    "confidential": "保密项目",
}  # fmt: skip
LISTS = {"enterprise.aliases", "project.process_risks", "project.preferred_districts"}
AMOUNTS = (
    "project.investment",
    "project.fixed_assets",
    "project.floor_area",
    "project.land",
    "enterprise.registered_capital",
)


def labels() -> Mapping[str, str]:
    return LABELS


def posted_values(form: Mapping[str, str]) -> dict[str, str]:
    """Every field of the form as text, trimmed; amounts in their unit where they read in one way."""
    values = {name: form.get(name, "").replace("\x00", "").strip() for name in LABELS}
    return values | {name: plain_amount(name, values[name]) for name in AMOUNTS}


def as_data(values: Mapping[str, str]) -> dict[str, Any]:
    """The lead's `data`; empty fields are left out, checks are the schema's."""
    data: dict[str, Any] = {}
    for name, value in values.items():
        if not value:
            continue
        written: Any = [part for part in re.split(r"[、,，;；\s]+", value) if part] if name in LISTS else value
        if name == "confidential":
            data["confidential"] = True
        elif name.startswith("contacts.0."):
            data.setdefault("contacts", [{}])[0][name.removeprefix("contacts.0.")] = written
        elif "." in name:
            part, _, field = name.partition(".")
            data.setdefault(part, {})[field] = written
        else:
            data[name] = written
    if not values.get("enterprise.name") and not values.get(SUMMARY) and values.get("enterprise.main_business"):
        data.setdefault("project", {})["summary"] = values["enterprise.main_business"]  # what a nameless report needs
    return data


def as_values(data: Mapping[str, Any]) -> dict[str, str]:
    """A stored report (without its contacts) as the form shows it."""
    values: dict[str, str] = {}
    for name in LABELS:
        part, _, field = name.partition(".")
        value = data.get(part) if not field else (data.get(part) or {}).get(field) if part != "contacts" else None
        if isinstance(value, list):
            value = "、".join(str(item) for item in value)
        if value not in (None, "", False):
            values[name] = "1" if value is True else str(value)
    return values
