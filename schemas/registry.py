"""Which events exist: (type, version) → schema and topic, the steps from old versions to new, and docs/events.

Consumers, the relay and `crm events replay` ask here, so that a type nobody declared cannot travel. Every stored
version must stay readable (architecture, trap 15). `write_docs` renews the documents; a test fails on stale ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

from schemas.events.enterprises import ENTERPRISE_EVENTS
from schemas.events.fact import EventType
from schemas.events.lead_facts import LEAD_EVENTS
from schemas.events.parks import PARK_EVENTS
from schemas.events.projects import PROJECT_EVENTS
from schemas.faults import SchemaError, printable
from schemas.json_schema import DIALECT, schema_document
from schemas.shapes import load_strictly
from schemas.topics import TOPICS

Upcaster = Callable[[Mapping[str, Any]], dict[str, Any]]
_TYPE = re.compile(r"(?P<name>[a-z]+(?:[.-][a-z]+)+)\.v(?P<version>[1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class LoadedEvent:
    """`data` in the newest version of its event, checked; `type` is that version's."""

    type: str
    data: dict[str, Any]


class Registry:
    """The declared events. Raises ValueError when built from a table that contradicts itself."""

    def __init__(self, events: Iterable[EventType], upcasters: Mapping[str, Upcaster] | None = None) -> None:
        """`upcasters`: type of the older version (`x.v1`) → function giving the `data` of the next one."""
        self._events = tuple(events)
        self._by_type = {event.type: event for event in self._events}
        self._upcasters = dict(upcasters or {})
        if len(self._by_type) != len(self._events):
            raise ValueError("an event type is declared twice")
        newest = {event.name: max(e.version for e in self._events if e.name == event.name) for event in self._events}
        stuck = [e.type for e in self._events if e.version < newest[e.name] and e.type not in self._upcasters]
        lost = [old for old in self._upcasters if _next_type(old) not in self._by_type or old not in self._by_type]
        if stuck or lost:
            raise ValueError(f"no way up from {stuck}, no such event {lost}")

    def events(self) -> tuple[EventType, ...]:
        """Every declared version of every event, in the order of the documents."""
        return self._events

    def find(self, event_type: str) -> EventType:
        """The declaration of `project.dispatched.v1`. Raises SchemaError on field `type`."""
        event = self._by_type.get(event_type)
        if event is not None:
            return event
        match = _TYPE.fullmatch(event_type)
        if match and any(e.name == match["name"] for e in self._events):
            raise SchemaError(("type", f"没有这个版本：{printable(event_type)}"))
        raise SchemaError(("type", f"没有这个事件类型：{printable(event_type)}"))

    def topic_of(self, event_type: str) -> str:
        """The topic an event of this type travels on. Raises SchemaError on field `type`."""
        return self.find(event_type).topic

    def load(self, event_type: str, data: object) -> LoadedEvent:
        """`data` checked as the version it claims, then raised to the newest. Raises SchemaError, fields dotted."""
        event = self.find(event_type)
        loaded = load_strictly(event.schema(), data)
        while event.type in self._upcasters:
            loaded = self._upcasters[event.type](loaded)
            event = self._by_type[_next_type(event.type)]
            loaded = load_strictly(event.schema(), loaded)
        return LoadedEvent(event.type, loaded)

    def export_json_schema(self) -> dict[str, dict[str, Any]]:
        """JSON Schema 2020-12 of each event's `data`, by type."""
        return {
            event.type: {"$schema": DIALECT, "title": event.type, "description": event.meaning}
            | schema_document(event.schema())
            for event in self._events
        }

    def documents(self) -> dict[str, str]:
        """docs/events.md and docs/events/TYPE.json as relative path → text."""
        files = {"events.md": self._page()}
        for event_type, schema in self.export_json_schema().items():
            text = orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
            files[f"events/{event_type}.json"] = text
        return files

    def _page(self) -> str:
        lines = [_HEADING, "## 主题\n", "| 主题 | 分区 | key | 说明 |", "|---|---|---|---|"]
        lines += [f"| `{topic.name}` | {topic.partitions} | {topic.key} | {topic.meaning} |" for topic in TOPICS]
        lines += ["| `leads.submitted.from.CODE` | 3 | 任意 | 中心自行写入的报送，`source` 只能是该机构。 |", ""]
        for topic in TOPICS:
            events = [event for event in self._events if event.topic == topic.name]
            if events:
                lines += [f"## {topic.name}\n", "| type | 说明 | 自有字段 | JSON Schema |", "|---|---|---|---|"]
                lines += [_row(event) for event in events] + [""]
        return "\n".join(lines)


def _row(event: EventType) -> str:
    own = "、".join(f"`{name}`" for name in event.own_fields) or "—"
    return f"| `{event.type}` | {event.meaning} | {own} | [{event.type}](events/{event.type}.json) |"


_HEADING = """# 事件与主题

本页由 `schemas/registry.py` 生成（`write_docs`），请勿手改。

信封为 CloudEvents 1.0（JSON）。除报送（`lead.submitted.v1`、`lead.amended.v1`）外，每个事件的 `data` 都有：
`id`（聚合编号）、`version`（聚合版本，逐次加一）、`changed`（变更后的字段值）、`actor`（`organisation` `role` `id`）、
`occurred_at`（发生时间）、`recorded_at`（登记时间）、`reason`（理由，可空），另加下表的自有字段。
不认识的字段应忽略。保密项目以代号出现。

## 读法

- 一条记录最多 900 KB（921600 字节）、嵌套 32 层；同一对象中字段重复、NaN、Infinity、非 UTF-8 一律拒收。
- 文字去掉首尾空白，空文字等于未填；控制字符与残缺的代理字符拒收；列表最多 1000 项。
- 金额为万元，也读“5亿元”“8000万”“3,500”、全角数字，并在回执中说明；有两种读法的（“约5亿”“500万美元”）拒收。
- 面积 ㎡、土地 亩（公顷按 15 亩）、能耗 吨标煤；人数与层数为整数；`true` 不是数字。
- 日期 1900 至 2100 年；时间须带时区，`reported_at` 未写时区时按北京时间理解并在回执中说明。
- 统一社会信用代码（GB 32100）校验不符的保留并标为 `unverified`；电话至少五位数字。
- null、空文字、空列表、空对象、`false` 与未填是同样的内容。
"""


def _next_type(event_type: str) -> str:
    name, _, version = event_type.rpartition(".v")
    return f"{name}.v{int(version) + 1}"


@cache
def default_registry() -> Registry:
    """The product's events; one instance a process, as it is asked for with every fact."""
    return Registry((*LEAD_EVENTS, *PROJECT_EVENTS, *ENTERPRISE_EVENTS, *PARK_EVENTS))


def write_docs(folder: Path) -> None:
    """Write events.md and events/*.json under `folder`; documents of events no longer declared are removed."""
    documents = default_registry().documents()
    (folder / "events").mkdir(parents=True, exist_ok=True)
    for stale in (folder / "events").glob("*.json"):
        if f"events/{stale.name}" not in documents:
            stale.unlink()
    for name, text in documents.items():
        (folder / name).write_text(text, encoding="utf-8")
