"""The form every published fact shares, and the way a table of facts becomes schemas.

A fact's `data` says which aggregate (`id`), its version, what changed, who did it and both dates; typed fields of its
own come on top. Facts are declared as rows in `lead_facts.py`, `projects.py`, `enterprises.py`, `parks.py`: forty
near-equal classes would hide the differences. Read by `schemas/registry.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

from marshmallow import Schema, fields

from schemas.fields import Code, Count, Day, Items, LongText, Mapped, Part, ShortText, ZonedTime
from schemas.shapes import OpenSchema

FieldMaker = Callable[[], fields.Field[Any]]


class FactActor(OpenSchema):
    """Who did it; `id` is `user:…`, `token:…` or `system:…`, never a person's name."""

    organisation = ShortText(required=True)
    role = ShortText(required=True)
    id = ShortText(required=True)


class FactData(OpenSchema):
    """What every fact carries. `version` is the aggregate's; confidential projects stand under their code name."""

    id = ShortText(required=True, metadata={"description": "聚合编号"})
    version = Count(required=True, metadata={"description": "聚合版本，逐次加一"})
    changed = Mapped(required=True, keys=fields.String(), metadata={"description": "变更后的字段值"})
    actor = Part(FactActor, required=True)
    occurred_at = ZonedTime(required=True, metadata={"description": "发生时间"})
    recorded_at = ZonedTime(required=True, metadata={"description": "登记时间"})
    reason = LongText(allow_none=True, load_default=None, metadata={"description": "理由"})


@dataclass(frozen=True, slots=True)
class EventType:
    """One version of one event. `type` on the wire is `name.vN`; `own_fields` make the typed fields."""

    name: str
    topic: str
    meaning: str
    version: int = 1
    own_fields: Mapping[str, FieldMaker] = field(default_factory=dict, hash=False)
    schema_class: type[Schema] = FactData

    @property
    def type(self) -> str:
        return f"{self.name}.v{self.version}"

    def schema(self) -> Schema:
        """One instance a process and event type."""
        return _schema(self)

    def compose(self, aggregate_id: str, change: Mapping[str, Any], **recorded: Any) -> dict[str, Any]:
        """The `data` to publish: own fields are lifted out of `change`; `recorded` is version, actor, dates, reason."""
        own = {name: change.get(name) for name in self.own_fields}
        return {"id": aggregate_id, **recorded, "changed": dict(change), **own}


@cache
def _schema(event: EventType) -> Schema:
    own = {name: make() for name, make in event.own_fields.items()}
    if not own:
        return event.schema_class()
    name = "".join(part.capitalize() for part in event.name.replace("-", ".").split(".")) + f"V{event.version}"
    schema: Schema = type(name, (event.schema_class,), own)()
    return schema


def facts(topic: str, rows: Iterable[tuple[str, str, Mapping[str, FieldMaker]]]) -> tuple[EventType, ...]:
    """First versions of facts from (name, meaning, own fields) rows."""
    return tuple(EventType(name, topic, meaning, own_fields=own) for name, meaning, own in rows)


# How the tables write their fields: what is not `a_…` may be null.
a_text: FieldMaker = partial(ShortText, required=True)
text: FieldMaker = partial(ShortText, allow_none=True, load_default=None)
a_code: FieldMaker = partial(Code, required=True)
code: FieldMaker = partial(Code, allow_none=True, load_default=None)
a_day: FieldMaker = partial(Day, required=True)
day: FieldMaker = partial(Day, allow_none=True, load_default=None)


def texts() -> Items:
    """A list of texts, perhaps empty."""
    return Items(ShortText(), allow_none=True, load_default=None)
