"""Answers of `/parks` and `/carriers`: public facts of parks, units as far as the caller may see them."""

from __future__ import annotations

from marshmallow import fields

from schemas.api.paging import Page
from schemas.fields import Area, ZonedTime
from schemas.shapes import OpenSchema


class Park(OpenSchema):
    """A park; unknown figures are null, never zero. Planned land in 亩, floor area in 万㎡, investment in 亿元."""

    example = {"code": "P00", "name": "示例特色园区", "district": "KHTD", "nodes": ["IT04"], "accepts_projects": True}
    code = fields.String(required=True)
    name = fields.String(required=True)
    version = fields.Integer()
    aliases = fields.List(fields.String())
    district = fields.String(allow_none=True)
    industries = fields.List(fields.String())
    nodes = fields.List(fields.String())
    focus = fields.String(allow_none=True)
    status = fields.String(allow_none=True)
    planned_area_mu = fields.Float(allow_none=True)
    planned_floor_area_wan_m2 = fields.Float(allow_none=True)
    planned_invest_yi = fields.Float(allow_none=True)
    anchors = fields.List(fields.String())
    accepts_projects = fields.Boolean()
    part_of = fields.String(allow_none=True)
    note = fields.String(allow_none=True)


class ParkPage(Page):
    """A page of parks."""

    example = {"items": [Park.example], "next": None}
    items = fields.List(fields.Nested(Park), required=True)


class Carrier(OpenSchema):
    """A building or unit: area in ㎡, clear height in m, floor load in t/㎡, power in kVA."""

    example = {"id": "c-1", "version": 1, "name": "示例厂房 2 号楼 1 层", "park": "P00", "state": "empty", "area": 3000}
    id = fields.String(required=True)
    version = fields.Integer()
    name = fields.String(required=True)
    park = fields.String(allow_none=True)
    district = fields.String(allow_none=True)
    operator = fields.String(allow_none=True)
    state = fields.String()
    area = Area(allow_none=True)
    storey = fields.Integer(allow_none=True)
    height_m = fields.Float(allow_none=True)
    load_t_m2 = fields.Float(allow_none=True)
    power_kva = fields.Float(allow_none=True)
    fire_class = fields.String(allow_none=True)
    checked_at = ZonedTime(allow_none=True)


class CarrierPage(Page):
    """A page of carriers."""

    example = {"items": [Carrier.example], "next": None}
    items = fields.List(fields.Nested(Carrier), required=True)
