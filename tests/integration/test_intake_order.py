"""Promise 2: the outcome is that of the reports in the order of receipt, whatever the order of processing."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from crm.bus.port import Delivered
from crm.store.identity import keys_of, lock_keys
from tests.factories.cities import City, CityMaker
from tests.factories.companies import company
from tests.factories.leads import cloud_event, delivered, lead_data, named
from tests.servers import ON_POSTGRESQL

Report = tuple[str, dict[str, Any]]

SETS: dict[str, list[Report]] = {
    "name, code and both": [
        ("AG-BJ", named(1, source_ref="A", with_code=False, project={"title": "甲", "investment": None})),
        ("AG-SH", named(1, source_ref="B", project={"title": "乙", "investment": 3000, "site_mode": "undecided"})),
        ("AG-SZ", named(1, source_ref="C", enterprise={"headcount": 80}, project={"kind": "expansion"})),
        ("AG-HZ", named(1, source_ref="D", with_code=False, enterprise={"honours": ["高新技术企业"]})),
    ],
    "one code, two names": [
        ("AG-BJ", named(1, source_ref="A")),
        ("AG-SH", named(1, source_ref="B", name="无锡换名光学材料有限公司")),
        ("AG-SZ", named(1, source_ref="C", enterprise={"main_business": "另一种说法的光学膜"})),
    ],
    "two enterprises": [
        ("AG-BJ", named(1, source_ref="A")),
        ("AG-SH", named(2, source_ref="B")),
        ("AG-SZ", named(2, source_ref="C", with_code=False)),
        ("AG-HZ", named(1, source_ref="D", with_code=False)),
    ],
    "a confidential one among them": [
        ("AG-BJ", named(1, source_ref="A")),
        ("AG-SH", named(1, source_ref="B", confidential=True)),
        ("AG-SZ", named(1, source_ref="C")),
    ],
    "a district after an agency": [
        ("AG-BJ", named(1, source_ref="A")),
        ("KETD", named(1, source_ref="B")),
        ("AG-SH", named(1, source_ref="C")),
    ],
    "a district first": [
        ("KETD", named(1, source_ref="A")),
        ("AG-BJ", named(1, source_ref="B")),
        ("KHTD", named(1, source_ref="C")),
    ],
}


def records(reports: Sequence[Report]) -> list[Delivered]:
    """Records whose place in the log is the order of receipt."""
    return [delivered(cloud_event(org, f"e{n}", data), n) for n, (org, data) in enumerate(reports)]


def outcome(city: City) -> Any:
    """What the city holds, ids and times of writing left out; leads are named by their source_ref."""
    left_out = {
        "id",
        "version",
        "created_at",
        "updated_at",
        "code_name",
        "enterprise_id",
        "first_lead_id",
        "stage_since",
    }
    refs = {lead["id"]: lead["source_ref"] for lead in city.rows("leads")}
    members: dict[str, list[str]] = {}
    for lead in city.rows("leads"):
        members.setdefault(lead["project_id"], []).append(lead["source_ref"])
    enterprises = [{k: v for k, v in row.items() if k not in left_out} for row in city.rows("enterprises")]
    projects = [
        {k: v for k, v in row.items() if k not in left_out}
        | {"first": refs[row["first_lead_id"]], "leads": sorted(members[row["id"]])}
        for row in city.rows("projects")
    ]
    leads = [(row["source_ref"], row["receipt_no"], row["project_stage"]) for row in city.rows("leads")]
    return sorted(map(repr, enterprises)), sorted(map(repr, projects)), sorted(leads), city.count("merge_proposals")


@pytest.mark.parametrize("name", SETS)
def test_any_order_of_processing_gives_the_outcome_of_the_order_of_receipt(make_city: CityMaker, name: str) -> None:
    in_order = records(SETS[name])
    expected = None
    for number, order in enumerate(permutations(in_order)):
        city = make_city(f"order-{number}")
        for record in order:
            city.intake.handle([record])
        expected = expected or outcome(city)  # the first permutation is the order of receipt
        assert outcome(city) == expected, [record.offset for record in order]


def test_a_late_first_report_takes_over_the_first_place(city: City) -> None:
    first, second = records([("AG-BJ", named(1, source_ref="A")), ("AG-SH", named(1, source_ref="B"))])
    city.intake.handle([second])
    city.intake.handle([first])
    project = city.one("projects")
    assert project["first_lead_id"] == city.one("leads", source_ref="A")["id"]
    assert project["title"] == f"{company(1).short}华东生产基地"


@ON_POSTGRESQL
def test_a_report_whose_enterprise_another_worker_deals_with_waits_alone(city: City) -> None:
    """The others of its batch are committed meanwhile; a correction of the same report waits with it."""
    held = {"enterprise": {"name": company(1).name, "uscc": company(1).uscc, "uscc_status": "verified"}}
    seen: list[int] = []

    def other_worker() -> None:
        with city.tools.database.write() as session:
            lock_keys(session, keys_of(held["enterprise"]))
            holding.set()
            while not (done := city.count("leads")) and not too_late():
                time.sleep(0.02)
            seen.append(done)

    holding, started = threading.Event(), time.monotonic()
    too_late = lambda: time.monotonic() - started > 20  # noqa: E731
    thread = threading.Thread(target=other_worker)
    thread.start()
    holding.wait(10)
    corrected = lead_data(1, enterprise={"name": company(9).name, "uscc": None})
    records = [
        delivered(cloud_event("AG-BJ", "e-1", lead_data(1)), 1),
        delivered(cloud_event("AG-BJ", "e-2", lead_data(2)), 2),
        delivered(cloud_event("AG-BJ", "e-3", corrected, type="lead.amended.v1"), 3),
    ]
    city.intake.handle(records)
    thread.join()
    assert (seen, city.count("leads"), city.count("dead_letters")) == ([1], 2, 0)
    assert {row["version"] for row in city.rows("leads")} == {1, 2}
