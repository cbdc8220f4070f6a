"""Intake: who is identified, what is set aside and why, and one effect for each event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from crm.bus.port import Delivered, Record
from schemas.topics import LEADS_DEAD, LEADS_SUBMITTED, feed_topic
from tests.factories.cities import City, published
from tests.factories.companies import company, wrong_code
from tests.factories.leads import cloud_event, delivered, lead_data, named, team


def event(number: int, organisation: str = "AG-BJ", data: object = None, **attributes: Any) -> bytes:
    return cloud_event(organisation, f"event-{number}", lead_data(number) if data is None else data, **attributes)


def put(city: City, *values: bytes, topic: str = LEADS_SUBMITTED, key: str | None = "k") -> None:
    """Publish as an outside system does, and process."""
    city.bus.publish([Record(topic, key, value) for value in values])
    city.pump()


def only_letter(city: City) -> Mapping[str, Any]:
    return city.one("dead_letters")


def test_a_report_becomes_a_lead_an_enterprise_and_a_matched_project(city: City) -> None:
    lead = city.report("AG-BJ", lead_data(1))
    project = city.one("projects", id=lead["project_id"])
    enterprise = city.one("enterprises", id=lead["enterprise_id"])
    assert (enterprise["name"], enterprise["uscc"], enterprise["uscc_status"]) == (
        company(1).name,
        company(1).uscc,
        "verified",
    )
    assert (project["stage"], project["origin"], project["track"], project["first_lead_id"]) == (
        "reported",
        "reported",
        "carrier",
        lead["id"],
    )
    assert project["investment"] == 80_000_000
    assert project["nodes"]
    assert city.count("matches", project_id=project["id"]) == 1
    assert city.one("project_parties", project_id=project["id"])["role"] == "investor"


def test_a_processed_report_shows_on_its_receipt(city: City) -> None:
    receipt = city.take("AG-BJ", lead_data(1))
    assert city.one("receipts")["state"] == "received"
    city.pump()
    after = city.one("receipts")
    assert (after["receipt_no"], after["state"]) == (receipt.receipt_no, "processed")
    assert after["lead_id"] == city.one("leads")["id"]
    assert city.count("submissions") == 0


def test_a_second_reporter_is_linked_to_the_same_enterprise_and_project(city: City) -> None:
    first = city.report("AG-BJ", named(1, source_ref="A"))
    second = city.report("AG-SH", named(1, source_ref="B"))
    assert (first["enterprise_id"], first["project_id"]) == (second["enterprise_id"], second["project_id"])
    project = city.one("projects")
    assert project["sources"] == ["AG-BJ", "AG-SH"]
    assert project["first_lead_id"] == first["id"]


def test_the_name_alone_finds_what_was_reported_with_its_code(city: City) -> None:
    first = city.report("AG-BJ", named(1))
    second = city.report("AG-SH", named(1, with_code=False))
    assert first["enterprise_id"] == second["enterprise_id"]


def test_the_code_finds_it_under_another_name(city: City) -> None:
    first = city.report("AG-BJ", named(1))
    second = city.report("AG-SH", named(1, name="无锡换名光学材料有限公司"))
    assert first["enterprise_id"] == second["enterprise_id"]
    assert "无锡换名光学材料有限公司" in city.one("enterprises")["aliases"]


def test_a_code_learnt_later_joins_the_name_known_before(city: City) -> None:
    first = city.report("AG-BJ", named(1, with_code=False))
    second = city.report("AG-SH", named(1))
    third = city.report("AG-SZ", named(1, name="无锡换名光学材料有限公司"))
    assert {first["enterprise_id"], second["enterprise_id"], third["enterprise_id"]} == {first["enterprise_id"]}
    assert city.one("enterprises")["uscc_status"] == "verified"


def test_the_name_in_full_width_and_with_blanks_is_the_same_name(city: City) -> None:
    first = city.report("AG-BJ", named(1, name="苏州铂岑斯（中国）有限公司", with_code=False))
    second = city.report("AG-SH", named(2, name="苏州铂岑斯(中国) 有限公司", with_code=False))
    assert first["enterprise_id"] == second["enterprise_id"]


def test_a_wrong_code_is_kept_with_a_warning_but_identifies_nobody(city: City) -> None:
    wrong = {"uscc": wrong_code(1)}
    first = city.report("AG-BJ", named(1, enterprise=wrong))
    second = city.report("AG-SH", named(2, enterprise=wrong))
    assert first["enterprise_id"] != second["enterprise_id"]
    assert "unverified" in first["warnings"][0]
    assert city.one("enterprises", id=first["enterprise_id"])["uscc_status"] == "unverified"
    assert city.count("enterprise_keys", kind="uscc") == 0


@pytest.mark.parametrize("together", [False, True])
def test_the_same_name_with_another_code_is_kept_apart_and_a_merge_is_proposed(city: City, together: bool) -> None:
    one, other = named(1, source_ref="A"), named(1, source_ref="B", enterprise={"uscc": company(2).uscc})
    for organisation, data in (("AG-BJ", one), ("AG-SH", other)):
        city.take(organisation, data)
        if not together:
            city.pump()
    city.pump()
    first, second = city.one("leads", source_ref="A"), city.one("leads", source_ref="B")
    assert first["enterprise_id"] != second["enterprise_id"]
    assert first["project_id"] != second["project_id"]
    proposal = city.one("merge_proposals")
    assert {proposal["enterprise_a"], proposal["enterprise_b"]} == {first["enterprise_id"], second["enterprise_id"]}
    assert (proposal["state"], proposal["lead_id"]) == ("open", second["id"])


@pytest.mark.parametrize("together", [False, True])
def test_code_and_name_of_two_enterprises_follow_the_code_and_propose_a_merge(city: City, together: bool) -> None:
    reports = (named(1, source_ref="A"), named(2, source_ref="B"), named(1, source_ref="C", name=company(2).name))
    for data in reports:
        city.take("AG-BJ", data)
        if not together:
            city.pump()
    city.pump()
    by_code, by_name, tying = (city.one("leads", source_ref=ref) for ref in "ABC")
    assert tying["enterprise_id"] == by_code["enterprise_id"]
    proposal = city.one("merge_proposals")
    assert (proposal["enterprise_a"], proposal["enterprise_b"]) == (by_code["enterprise_id"], by_name["enterprise_id"])


def test_a_team_without_a_name_is_a_project_without_enterprise_or_protection(city: City) -> None:
    lead = city.report("AG-BJ", team(1))
    assert (lead["enterprise_id"], lead["protection"]) == (None, "none")
    project = city.one("projects", id=lead["project_id"])
    assert (project["kind"], project["track"], project["enterprise_id"]) == ("team", "light", None)


def test_two_teams_without_names_are_two_projects(city: City) -> None:
    assert city.project("AG-BJ", team(1)) != city.project("AG-SH", team(2))


def test_a_team_that_gets_its_name_keeps_lead_and_project(city: City) -> None:
    before = city.report("AG-BJ", team(1))
    after = city.report("AG-BJ", team(1) | {"enterprise": {"name": company(1).name}}, amends=True)
    assert (after["id"], after["project_id"]) == (before["id"], before["project_id"])
    assert city.one("projects")["enterprise_id"] == after["enterprise_id"]
    assert city.one("enterprises")["name"] == company(1).name
    assert after["protection"] == "unproven"


def test_a_districts_own_find_starts_at_negotiating_assigned_to_it(city: City) -> None:
    lead = city.report("KETD", lead_data(1))
    project = city.one("projects", id=lead["project_id"])
    assert (project["origin"], project["stage"], project["district"]) == ("self_sourced", "negotiating", "KETD")
    assert lead["project_stage"] == "negotiating"
    assert city.one("assignments")["state"] == "accepted"


def test_a_district_reporting_what_others_reported_gets_no_assignment(city: City) -> None:
    city.report("AG-BJ", named(1))
    city.report("KETD", named(1, source_ref="own"))
    project = city.one("projects")
    assert (project["origin"], project["stage"], project["district"]) == ("reported", "reported", None)


def test_a_new_report_after_a_loss_opens_a_new_project(city: City) -> None:
    from crm.services.progress import lose
    from tests.factories.actors import dispatcher

    first = city.project("AG-BJ", named(1))
    lose(city.tools, dispatcher(), first, 1, reason="选址外省")
    assert city.project("AG-SH", named(1, source_ref="again")) != first


def test_the_same_event_twice_has_one_effect(city: City) -> None:
    put(city, event(1), event(1))
    put(city, event(1))
    assert (city.count("leads"), city.count("dead_letters"), city.count("inbox")) == (1, 0, 1)
    assert city.count("history", aggregate="lead") == 1


def test_equal_content_under_another_event_id_has_no_second_effect(city: City) -> None:
    put(city, cloud_event("AG-BJ", "one", lead_data(1)), cloud_event("AG-BJ", "two", lead_data(1)))
    assert (city.count("leads"), city.count("dead_letters"), city.count("projects")) == (1, 0, 1)


@pytest.mark.parametrize("together", [False, True])
def test_the_same_source_and_id_with_other_content_is_set_aside(city: City, together: bool) -> None:
    values = [cloud_event("AG-BJ", "e", lead_data(1)), cloud_event("AG-BJ", "e", lead_data(2))]
    if together:
        put(city, *values)
    else:
        put(city, values[0])
        put(city, values[1])
    assert city.count("leads") == 1
    assert only_letter(city)["field"] == "id"
    assert only_letter(city)["value"] == values[1]


def test_the_same_id_of_another_source_is_another_event(city: City) -> None:
    put(city, cloud_event("AG-BJ", "e", lead_data(1)), cloud_event("AG-SH", "e", lead_data(2)))
    assert (city.count("leads"), city.count("dead_letters")) == (2, 0)


@pytest.mark.parametrize("together", [False, True])
def test_the_same_source_ref_with_other_content_is_set_aside_naming_the_fields(city: City, together: bool) -> None:
    changed = lead_data(1, project={"investment": 9000, "title": "改过的标题"})
    values = [event(1), cloud_event("AG-BJ", "other", changed)]
    for batch in [values] if together else [[value] for value in values]:
        put(city, *batch)
    letter = only_letter(city)
    assert "project.investment" in letter["reason"]
    assert "project.title" in letter["reason"]
    assert letter["field"] in ("project.investment", "project.title")
    assert city.one("projects")["investment"] == 80_000_000


def test_other_contacts_alone_are_named_as_contacts(city: City) -> None:
    put(city, event(1), cloud_event("AG-BJ", "other", lead_data(1, contacts=[{"name": "谭屿"}])))
    assert only_letter(city)["field"] == "contacts"


def test_a_feed_carries_its_own_organisations_reports_only(city: City) -> None:
    put(city, event(1, "AG-SH"), event(2, "AG-BJ"), topic=feed_topic("AG-SH"))
    assert [lead["organisation"] for lead in city.rows("leads")] == ["AG-SH"]
    letter = only_letter(city)
    assert (letter["field"], letter["topic"]) == ("source", feed_topic("AG-SH"))


@pytest.mark.parametrize("organisation", ["NOBODY", "DEPT-STHJ", "OFFICE", "AG-OTH"])
def test_who_does_not_report_is_refused_by_source(city: City, organisation: str) -> None:
    put(city, event(1, organisation))
    assert only_letter(city)["field"] == "source"


BROKEN: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"not json", "record"),
    "empty": (b"", "record"),
    "no UTF-8": (b'{"a":"\xff\xfe"}', "record"),
    "a list": (b"[]", "record"),
    "NUL byte": (b"\x00", "record"),
    "no specversion": (event(1, specversion=None), "specversion"),
    "another specversion": (event(1, specversion="0.3"), "specversion"),
    "unknown type": (event(1, type="lead.vanished.v1"), "type"),
    "a later version": (event(1, type="lead.submitted.v2"), "type"),
    "a fact of ours": (event(1, type="project.opened.v1"), "type"),
    "no id": (event(1, id=None), "id"),
    "no data": (event(1, data=None).replace(b'"data":', b'"date":'), "data"),
    "data is a text": (event(1, data="text"), "data"),
    "source without code": (event(1, source="AG-BJ"), "source"),
    "time without zone": (event(1, time="2026-03-02T09:30:00"), "time"),
    "NUL in a text": (event(1, data=lead_data(1, project={"summary": "a\x00b"})), "project.summary"),
    "no source_ref": (event(1, data=lead_data(1, source_ref=None)), "source_ref"),
    "neither name nor summary": (event(1, data={"source_ref": "R"}), "enterprise.name"),
    "unknown district": (
        event(1, data=lead_data(1, project={"preferred_districts": ["XX"]})),
        "project.preferred_districts",
    ),
    "bad e-mail": (event(1, data=lead_data(1, contacts=[{"email": "no at"}])), "contacts.0.email"),
    "too large": (event(1, data=lead_data(1, project={"summary": "长" * 310_000})), "record"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_record_is_set_aside_with_field_and_bytes_and_harms_no_other(city: City, name: str) -> None:
    value, field = BROKEN[name]
    batch = [delivered(event(2), 0), delivered(value, 1, key=b"\xff"), delivered(event(3), 2)]
    city.intake.handle(batch)
    letter = only_letter(city)
    assert (letter["field"], letter["value"], letter["key"]) == (field, value, b"\xff")
    assert (letter["offset"], letter["state"], letter["attempts"]) == (1, "open", 1)
    assert letter["reason"]
    assert {lead["source_ref"] for lead in city.rows("leads")} == {"T-2026-00002", "T-2026-00003"}


def test_a_refused_event_leaves_on_the_dead_topic_with_its_headers(city: City) -> None:
    put(city, b"not json", key="the key")
    (record,) = published(city, [LEADS_DEAD])
    headers = dict(record["headers"])
    assert (record["value"], record["key"]) == (b"not json", b"the key")
    assert set(headers) >= {"crm-reason", "crm-field", "crm-topic", "crm-partition", "crm-offset", "crm-error-id"}
    assert (headers["crm-topic"], headers["crm-field"]) == (LEADS_SUBMITTED, "record")


def test_a_record_read_again_is_not_buried_twice(city: City) -> None:
    record = delivered(b"not json", 5)
    city.intake.handle([record])
    city.intake.handle([record])
    assert only_letter(city)["attempts"] == 1


def test_unknown_fields_are_kept_out_and_named(city: City) -> None:
    lead = city.report("AG-BJ", lead_data(1, enterprise={"faith": "none"}, mood="good"))
    assert sorted(lead["ignored"]) == ["enterprise.faith", "mood"]
    assert "mood" not in lead["data"]


def test_an_amendment_keeps_the_receipt_and_raises_the_version(city: City) -> None:
    before = city.report("AG-BJ", lead_data(1))
    after = city.report("AG-BJ", lead_data(1, project={"investment": 20000}), amends=True)
    kept = ("id", "receipt_no", "received_at", "project_id", "enterprise_id", "created_at")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["version"] == 2
    assert city.one("projects")["investment"] == 200_000_000
    assert city.count("receipts") == 1


def test_an_amendment_by_topic_keeps_the_receipt_too(city: City) -> None:
    put(city, event(1))
    before = city.one("leads")
    put(city, cloud_event("AG-BJ", "fix", lead_data(1, project={"jobs": 30}), type="lead.amended.v1"))
    after = city.one("leads")
    assert (after["receipt_no"], after["version"], after["data"]["project"]["jobs"]) == (before["receipt_no"], 2, 30)


def test_an_amendment_of_nothing_is_set_aside(city: City) -> None:
    put(city, event(1, type="lead.amended.v1"))
    assert only_letter(city)["field"] == "source_ref"


def test_an_amendment_that_changes_nothing_has_no_effect(city: City) -> None:
    before = city.report("AG-BJ", lead_data(1))
    put(city, cloud_event("AG-BJ", "fix", lead_data(1), type="lead.amended.v1"))
    assert city.one("leads")["version"] == before["version"]
    assert city.count("dead_letters") == 0


def test_the_receipt_of_a_record_follows_from_its_place_in_the_log(city: City) -> None:
    record = delivered(event(1), 7, partition=3)
    city.intake.handle([record])
    lead = city.one("leads")
    assert (lead["receipt_no"], lead["received_at"]) == ("K-03-00000007", record.appended_at)


def test_a_record_delivered_by_two_batches_at_once_counts_once(city: City) -> None:
    records: list[Delivered] = [delivered(event(number), number) for number in range(1, 6)]
    city.intake.handle(records[:4])
    city.intake.handle(records[2:])
    assert city.count("leads") == 5
    assert city.count("history", aggregate="lead") == 5


def test_one_batch_gives_what_single_records_give(make_city: Any) -> None:
    """Ids and times of writing apart: they are drawn anew."""
    records = [delivered(event(n, data=named(1 + n % 3, source_ref=f"R{n}")), n) for n in range(9)]
    together, alone = make_city("together"), make_city("alone")
    together.intake.handle(records)
    for record in records:
        alone.intake.handle([record])
    names = ("name", "uscc", "aliases")
    outcome = [
        (
            sorted([enterprise[name] for name in names] for enterprise in city.rows("enterprises")),
            sorted((project["title"], project["sources"], project["investment"]) for project in city.rows("projects")),
        )
        for city in (together, alone)
    ]
    assert outcome[0] == outcome[1]
