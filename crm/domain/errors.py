"""The product's errors: few kinds, each with one treatment at the edges.

Adapters translate library errors into these; the web maps them once to problem JSON (`crm/web/errors.py`),
consumers treat Invalid as a dead letter and Unavailable as a reason to wait (`consumers/runner.py`).
Messages are Chinese sentences for people; `field` is the dotted path of the input at fault.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """One fault: the dotted field (`contacts.0.email`) and a sentence about it."""

    field: str
    message: str


class CrmError(Exception):
    """Root of the product's errors."""


class Invalid(CrmError):
    """The input is wrong; sending the same again will fail again."""

    def __init__(self, *errors: FieldError) -> None:
        self.errors = errors
        super().__init__("；".join(f"{e.field}：{e.message}" for e in errors))

    @classmethod
    def of(cls, field: str, message: str) -> Invalid:
        return cls(FieldError(field, message))


class NotFound(CrmError):
    """No such row, or a row outside the caller's scope: the two are never told apart."""


class Forbidden(CrmError):
    """The row is visible, but the caller's role lacks the verb."""


class Conflict(CrmError):
    """The state does not allow this, or other content stands under the same key; `fields` names what differs."""

    def __init__(self, message: str, fields: tuple[str, ...] = ()) -> None:
        self.fields = fields
        super().__init__(message)


class Stale(CrmError):
    """The caller saw an older version of the row (HTTP 412)."""


class Unavailable(CrmError):
    """A server cannot be reached now; the same call may go through later."""
