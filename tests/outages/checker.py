"""What must hold after any kill, pause or outage, once the line is quiet: every finding is a sentence, none is good.

Four questions along a record's way: did each report have its one effect (`effects`), is the state that of its history
(`order`) and of the order of receipt (`outcome`), do topics and index say what the database says (`echoes`). Called by
the tests here and by `python -m tests.outages.check` for a city of any kind: it asks the ports only.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import func, select

from consumers.lead_intake import LeadIntake, feeds
from crm.bus.port import Delivered, EventBus
from crm.domain.errors import CrmError
from crm.services import history
from crm.services.indexing import check
from crm.services.tools import Tools
from crm.store.models import DeadLetter, HistoryLine, Lead, Model, OutboxMark, Receipt, SearchRevision, Submission
from crm.store.unit_of_work import UNPUBLISHED, insert_rows
from schemas import headers
from schemas.registry import default_registry
from schemas.topics import (
    ENTERPRISES_CHANGED,
    LEADS_CHANGED,
    LEADS_DEAD,
    LEADS_SUBMITTED,
    PARKS_CHANGED,
    PROJECTS_CHANGED,
)

CHANGED = (LEADS_CHANGED, PROJECTS_CHANGED, ENTERPRISES_CHANGED, PARKS_CHANGED)
BATCH = 500
EMPTY_POLLS = 10
Row = Mapping[str, Any]
Place = tuple[str, str]


@dataclass
class Sent:
    """What was told to the city, and what it answered: the other side's records, kept outside the city.

    `receipts`: number → (organisation, source_ref) of every acknowledged submission; `produced`: the same of every report
    written to a topic; `refused`: values written to a topic that are no report.
    """

    receipts: dict[str, Place] = field(default_factory=dict)
    produced: set[Place] = field(default_factory=set)
    refused: set[bytes] = field(default_factory=set)

    @property
    def places(self) -> list[Place]:
        return [*self.receipts.values(), *self.produced]

    def lines(self) -> Iterator[bytes]:
        """As a file for a check in another process."""
        for number, place in self.receipts.items():
            yield orjson.dumps(["receipt", number, *place])
        for place in sorted(self.produced):
            yield orjson.dumps(["produced", *place])
        for value in sorted(self.refused):
            yield orjson.dumps(["refused", value.hex()])

    @classmethod
    def read(cls, lines: Iterable[bytes]) -> Sent:
        sent = cls()
        for line in lines:
            kind, *values = orjson.loads(line)
            if kind == "receipt":
                sent.receipts[values[0]] = (values[1], values[2])
            elif kind == "produced":
                sent.produced.add((values[0], values[1]))
            else:
                sent.refused.add(bytes.fromhex(values[0]))
        return sent


def verify(tools: Tools, bus: EventBus, sent: Sent, replayed: Tools, ordered: Tools | None) -> list[str]:
    """Everything wrong with a quiet city. `replayed`, `ordered`: two empty databases with the pack of the city; the second
    None where people did more than report, since then reports alone do not give the outcome."""
    submitted = list(read_all(bus, (LEADS_SUBMITTED, *(topic.name for topic in feeds(tools)))))
    return [
        *effects(tools, sent, submitted),
        *order(tools, replayed),
        *(outcome(tools, submitted, ordered) if ordered is not None else ()),
        *echoes(tools, bus),
    ]


def effects(tools: Tools, sent: Sent, submitted: Sequence[Delivered]) -> Iterator[str]:
    """Nothing lost, nothing doubled, nothing left lying."""
    with tools.database.read() as session:
        leads = session.execute(select(Lead.organisation, Lead.source_ref, Lead.receipt_no)).all()
        letters = session.execute(select(DeadLetter.topic, DeadLetter.partition, DeadLetter.offset)).all()
        waiting = session.scalars(select(Receipt.receipt_no).where(Receipt.state == "received")).all()
        left = {
            table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0
            for table in (OutboxMark, Submission)
        }
    found = Counter((organisation, source_ref) for organisation, source_ref, _ in leads)
    numbers = {number: (organisation, source_ref) for organisation, source_ref, number in leads}
    for place in sent.places:
        if found[place] != 1:
            yield f"report {place}: {found[place]} leads"
    for place in found.keys() - set(sent.places):
        yield f"lead {place}: nobody reported it"
    for number, place in sent.receipts.items():
        if numbers.get(number) != place:
            yield f"receipt {number} of {place}: stands for {numbers.get(number)}"
    yield from (f"receipt {number}: not processed" for number in waiting)
    yield from (f"{table}: {count} rows left" for table, count in left.items() if count)
    refused = Counter((r.topic, r.partition, r.offset) for r in submitted if r.value in sent.refused)
    yield from _differences("refused record", refused, Counter((t, p, o) for t, p, o in letters))
    for value in sent.refused - {record.value for record in submitted}:
        yield f"refused value {value[:40]!r}: not in the log"


def _differences(what: str, wanted: Counter[Any], found: Counter[Any]) -> Iterator[str]:
    for key in wanted.keys() | found.keys():
        if wanted[key] != found[key]:
            yield f"{what} {key}: {found[key]} dead letters for {wanted[key]}"


def order(tools: Tools, replayed: Tools) -> Iterator[str]:
    """Versions without a gap, state = its history."""
    with tools.database.read() as session:
        columns = (HistoryLine.aggregate, HistoryLine.aggregate_id, HistoryLine.version)
        versions: dict[Place, list[int]] = defaultdict(list)
        for aggregate, id_, version in session.execute(select(*columns).order_by(HistoryLine.id)):
            versions[aggregate, id_].append(version)
    for key, found in versions.items():
        if found != list(range(1, len(found) + 1)):
            yield f"history of {key}: versions {found}"
    try:
        history.replay(replayed, history.export(tools))
    except CrmError as error:
        yield f"history cannot be replayed: {error}"
    else:
        if list(history.dump(replayed)) != list(history.dump(tools)):
            yield "the dump is not that of the history replayed"


def outcome(tools: Tools, submitted: Sequence[Delivered], ordered: Tools) -> Iterator[str]:
    """The outcome is that of the reports processed in the order of receipt."""
    take_in_order(ordered, submitted, tools)
    wanted, found = outcome_of(ordered), outcome_of(tools)
    for part in wanted:
        for row in wanted[part] - found[part]:
            yield f"in the order of receipt there would be: {part} {row}"
        for row in found[part] - wanted[part]:
            yield f"in the order of receipt there would not be: {part} {row}"


def take_in_order(ordered: Tools, submitted: Sequence[Delivered], tools: Tools) -> None:
    """Process the records of the log once, oldest receipt first, each under the receipt it was given."""
    with tools.database.read() as session:
        statement = select(Receipt.__table__).where(Receipt.channel != "topic")
        given = {row["receipt_no"]: dict(row) for row in session.execute(statement).mappings()}
    unprocessed = {"state": "received", "lead_id": None}
    with ordered.database.write() as session:
        insert_rows(session, Receipt, [row | unprocessed for row in given.values()])

    def moment(record: Delivered) -> tuple[Any, ...]:
        number = record.headers.get(headers.RECEIPT)
        at = given[number]["received_at"] if number in given else record.appended_at
        return at, number or "", record.topic, record.partition, record.offset

    intake = LeadIntake(ordered)
    in_order = sorted(submitted, key=moment)
    for start in range(0, len(in_order), BATCH):
        intake.handle(in_order[start : start + BATCH])


def outcome_of(tools: Tools) -> dict[str, Counter[str]]:
    """Enterprises, projects and leads without their ids and times of writing; leads are named by their place."""
    rows = {name: _rows(tools, name) for name in ("leads", "enterprises", "projects", "merge_proposals")}
    places = {lead["id"]: f"{lead['organisation']}/{lead['source_ref']}" for lead in rows["leads"]}
    members: dict[str, list[str]] = defaultdict(list)
    for lead in rows["leads"]:
        members[lead["project_id"]].append(places[lead["id"]])
    return {
        "leads": Counter(f"{places[r['id']]} {r['receipt_no']} {r['project_stage']}" for r in rows["leads"]),
        "enterprises": Counter(_plain(row) for row in rows["enterprises"]),
        "projects": Counter(
            f"{places[row['first_lead_id']]} {sorted(members[row['id']])} {_plain(row)}" for row in rows["projects"]
        ),
        "merge proposals": Counter({"": len(rows["merge_proposals"])}),
    }


LEFT_OUT = frozenset(
    {"id", "version", "created_at", "updated_at", "code_name", "enterprise_id", "first_lead_id", "stage_since"}
)


def _plain(row: Row) -> str:
    return repr(sorted((name, value) for name, value in row.items() if name not in LEFT_OUT))


def _rows(tools: Tools, table: str) -> list[Row]:
    with tools.database.read() as session:
        return [dict(row) for row in session.execute(select(Model.metadata.tables[table])).mappings()]


def echoes(tools: Tools, bus: EventBus) -> Iterator[str]:
    """Topics tell all of history, each key in the order of its versions; the index holds the documents of the database."""
    with tools.database.read() as session:
        statement = select(HistoryLine.aggregate, HistoryLine.aggregate_id, HistoryLine.version, HistoryLine.type)
        facts = session.execute(statement.where(HistoryLine.aggregate.not_in(sorted(UNPUBLISHED)))).all()
        letters = set(session.scalars(select(DeadLetter.error_id)))
    wanted = {
        (default_registry().topic_of(fact.type), f"{fact.aggregate}-{fact.aggregate_id}-{fact.version}")
        for fact in facts
    }
    told: dict[tuple[str, str], list[int]] = defaultdict(list)
    found: set[tuple[str, str]] = set()
    for record in read_all(bus, CHANGED):
        event = orjson.loads(record.value)
        if (record.topic, event["id"]) not in found:
            found.add((record.topic, event["id"]))
            told[record.topic, (record.key or b"").decode()].append(event["data"]["version"])
    yield from (f"event {event}: not on its topic" for event in sorted(wanted - found))
    yield from (f"event {event}: not in history" for event in sorted(found - wanted))
    yield from (
        f"{key}: told in the order {versions}" for key, versions in told.items() if versions != sorted(versions)
    )
    buried = {record.headers.get("crm-error-id") for record in read_all(bus, (LEADS_DEAD,))}
    yield from (f"dead letter {error_id}: not on the dead topic" for error_id in sorted(letters - buried))
    yield from _index(tools)


def _index(tools: Tools) -> Iterator[str]:
    difference = check(tools, tools.index)
    if difference.count:
        yield f"index: {difference.sentence()} {difference.missing[:3]} {difference.stale[:3]} {difference.extra[:3]}"
    with tools.database.read() as session:
        revisions = {
            (row.type, row.id): row.revision
            for row in session.execute(select(SearchRevision.type, SearchRevision.id, SearchRevision.revision))
        }
    for row in tools.index.revisions():
        if row.revision > revisions.get((row.type, row.id), row.revision):
            yield f"index: {row.type} {row.id} at {row.revision}, which the database has not reached"


def read_all(bus: EventBus, topics: Sequence[str]) -> Iterator[Delivered]:
    """Every record of the topics, by a reader nobody has been before."""
    group = f"checker-{uuid4().hex[:12]}"
    subscription = bus.subscribe(group, topics, "checker")
    try:
        expected = bus.lag(group, topics).records
        empty = 0
        while expected > 0 and empty < EMPTY_POLLS:  # a log may count more than it holds: transactions leave marks
            records = subscription.poll(2000, 1.0)
            empty = 0 if records else empty + 1
            expected -= len(records)
            yield from records
    finally:
        subscription.close()
