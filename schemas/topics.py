"""The topics of the bus: names, keys, partitions, retention, one sentence each. docs/events.md is written from here.

Read by `crm topics ensure`, the outbox relay, the consumers and `schemas/registry.py`; no other place spells a topic.
Carrier facts leave on `parks.changed`, being facts about space; facts about organisations and users are not published.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from schemas.faults import SchemaError, printable

LEADS_SUBMITTED = "leads.submitted"
LEADS_DEAD = "leads.submitted.dead"
LEADS_CHANGED = "leads.changed"
PROJECTS_CHANGED = "projects.changed"
ENTERPRISES_CHANGED = "enterprises.changed"
PARKS_CHANGED = "parks.changed"
DOCUMENTS_RAISED = "documents.raised"
FEED_PREFIX = f"{LEADS_SUBMITTED}.from."
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,49}")
_SOURCE_PREFIX = "/organisations/"


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic. `key` says what the key is; `retention_days` None keeps the broker's default. No topic is compacted: in
    the submitted, dead and changed ones every record counts, and the nudges of documents.raised are read within
    seconds, so that compaction would only make a lag count records that are gone. How often records are kept is the
    broker's default (`default.replication.factor`), which knows how many brokers there are."""

    name: str
    partitions: int
    key: str
    meaning: str
    retention_days: int | None = None


# Submitted and dead records carry contacts in the clear, so they are erased within 30 days (product.md, promise 9); longer
# than a long holiday, so that nobody's leads end while the city is away. Facts stay a quarter, for a foreign reader that was
# out of order; who needs older ones takes `crm events export`. Nudges older than a week are found by `crm index check`.
SUBMITTED_DAYS = 30
FACTS_DAYS = 90
NUDGES_DAYS = 7
TOPICS = (
    Topic(LEADS_SUBMITTED, 12, "任意，仅用于分摊负载", "市级网关写入的线索报送，来源不限。", SUBMITTED_DAYS),
    Topic(LEADS_DEAD, 1, "原记录的 key", "被拒收的线索：原始内容，原因在消息头 crm-* 中。", SUBMITTED_DAYS),
    Topic(LEADS_CHANGED, 12, "线索编号", "线索的事实：收到、更正、关联项目、保护期变化。", FACTS_DAYS),
    Topic(PROJECTS_CHANGED, 12, "项目编号", "项目的事实：立项、匹配、派发、节点、流转、终止等。", FACTS_DAYS),
    Topic(ENTERPRISES_CHANGED, 12, "企业编号", "企业的事实：登记、更新、合并提议。", FACTS_DAYS),
    Topic(PARKS_CHANGED, 3, "园区或载体编号", "园区与载体的事实：园区更新、载体登记与更新。", FACTS_DAYS),
    Topic(
        DOCUMENTS_RAISED,
        3,
        "检索文档编号",
        "内部：没有事实而须重写的检索文档（数据包载入、灯色变化、修复）。",
        NUDGES_DAYS,
    ),
)
FACTS = (LEADS_CHANGED, PROJECTS_CHANGED, ENTERPRISES_CHANGED, PARKS_CHANGED)
"""What outside systems may read."""


def feed_topic(code: str) -> str:
    """The topic a centre writes itself, `leads.submitted.from.CODE`. Raises SchemaError if `code` is no code."""
    if not _CODE.fullmatch(code):
        raise SchemaError(("organisation", f"不是机构代码：{printable(code)}"))
    return FEED_PREFIX + code


def feed(code: str) -> Topic:
    """The declaration of a centre's feed."""
    meaning = f"机构 {code} 自行写入的线索报送，来源只能是该机构。"
    return Topic(feed_topic(code), 3, "任意，仅用于分摊负载", meaning, SUBMITTED_DAYS)


def declared(name: str) -> Topic | None:
    """The declaration of a topic, feeds included; None for a name that is not ours."""
    organisation = feed_organisation(name)
    if organisation is not None and _CODE.fullmatch(organisation):
        return feed(organisation)
    return next((topic for topic in TOPICS if topic.name == name), None)


def feed_organisation(topic: str) -> str | None:
    """The one organisation whose events `topic` may carry; None for a topic open to any source."""
    return topic.removeprefix(FEED_PREFIX) if topic.startswith(FEED_PREFIX) else None


def source_of(organisation: str) -> str:
    """The CloudEvents `source` of an organisation."""
    return _SOURCE_PREFIX + organisation


def organisation_of(source: str) -> str:
    """The organisation code in a CloudEvents `source`. Raises SchemaError on field `source`."""
    code = source.removeprefix(_SOURCE_PREFIX)
    if not source.startswith(_SOURCE_PREFIX) or not _CODE.fullmatch(code):
        raise SchemaError(("source", "须为 /organisations/机构代码"))
    return code
