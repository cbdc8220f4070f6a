"""Errors as RFC 9457 problem JSON, with the fields at fault. Written by `crm/web/errors.py` alone."""

from __future__ import annotations

from marshmallow import fields

from schemas.shapes import OpenSchema

CONTENT_TYPE = "application/problem+json"


class ProblemField(OpenSchema):
    """One fault: dotted field, sentence."""

    example = {"field": "contacts.0.email", "message": "不是有效的电子邮箱"}
    field = fields.String(required=True)
    message = fields.String(required=True)


class Problem(OpenSchema):
    """`type` is a relative reference naming the kind; `errors` is there for 400, 409 and 422."""

    example = {
        "type": "/problems/invalid",
        "title": "内容有误",
        "status": 422,
        "detail": "contacts.0.email：不是有效的电子邮箱",
        "instance": "/api/v1/leads",
        "errors": [ProblemField.example],
    }
    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String()
    instance = fields.String()
    errors = fields.List(fields.Nested(ProblemField))
