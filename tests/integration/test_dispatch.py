"""Dispatch: deadlines in working days, answers by the right district, back to the dispatcher exactly once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from crm.domain.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from crm.services.dispatch import accept, decline, dispatch, expire_unanswered, transfer
from tests.factories.actors import dispatcher, leader, officer, reporter
from tests.factories.cities import City, CityMaker
from tests.factories.leads import lead_data


def send(city: City, project: str, district: str = "KETD", park: str | None = None, version: int | None = None) -> None:
    seen = version if version is not None else city.version(project)
    dispatch(city.tools, dispatcher(), project, seen, district=district, park=park, note="产业链相近")


@pytest.fixture
def project(city: City) -> str:
    return city.project("AG-BJ", lead_data(1))


def test_a_dispatch_waits_for_its_district_until_the_third_working_day(city: City, project: str) -> None:
    send(city, project)
    assignment = city.one("assignments")
    assert assignment["state"] == "pending"
    assert assignment["due_at"] == datetime(2026, 3, 5, 16, tzinfo=UTC)  # Thursday 24:00 in Kunshan
    row = city.one("projects")
    assert (row["stage"], row["district"]) == ("dispatched", "KETD")
    assert city.one("leads")["project_stage"] == "dispatched"


def test_holidays_do_not_count_towards_the_deadline(make_city: CityMaker) -> None:
    city = make_city(at=datetime(2026, 2, 13, 1, tzinfo=UTC))
    send(city, city.project("AG-BJ", lead_data(1)))
    assert city.one("assignments")["due_at"] == datetime(2026, 2, 25, 16, tzinfo=UTC)


def test_the_choice_is_kept_beside_the_proposal(city: City, project: str) -> None:
    send(city, project)
    match = city.one("matches")
    assert (match["chosen_district"], match["chosen_park"], match["choice_reason"]) == ("KETD", None, "产业链相近")
    assert match["result"]["parks"]


def test_accepting_begins_the_talks(city: City, project: str) -> None:
    send(city, project)
    accept(city.tools, officer("KETD"), project, city.version(project))
    assert city.one("projects")["stage"] == "negotiating"
    answer = city.one("assignments")
    assert (answer["state"], answer["answered_by"]) == ("accepted", "user:officer")


def test_declining_sends_it_back_with_a_reason(city: City, project: str) -> None:
    send(city, project)
    decline(city.tools, officer("KETD"), project, city.version(project), reason="无合适载体")
    row = city.one("projects")
    assert (row["stage"], row["district"], row["park"]) == ("reported", None, None)
    assert city.one("assignments")["reason"] == "无合适载体"
    send(city, project, "KHTD")
    assert city.one("projects")["district"] == "KHTD"


def test_a_district_cannot_answer_what_it_does_not_see(city: City, project: str) -> None:
    send(city, project)
    for answer in (accept, lambda *given: decline(*given, reason="x")):
        with pytest.raises(NotFound):
            answer(city.tools, officer("KHTD"), project, city.version(project))


def test_a_district_that_handed_the_project_on_sees_it_but_may_not_answer(city: City, project: str) -> None:
    send(city, project)
    accept(city.tools, officer("KETD"), project, city.version(project))
    transfer(city.tools, dispatcher(), project, city.version(project), district="KHTD", split=None, reason="用地")
    with pytest.raises(Forbidden):
        accept(city.tools, officer("KETD"), project, city.version(project))


def test_the_bureau_does_not_answer_for_a_district(city: City, project: str) -> None:
    send(city, project)
    with pytest.raises(Forbidden):
        accept(city.tools, dispatcher(), project, city.version(project))


def test_only_the_bureau_dispatches(city: City, project: str) -> None:
    with pytest.raises(Forbidden):
        dispatch(city.tools, leader(), project, 1, district="KETD", park=None, note=None)
    for stranger in (reporter(), officer("KETD")):
        with pytest.raises(NotFound):
            dispatch(city.tools, stranger, project, 1, district="KETD", park=None, note=None)


def test_who_saw_an_older_version_is_told_so(city: City, project: str) -> None:
    send(city, project)
    with pytest.raises(Stale):
        send(city, project, version=city.version(project) - 1)
    with pytest.raises(Stale):
        accept(city.tools, officer("KETD"), project, city.version(project) - 1)


@pytest.mark.parametrize("accepted", [False, True])
def test_what_is_with_a_district_cannot_be_dispatched_again(city: City, project: str, accepted: bool) -> None:
    send(city, project)
    if accepted:
        accept(city.tools, officer("KETD"), project, city.version(project))
    with pytest.raises(Conflict):
        send(city, project, "KHTD")


def test_a_dispatch_is_answered_once(city: City, project: str) -> None:
    send(city, project)
    accept(city.tools, officer("KETD"), project, city.version(project))
    with pytest.raises(Conflict):
        decline(city.tools, officer("KETD"), project, city.version(project), reason="反悔")


def park_where(city: City, **wanted: object) -> str:
    parks = city.tools.reference.pack().parks.values()
    return next(park.code for park in parks if all(getattr(park, name) == value for name, value in wanted.items()))


def test_places_that_are_none_are_refused_by_field(city: City, project: str) -> None:
    elsewhere = park_where(city, district="KHTD", accepts_projects=True)
    for district, park, field in (("XX", None, "district"), ("KETD", "P999", "park"), ("KETD", elsewhere, "park")):
        with pytest.raises(Invalid) as refusal:
            send(city, project, district, park)
        assert refusal.value.errors[0].field == field


def test_a_park_of_the_district_can_be_chosen(city: City, project: str) -> None:
    park = park_where(city, district="KHTD", accepts_projects=True)
    send(city, project, "KHTD", park)
    assert city.one("projects")["park"] == park


def test_unanswered_it_comes_back_exactly_once(city: City, project: str) -> None:
    send(city, project)
    due = city.one("assignments")["due_at"]
    assert expire_unanswered(city.tools, due - timedelta(seconds=1)) == 0
    assert expire_unanswered(city.tools, due) == 1
    assert expire_unanswered(city.tools, due) == 0
    row = city.one("projects")
    assert (row["stage"], row["district"]) == ("reported", None)
    assert city.one("assignments")["state"] == "expired"
    assert city.count("history", type="project.dispatch-expired.v1") == 1


def test_what_was_answered_does_not_expire(city: City, project: str) -> None:
    send(city, project)
    accept(city.tools, officer("KETD"), project, city.version(project))
    assert expire_unanswered(city.tools, city.clock.now() + timedelta(days=30)) == 0


def test_an_expired_dispatch_is_no_longer_the_districts(city: City, project: str) -> None:
    send(city, project)
    expire_unanswered(city.tools, city.clock.now() + timedelta(days=30))
    with pytest.raises(NotFound):
        accept(city.tools, officer("KETD"), project, city.version(project))


def test_a_confidential_project_expires_like_any_other(city: City) -> None:
    lead = city.report("AG-BJ", lead_data(1, confidential=True))
    city.name_readers(lead["project_id"], dispatcher())
    send(city, lead["project_id"])
    assert expire_unanswered(city.tools, city.clock.now() + timedelta(days=30)) == 1


def test_a_transfer_keeps_the_first_district_in_the_history_and_splits_thirty_to_seventy(
    city: City, project: str
) -> None:
    send(city, project)
    accept(city.tools, officer("KETD"), project, city.version(project))
    transfer(city.tools, dispatcher(), project, city.version(project), district="KHTD", split=None, reason="用地")
    assert [row["state"] for row in city.rows("assignments")] == ["ended", "accepted"]
    row = city.one("projects")
    assert (row["district"], row["stage"]) == ("KHTD", "negotiating")
    change = city.one("history", type="project.transferred.v1")["change"]
    assert (change["from_district"], change["first_talk_share"], change["landing_share"]) == ("KETD", 30, 70)


def test_an_agreed_split_is_kept(city: City, project: str) -> None:
    send(city, project)
    accept(city.tools, officer("KETD"), project, city.version(project))
    split = {"first_talk": 50, "landing": 50}
    transfer(city.tools, dispatcher(), project, city.version(project), district="KHTD", split=split, reason="协商")
    assert city.one("history", type="project.transferred.v1")["change"]["first_talk_share"] == 50


def test_only_an_accepted_project_moves_and_only_elsewhere(city: City, project: str) -> None:
    def move(district: str) -> None:
        transfer(city.tools, dispatcher(), project, city.version(project), district=district, split=None, reason="x")

    with pytest.raises(Conflict):
        move("KHTD")
    send(city, project)
    with pytest.raises(Conflict):
        move("KHTD")
    accept(city.tools, officer("KETD"), project, city.version(project))
    with pytest.raises(Conflict):
        move("KETD")
