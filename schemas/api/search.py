"""Parameters and answers of `/search` and `/suggest`. `search/query.py` turns the parameters into a query."""

from __future__ import annotations

from marshmallow import fields

from schemas.api.paging import PageArguments
from schemas.documents import DOCUMENT_TYPES, SORT_FIELDS
from schemas.fields import Choice, ShortText
from schemas.shapes import OpenSchema, StrictSchema


class SearchArguments(PageArguments):
    """Query parameters of `/search`; a facet given twice means either."""

    example = {"q": "精密", "type": "project", "page_size": 20}
    q = ShortText(load_default="")
    type = Choice(DOCUMENT_TYPES)
    industry = ShortText()
    node = ShortText()
    park = ShortText()
    district = ShortText()
    stage = ShortText()
    light = Choice(("green", "yellow", "red"))
    source = ShortText()
    sort: fields.String = Choice((*SORT_FIELDS, *(f"-{name}" for name in SORT_FIELDS)))


class SearchHit(OpenSchema):
    """One row; `highlight` is escaped text with `<mark>`, `why` names the rung of the ranking ladder."""

    example = {"type": "enterprise", "id": "e-1", "name": "示例精密科技有限公司", "score": 9.5, "why": "全称"}
    type = fields.String(required=True)
    id = fields.String(required=True)
    name = fields.String(required=True)
    score = fields.Float()
    uscc = fields.String(allow_none=True)
    source_refs = fields.List(fields.String())
    why = fields.String(allow_none=True)
    highlight = fields.Raw(allow_none=True)
    title = fields.String(allow_none=True)
    district = fields.String(allow_none=True)
    park = fields.String(allow_none=True)
    stage = fields.String(allow_none=True)
    light = fields.String(allow_none=True)


class SearchPage(OpenSchema):
    """`facets`: field → value → count, within the caller's scope; the lag is that of the index behind the database."""

    example = {
        "total": 1,
        "items": [SearchHit.example],
        "facets": {"type": {"enterprise": 1}},
        "index_lag_seconds": 0.4,
        "next": None,
    }
    total = fields.Integer(required=True)
    items = fields.List(fields.Nested(SearchHit), required=True)
    facets = fields.Dict(keys=fields.String(), values=fields.Raw())
    index_lag_seconds = fields.Float(allow_none=True)
    next = fields.String(allow_none=True)


class SuggestArguments(StrictSchema):
    """Query parameters of `/suggest`."""

    example = {"q": "精密"}
    q = ShortText(required=True)


class Suggestions(OpenSchema):
    """Rows to jump to, best first."""

    example = {"items": [SearchHit.example]}
    items = fields.List(fields.Nested(SearchHit), required=True)
