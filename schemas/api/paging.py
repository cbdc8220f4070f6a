"""What every list of the API shares: page size and cursor in, items and the next cursor out."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from schemas.fields import ShortText
from schemas.shapes import OpenSchema, StrictSchema

LARGEST_PAGE = 200


class PageArguments(StrictSchema):
    """Query parameters of a list. A cursor is opaque: the `next` of the page before."""

    example = {"page_size": 50}
    page_size = fields.Integer(
        load_default=50,
        validate=validate.Range(1, LARGEST_PAGE, error="须在 1 至 200 之间"),
        error_messages={"invalid": "须为整数"},
    )
    cursor = fields.String(validate=validate.Length(max=2000, error="不是有效的游标"))
    sort: fields.String = ShortText()


class Several(fields.List[Any]):
    """Values of one filter: the parameter repeated, or with commas between."""

    def __init__(self, **options: Any) -> None:
        super().__init__(ShortText(), load_default=(), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[Any]:
        given = value if isinstance(value, list) else [value]
        parts = [part.strip() for text in given for part in str(text).split(",") if part.strip()]
        return super()._deserialize(parts, attr, data, **kwargs)


class Page(OpenSchema):
    """`next` is null on the last page."""

    next = fields.String(allow_none=True)
