"""Bodies of `/enterprises`: the blind check, and the enterprise for those who may see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from schemas.fields import Count, CreditCode, Day, Money, ShortText, ZonedTime
from schemas.shapes import OpenSchema, StrictSchema


class EnterpriseCheck(StrictSchema):
    """`/enterprises/check`: by name, by code, or both."""

    example = {"name": "示例精密科技有限公司"}
    name = ShortText(filled=True, allow_none=True)
    uscc = CreditCode(allow_none=True)

    @validates_schema
    def _something(self, data: Mapping[str, Any], **_: Any) -> None:
        if not data.get("name") and not data.get("uscc"):
            raise ValidationError("企业名称与统一社会信用代码至少填一项", "name")


class EnterpriseCheckAnswer(OpenSchema):
    """Yes or no and a date; nothing else may be guessed from it."""

    example = {"reported": True, "protected_until": "2026-07-16"}
    reported = fields.Boolean(required=True)
    protected_until = Day(required=True, allow_none=True)


class Enterprise(OpenSchema):
    """A legal entity. `uscc_status` is verified or unverified (GB 32100)."""

    example = {
        "id": "0197a1b2-0000-7000-8000-000000000003",
        "version": 1,
        "name": "示例精密科技有限公司",
        "uscc": None,
        "uscc_status": None,
        "aliases": ["示例精密"],
        "former_names": [],
        "province": "江苏",
        "city": "苏州市",
        "origin": "mainland",
        "gbt4754": ["3484"],
    }
    id = fields.String(required=True)
    version = fields.Integer()
    name = fields.String(required=True)
    uscc = fields.String(allow_none=True)
    uscc_status = fields.String(allow_none=True)
    aliases = fields.List(fields.String())
    former_names = fields.List(fields.String())
    english_name = fields.String(allow_none=True)
    province = fields.String(allow_none=True)
    city = fields.String(allow_none=True)
    origin = fields.String(allow_none=True)
    country = fields.String(allow_none=True)
    main_business = fields.String(allow_none=True)
    business_scope = fields.String(allow_none=True)
    gbt4754 = fields.List(fields.String())
    registered_capital = Money(allow_none=True)
    headcount = Count(allow_none=True)
    parent_name = fields.String(allow_none=True)
    honours = fields.List(fields.String())
    projects = fields.List(fields.String(), metadata={"description": "看得到的项目编号"})
    created_at = ZonedTime()
    updated_at = ZonedTime()
