"""Progress: claimed by one, confirmed by another; the stage follows; landed once; the ways off the line."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pytest

from crm.domain.clock import local_date
from crm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm.services.dispatch import accept, dispatch
from crm.services.progress import (
    claim_milestone,
    confirm_milestone,
    edit_project,
    log_activity,
    lose,
    raise_obstacle,
    refuse_milestone,
    resume,
    shelve,
    terminate,
)
from tests.factories.actors import colleague, department, dispatcher, leader, officer, second_dispatcher
from tests.factories.cities import City
from tests.factories.leads import lead_data

EVIDENCE: dict[str, Any] = {"document": "证照编号 001"}
SIGNED = {"agreement": "investment_agreement", "document": "协议"}


def talking(city: City, number: int = 1, **plan: Any) -> str:
    """A project the development zone talks about."""
    project = city.project("AG-BJ", lead_data(number, project=plan))
    dispatch(city.tools, dispatcher(), project, city.version(project), district="KETD", park=None, note=None)
    accept(city.tools, officer(), project, city.version(project))
    return project


@pytest.fixture
def project(city: City) -> str:
    return talking(city)


def claim(city: City, project: str, kind: str, evidence: dict[str, Any] | None = None, **more: Any) -> str:
    actor, on = more.get("actor", officer()), more.get("on", local_date(city.clock.now()))
    return claim_milestone(
        city.tools, actor, project, city.version(project), kind=kind, occurred_on=on, evidence=evidence or EVIDENCE
    )


def confirm(city: City, project: str, milestone: str, actor: Any = None) -> None:
    confirm_milestone(city.tools, actor or dispatcher(), project, milestone, city.version(project))


def reach(city: City, project: str, kind: str, evidence: dict[str, Any] | None = None, **more: Any) -> None:
    confirm(city, project, claim(city, project, kind, evidence, **more))


def test_a_claim_alone_moves_nothing(city: City, project: str) -> None:
    claim(city, project, "tenancy_review")
    assert city.one("projects")["stage"] == "negotiating"
    assert city.one("milestones")["state"] == "claimed"


def test_a_colleague_confirms_and_the_stage_follows(city: City, project: str) -> None:
    confirm(city, project, claim(city, project, "tenancy_review"), colleague())
    assert city.one("projects")["stage"] == "tenancy_review"
    assert city.one("leads")["project_stage"] == "tenancy_review"
    row = city.one("milestones")
    assert (row["state"], row["claimed_by"], row["decided_by"]) == ("confirmed", "user:officer", "user:colleague")


def test_nobody_confirms_or_refuses_an_own_claim(city: City, project: str) -> None:
    milestone = claim(city, project, "tenancy_review")
    with pytest.raises(Conflict, match="他人"):
        confirm(city, project, milestone, officer())
    with pytest.raises(Conflict, match="他人"):
        refuse_milestone(city.tools, officer(), project, milestone, city.version(project), reason="x")


def test_the_bureau_does_not_confirm_its_own_claim_either(city: City, project: str) -> None:
    milestone = claim(city, project, "signed", SIGNED, actor=dispatcher())
    with pytest.raises(Conflict):
        confirm(city, project, milestone, dispatcher())
    confirm(city, project, milestone, second_dispatcher())


def test_a_signing_is_the_bureaus_to_confirm(city: City, project: str) -> None:
    milestone = claim(city, project, "signed", SIGNED)
    with pytest.raises(Forbidden):
        confirm(city, project, milestone, colleague())
    confirm(city, project, milestone)
    assert city.one("projects")["signed_on"] == local_date(city.clock.now())


def test_from_one_yi_everything_is_the_bureaus_to_confirm(city: City) -> None:
    project = talking(city, investment=10_000)
    with pytest.raises(Forbidden):
        confirm(city, project, claim(city, project, "tenancy_review"), colleague())


def test_the_random_tenth_is_the_bureaus_to_confirm(city: City, project: str) -> None:
    city.tools = dataclasses.replace(city.tools, chance=lambda: 0.05)
    with pytest.raises(Forbidden):
        confirm(city, project, claim(city, project, "tenancy_review"), colleague())


def test_a_milestone_is_decided_once(city: City, project: str) -> None:
    milestone = claim(city, project, "tenancy_review")
    confirm(city, project, milestone)
    with pytest.raises(Conflict):
        confirm(city, project, milestone, colleague())


def test_a_milestone_of_nobody_is_not_found(city: City, project: str) -> None:
    with pytest.raises(NotFound):
        confirm(city, project, "nothing")


def test_leaders_look_but_do_not_claim(city: City, project: str) -> None:
    with pytest.raises(Forbidden):
        claim(city, project, "tenancy_review", actor=leader())


def test_a_district_that_does_not_see_the_project_cannot_claim(city: City, project: str) -> None:
    with pytest.raises(NotFound):
        claim(city, project, "tenancy_review", actor=officer("KHTD"))


def test_the_same_milestone_is_not_claimed_twice(city: City, project: str) -> None:
    claim(city, project, "tenancy_review")
    with pytest.raises(Conflict):
        claim(city, project, "tenancy_review")


def test_a_refused_milestone_may_be_claimed_again(city: City, project: str) -> None:
    first = claim(city, project, "tenancy_review")
    refuse_milestone(city.tools, colleague(), project, first, city.version(project), reason="缺会议纪要")
    reach(city, project, "tenancy_review", {"document": "会议纪要"})
    assert sorted(row["state"] for row in city.rows("milestones")) == ["confirmed", "refused"]


def test_nothing_happens_tomorrow(city: City, project: str) -> None:
    with pytest.raises(Invalid) as refusal:
        claim(city, project, "tenancy_review", on=local_date(city.clock.now()) + timedelta(days=1))
    assert refusal.value.errors[0].field == "occurred_on"


@pytest.mark.parametrize("agreement", ["framework_agreement", "intent", "signing_event"])
def test_a_framework_agreement_is_no_signing(city: City, project: str, agreement: str) -> None:
    with pytest.raises(Invalid) as refusal:
        claim(city, project, "signed", {"agreement": agreement})
    assert refusal.value.errors[0].field == "evidence.agreement"
    assert city.one("projects")["signed_on"] is None


def test_the_verdict_reaches_the_reporters_lead(city: City) -> None:
    project = city.project("AG-BJ", lead_data(1))
    milestone = claim(city, project, "screening", {"verdict": "符合产业方向，建议引进"}, actor=dispatcher())
    confirm(city, project, milestone, second_dispatcher())
    lead = city.one("leads")
    assert (lead["verdict"], lead["project_stage"]) == ("符合产业方向，建议引进", "screening")


LANDINGS: dict[str, tuple[dict[str, Any], Sequence[str]]] = {
    "land": ({"site_mode": "land"}, ("company_registration", "land_supply")),
    "carrier": ({"site_mode": "lease"}, ("company_registration", "signed", "handover")),
    "expansion": ({"kind": "expansion"}, ("change_filing", "equipment_in")),
    "light": ({"kind": "hq", "site_mode": "office"}, ("company_registration", "moved_in")),
}


@pytest.mark.parametrize("track", LANDINGS)
def test_each_track_lands_once_on_the_day_of_its_last_condition(city: City, track: str) -> None:
    plan, kinds = LANDINGS[track]
    project = talking(city, **plan)
    assert city.one("projects")["track"] == track
    first = date(2026, 2, 10)
    days = [first + timedelta(days=number) for number in range(len(kinds))]
    for kind, day in zip(reversed(kinds), days, strict=True):
        assert city.one("projects")["landed_on"] is None
        milestone = claim(city, project, kind, SIGNED if kind == "signed" else EVIDENCE, on=day)
        if day == days[-1]:
            with pytest.raises(Forbidden):
                confirm(city, project, milestone, colleague())
        confirm(city, project, milestone)
    assert city.one("projects")["landed_on"] == days[-1]
    later = {
        "land": "construction_start",
        "carrier": "fit_out",
        "expansion": "land_supply",
        "light": "enterprise_enrolment",
    }
    reach(city, project, later[track])
    assert city.one("projects")["landed_on"] == days[-1]
    landed_lines = [line for line in city.rows("history", aggregate="project") if line["change"].get("landed_on")]
    assert {line["change"]["landed_on"] for line in landed_lines} == {days[-1].isoformat()}


def test_without_a_track_a_person_sets_it_first(city: City) -> None:
    project = talking(city, site_mode="undecided")
    with pytest.raises(Invalid):
        claim(city, project, "handover")
    edit_project(city.tools, officer(), project, city.version(project), track="carrier", grade="key")
    reach(city, project, "handover")
    row = city.one("projects")
    assert (row["track"], row["grade"], row["stage"]) == ("carrier", "key", "handover")


def test_a_track_set_by_hand_survives_further_reports(city: City) -> None:
    project = talking(city, site_mode="undecided")
    edit_project(city.tools, officer(), project, city.version(project), track="land", grade=None)
    city.report("AG-SH", lead_data(1, source_ref="later", project={"site_mode": "lease"}))
    assert city.one("projects")["track"] == "land"


def test_the_track_cannot_leave_a_confirmed_milestone_behind(city: City, project: str) -> None:
    reach(city, project, "handover")
    with pytest.raises(Conflict):
        edit_project(city.tools, officer(), project, city.version(project), track="land", grade=None)


@pytest.mark.parametrize(("track", "grade"), [("rail", None), (None, "gold"), (None, None)])
def test_edits_that_say_nothing_known_are_refused(
    city: City, project: str, track: str | None, grade: str | None
) -> None:
    with pytest.raises(Invalid):
        edit_project(city.tools, officer(), project, city.version(project), track=track, grade=grade)


def test_a_shelved_project_rests_and_goes_on_where_it_stood(city: City, project: str) -> None:
    reach(city, project, "tenancy_review")
    wake_on = local_date(city.clock.now()) + timedelta(days=90)
    shelve(city.tools, officer(), project, city.version(project), reason="投资方内部调整", wake_on=wake_on)
    row = city.one("projects")
    assert (row["stage"], row["off_line"], row["wake_on"]) == ("shelved", "shelved", wake_on)
    assert city.one("leads")["outcome"] == "投资方内部调整"
    with pytest.raises(Conflict):
        claim(city, project, "handover")
    resume(city.tools, officer(), project, city.version(project))
    row = city.one("projects")
    assert (row["stage"], row["off_line"], row["wake_on"]) == ("tenancy_review", None, None)
    assert city.one("leads")["outcome"] is None


def test_only_what_is_shelved_is_taken_up_again(city: City, project: str) -> None:
    with pytest.raises(Conflict):
        resume(city.tools, officer(), project, city.version(project))


def test_a_wake_up_date_lies_ahead(city: City, project: str) -> None:
    with pytest.raises(Invalid) as refusal:
        shelve(city.tools, officer(), project, city.version(project), reason="x", wake_on=local_date(city.clock.now()))
    assert refusal.value.errors[0].field == "wake_on"


def test_before_signing_a_project_is_lost_and_not_terminated(city: City, project: str) -> None:
    with pytest.raises(Conflict):
        terminate(city.tools, officer(), project, city.version(project), reason="x")
    lose(city.tools, officer(), project, city.version(project), reason="选址外省")
    row = city.one("projects")
    assert (row["stage"], row["off_line_reason"]) == ("lost", "选址外省")
    assert city.one("leads")["outcome"] == "选址外省"


def test_after_signing_a_project_is_terminated_and_not_lost(city: City, project: str) -> None:
    reach(city, project, "signed", SIGNED)
    with pytest.raises(Conflict):
        lose(city.tools, officer(), project, city.version(project), reason="x")
    terminate(city.tools, officer(), project, city.version(project), reason="投资方撤资")
    row = city.one("projects")
    assert (row["stage"], row["signed_on"]) == ("terminated", local_date(city.clock.now()))


def test_off_the_line_for_good_nothing_more_can_be_done(city: City, project: str) -> None:
    lose(city.tools, officer(), project, city.version(project), reason="x")
    with pytest.raises(Conflict):
        resume(city.tools, officer(), project, city.version(project))
    with pytest.raises(Conflict):
        lose(city.tools, officer(), project, city.version(project), reason="x")


def test_a_loss_ends_the_dispatch_that_waits_for_its_answer(city: City) -> None:
    project = city.project("AG-BJ", lead_data(1))
    dispatch(city.tools, dispatcher(), project, city.version(project), district="KETD", park=None, note=None)
    lose(city.tools, dispatcher(), project, city.version(project), reason="x")
    assert city.one("assignments")["state"] == "ended"


def test_an_activity_counts_as_contact(city: City, project: str) -> None:
    log_activity(
        city.tools,
        officer(),
        project,
        kind="visit",
        occurred_on=local_date(city.clock.now()),
        summary="到访考察厂房",
        two_sided=True,
        next_step="提交方案",
        next_on=None,
    )
    assert city.one("projects")["last_activity_at"] == city.clock.now()
    assert city.one("activities")["recorded_by"] == "user:officer"


def test_an_obstacle_lets_its_department_see_the_project(city: City, project: str) -> None:
    def activity() -> None:
        with city.tools.database.read() as session:
            from crm.store.queries.projects import get_project
            from crm.store.queries.scope import scope_of

            get_project(session, scope_of(session, department("DEPT-STHJ")), project)

    with pytest.raises(NotFound):
        activity()
    raise_obstacle(city.tools, officer(), project, department="DEPT-STHJ", description="环评", due_on=None)
    activity()


def test_an_unknown_department_is_refused_by_field(city: City, project: str) -> None:
    for code in ("DEPT-XX", "AG-BJ"):
        with pytest.raises(Invalid) as refusal:
            raise_obstacle(city.tools, officer(), project, department=code, description="x", due_on=None)
        assert refusal.value.errors[0].field == "department"
