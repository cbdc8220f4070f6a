"""Questions to parks: one a constraint, without the enterprise's name, answered once, counted from then on."""

from __future__ import annotations

import pytest

from crm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm.services.dispatch import dispatch
from crm.services.park_checks import answer, ask
from crm.store.queries.park_checks import checks_in_scope
from crm.store.queries.scope import scope_of
from tests.factories.actors import dispatcher, leader, officer, operator, reporter
from tests.factories.cities import City
from tests.factories.leads import lead_data

NEEDS = {"floor_area": 6000, "site_needs": {"height_m": 8}, "process_risks": ["电镀"]}


@pytest.fixture
def project(city: City) -> str:
    return city.project("AG-BJ", lead_data(1, project=NEEDS))


@pytest.fixture
def park(city: City, project: str) -> str:
    return str(city.one("projects")["proposed_parks"][0])


def seen(city: City, actor: object) -> list[str]:
    with city.tools.database.read() as session:
        return [check.id for check in checks_in_scope(session, scope_of(session, actor))]  # type: ignore[arg-type]


def test_everything_unknown_is_a_question_of_its_own(city: City, project: str, park: str) -> None:
    assert ask(city.tools, dispatcher(), project, park) == 3
    assert {row["constraint"] for row in city.rows("park_checks")} == {"floor_area", "height_m", "process_risks"}


def test_a_question_names_no_enterprise(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    name = city.one("enterprises")["name"]
    assert not any(name[:4] in row["text"] for row in city.rows("park_checks"))


def test_nothing_is_asked_twice(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    with pytest.raises(Conflict):
        ask(city.tools, dispatcher(), project, park)


def test_only_the_parks_own_operator_sees_the_question(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    assert len(seen(city, operator(f"OP-{park}"))) == 3
    assert seen(city, operator("OP-P999")) == []
    assert seen(city, officer("KHTD")) == []
    assert seen(city, reporter()) == []
    assert len(seen(city, dispatcher())) == 3


def test_another_parks_operator_cannot_answer_what_it_cannot_see(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    with pytest.raises(NotFound):
        answer(city.tools, operator("OP-P999"), city.rows("park_checks")[0]["id"], verdict="meets")


def test_an_answer_is_given_once(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    check = city.rows("park_checks")[0]["id"]
    answer(city.tools, operator(f"OP-{park}"), check, verdict="meets", note="八米二")
    row = city.one("park_checks", id=check)
    assert (row["state"], row["note"], row["answered_by"]) == ("meets", "八米二", "user:operator")
    with pytest.raises(Conflict):
        answer(city.tools, operator(f"OP-{park}"), check, verdict="breaks", note="又看了一次")


def test_a_no_says_why(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    with pytest.raises(Invalid) as refusal:
        answer(city.tools, operator(f"OP-{park}"), city.rows("park_checks")[0]["id"], verdict="breaks")
    assert refusal.value.errors[0].field == "note"


def test_a_no_rejects_the_park_at_once(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    check = next(row["id"] for row in city.rows("park_checks") if row["constraint"] == "height_m")
    answer(city.tools, operator(f"OP-{park}"), check, verdict="breaks", note="只有六米")
    assert park not in city.one("projects")["proposed_parks"]
    assert city.count("matches") == 2


def test_what_was_dispatched_keeps_its_proposal(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    dispatch(city.tools, dispatcher(), project, city.version(project), district="KETD", park=None, note=None)
    answer(city.tools, operator(f"OP-{park}"), city.rows("park_checks")[0]["id"], verdict="breaks", note="没有")
    assert park in city.one("projects")["proposed_parks"]


def test_an_answer_survives_the_next_report(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    check = next(row["id"] for row in city.rows("park_checks") if row["constraint"] == "height_m")
    answer(city.tools, operator(f"OP-{park}"), check, verdict="breaks", note="只有六米")
    city.report("AG-SH", lead_data(1, source_ref="again", project=NEEDS, enterprise={"aliases": ["又名"]}))
    assert park not in city.one("projects")["proposed_parks"]


def test_the_bureau_answers_in_a_parks_stead_and_says_so(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    answer(city.tools, dispatcher(), city.rows("park_checks")[0]["id"], verdict="meets")
    assert "（商务局代答）" in [row["note"] for row in city.rows("park_checks")]


def test_a_district_does_not_answer_for_a_park(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    with pytest.raises(Forbidden):
        answer(city.tools, officer(), city.rows("park_checks")[0]["id"], verdict="meets")


def test_asking_makes_no_form_of_the_project_stale(city: City, project: str, park: str) -> None:
    seen = city.version(project)
    ask(city.tools, dispatcher(), project, park)
    assert city.version(project) == seen


def test_asking_and_answering_are_facts(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    check = city.rows("park_checks")[0]["id"]
    answer(city.tools, operator(f"OP-{park}"), check, verdict="meets")
    kinds = [(row["type"], row["version"]) for row in city.rows("history", aggregate_id=check)]
    assert kinds == [("park.check-asked.v1", 1), ("park.check-answered.v1", 2)]


@pytest.mark.parametrize("actor", [leader(), reporter()])
def test_who_does_not_work_on_projects_asks_nothing(city: City, project: str, park: str, actor: object) -> None:
    with pytest.raises((Forbidden, NotFound)):
        ask(city.tools, actor, project, park)  # type: ignore[arg-type]


def test_an_unknown_park_is_named(city: City, project: str) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(city.tools, dispatcher(), project, "P999")
    assert refusal.value.errors[0].field == "park"


def test_an_answer_is_yes_or_no(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    with pytest.raises(Invalid):
        answer(city.tools, dispatcher(), city.rows("park_checks")[0]["id"], verdict="perhaps")
