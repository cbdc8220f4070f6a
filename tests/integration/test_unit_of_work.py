"""The one door: a fact writes row, history, outbox and revision in one transaction, or nothing at all."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy.exc import IntegrityError

from crm.domain.actors import Actor, Role
from crm.services.facts import public_enterprise
from crm.store.unit_of_work import Fact, unit_of_work
from tests.factories.cities import START, City

ACTOR = Actor("user:1", "BUREAU", Role.ADMIN, name="裴听澜")
TABLES = ("enterprises", "history", "outbox", "search_documents")


def enterprise(version: int = 1, **changes: Any) -> dict[str, Any]:
    texts = ("uscc", "english_name", "parent_name", "province", "city", "origin", "country")
    row: dict[str, Any] = dict.fromkeys((*texts, "registered_capital", "headcount"))
    row |= {"id": "e1", "version": version, "name": "苏州铂岑斯精密机械有限公司", "uscc_status": "none"}
    row |= {name: [] for name in ("aliases", "former_names", "gbt4754", "honours")}
    row |= {"main_business": "", "business_scope": "", "created_at": START, "updated_at": START}
    return row | changes


def fact(version: int = 1, **changes: Any) -> Fact:
    row = enterprise(version, **changes)
    return Fact(
        type="enterprise.registered.v1" if version == 1 else "enterprise.updated.v1",
        aggregate="enterprise",
        aggregate_id="e1",
        version=version,
        actor=ACTOR,
        rows={"enterprises": [row]},
        change=public_enterprise(row, hidden=False),
        documents=(("enterprise", "e1"),),
        reason="测试",
        trace_id="t1",
    )


def record(city: City, *facts: Fact) -> None:
    with unit_of_work(city.tools.database, city.clock) as unit:
        for item in facts:
            unit.record(item)


def counts(city: City) -> list[int]:
    return [city.count(table) for table in TABLES]


def test_a_fact_leaves_row_history_outbox_and_revision(city: City) -> None:
    before = counts(city)
    record(city, fact())
    assert [after - was for after, was in zip(counts(city), before, strict=True)] == [1, 1, 1, 1]
    line = city.one("history", aggregate_id="e1")
    assert (line["type"], line["version"], line["reason"], line["trace_id"]) == (
        "enterprise.registered.v1",
        1,
        "测试",
        "t1",
    )
    assert line["rows"]["enterprises"][0]["name"] == "苏州铂岑斯精密机械有限公司"
    assert (line["recorded_at"], line["occurred_at"]) == (START, START)
    revision = city.one("search_documents", type="enterprise", id="e1")
    assert (revision["revision"], revision["deleted"]) == (1, False)


def test_the_outbox_holds_the_public_event(city: City) -> None:
    record(city, fact())
    mark = city.one("outbox")
    event = orjson.loads(mark["value"])
    assert (mark["topic"], mark["key"], mark["documents"]) == ("enterprises.changed", "e1", ["enterprise:e1"])
    assert (event["specversion"], event["type"], event["data"]["version"]) == ("1.0", "enterprise.registered.v1", 1)


def test_neither_history_nor_event_carries_the_actors_name(city: City) -> None:
    record(city, fact())
    assert city.one("history", aggregate_id="e1")["actor"] == {
        "id": "user:1",
        "organisation": "BUREAU",
        "role": "admin",
    }
    assert "裴听澜".encode() not in city.one("outbox")["value"]


def test_an_error_rolls_everything_back(city: City) -> None:
    before = counts(city)

    def fail_late() -> None:
        with unit_of_work(city.tools.database, city.clock) as unit:
            unit.record(fact())
            unit.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_late()
    assert counts(city) == before


def test_a_second_fact_raises_the_revision(city: City) -> None:
    record(city, fact(1))
    record(city, fact(2, name="苏州铂岑斯精密机械股份有限公司"))
    assert city.one("search_documents", type="enterprise", id="e1")["revision"] == 2
    assert city.one("enterprises")["name"] == "苏州铂岑斯精密机械股份有限公司"


def test_two_facts_of_one_transaction_leave_the_last_values_and_both_lines(city: City) -> None:
    record(city, fact(1, headcount=10), fact(2, headcount=20))
    assert city.one("enterprises")["headcount"] == 20
    assert [line["version"] for line in city.rows("history", aggregate_id="e1")] == [1, 2]


def test_the_same_version_twice_is_refused_and_leaves_nothing(city: City) -> None:
    record(city, fact(1))
    before = counts(city)
    with pytest.raises(IntegrityError):
        record(city, fact(1, name="另一个名字有限公司"))
    assert counts(city) == before
    assert city.one("enterprises")["name"] == "苏州铂岑斯精密机械有限公司"


def test_columns_left_out_of_a_row_keep_their_value(city: City) -> None:
    record(city, fact(1, headcount=10))
    partial = Fact("enterprise.updated.v1", "enterprise", "e1", 2, ACTOR, {"enterprises": [enterprise(2)]})
    short = {name: value for name, value in enterprise(2).items() if name != "headcount"}
    record(
        city, Fact(**{name: getattr(partial, name) for name in partial.__slots__} | {"rows": {"enterprises": [short]}})
    )
    assert city.one("enterprises")["headcount"] == 10


def test_documents_can_be_raised_without_a_fact(city: City) -> None:
    record(city, fact(1))
    with unit_of_work(city.tools.database, city.clock) as unit:
        unit.raise_documents([("enterprise", "e1")], deleted=True)
    revision = city.one("search_documents", type="enterprise", id="e1")
    assert (revision["revision"], revision["deleted"]) == (2, True)
    assert city.count("history", aggregate_id="e1") == 1


def test_facts_about_people_are_not_published(city: City) -> None:
    row = {"id": "u1", "version": 1, "email": "a@example.invalid", "name": "a", "active": True}
    record(city, Fact("user.created.v1", "user", "u1", 1, ACTOR, {"users": [row]}))
    assert city.count("history", aggregate="user") == 1
    assert city.count("outbox") == 0
