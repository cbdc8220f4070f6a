"""Answers of `/parks` and `/carriers`: public facts of parks, units as far as the caller may see them."""

from __future__ import annotations

from marshmallow import fields

from schemas.api.paging import Page, PageArguments, Several
from schemas.fields import Area, Day, ZonedTime
from schemas.shapes import OpenSchema


class Park(OpenSchema):
    """A park; unknown figures are null, never zero. Planned land in 亩, floor area in 万㎡, investment in 亿元."""

    example = {"code": "P00", "name": "示例特色园区", "district": "KHTD", "nodes": ["IT04"], "accepts_projects": True}
    code = fields.String(required=True)
    name = fields.String(required=True)
    aliases = fields.List(fields.String())
    district = fields.String(allow_none=True)
    industries = fields.List(fields.String())
    nodes = fields.List(fields.String())
    focus = fields.String(allow_none=True)
    status = fields.String(allow_none=True)
    planned_area_mu = fields.Float(allow_none=True)
    planned_floor_area_wan_m2 = fields.Float(allow_none=True)
    planned_invest_yi = fields.Float(allow_none=True)
    reported_tenants = fields.Integer(allow_none=True)
    anchors = fields.List(fields.String())
    basis = fields.String(allow_none=True)
    accepts_projects = fields.Boolean()
    part_of = fields.String(allow_none=True)
    note = fields.String(allow_none=True)


class ParkPage(Page):
    """A page of parks."""

    example = {"items": [Park.example], "next": None}
    items = fields.List(fields.Nested(Park), required=True)


class ParkArguments(PageArguments):
    """Filters of `/parks`."""

    example = {"district": ["KHTD"]}
    district = Several()
    industry = Several()
    node = Several()


class Carrier(OpenSchema):
    """A building or unit: areas in ㎡, clear height in m, floor load in t/㎡, power in kVA. Null is unknown."""

    example = {
        "id": "C-1",
        "version": 1,
        "name": "示例厂房 2 号楼 1 层",
        "park": "P00",
        "state": "free",
        "free_area": 3000,
    }
    id = fields.String(required=True)
    version = fields.Integer()
    name = fields.String(required=True)
    park = fields.String(allow_none=True)
    district = fields.String(allow_none=True)
    operator = fields.String(allow_none=True)
    state = fields.String(metadata={"enum": ["free", "held", "let"]})
    free_area = Area(allow_none=True)
    total_area = Area(allow_none=True)
    storey = fields.Integer(allow_none=True)
    height_m = fields.Float(allow_none=True)
    load_t_m2 = fields.Float(allow_none=True)
    power_kva = fields.Float(allow_none=True)
    fire_class = fields.String(allow_none=True)
    accepts_risks = fields.List(fields.String())
    refuses_risks = fields.List(fields.String())
    checked_on = Day(allow_none=True)
    updated_at = ZonedTime()


class CarrierArguments(PageArguments):
    """Filters of `/carriers`; `least_area` is free ㎡."""

    example = {"park": ["P00"], "least_area": 2000}
    park = Several()
    district = Several()
    state = Several()
    least_area = Area()


class CarrierPage(Page):
    """A page of carriers."""

    example = {"items": [Carrier.example], "next": None}
    items = fields.List(fields.Nested(Carrier), required=True)
