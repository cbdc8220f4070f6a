"""Questions to parks: one a constraint, without the enterprise's name, answered once, counted from then on."""

from __future__ import annotations

import pytest

from crm.domain.errors import Conflict, Forbidden, Invalid, NotFound
from crm.services import rematching
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
        answer(city.tools, operator(f"OP-{park}"), check, verdict="breaks")


def test_a_no_rejects_the_park_when_the_project_is_matched_anew(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    check = next(row["id"] for row in city.rows("park_checks") if row["constraint"] == "height_m")
    answer(city.tools, operator(f"OP-{park}"), check, verdict="breaks", note="只有六米")
    rematching.ask(city.tools, dispatcher())
    rematching.work_off(city.tools)
    rematching.settle(city.tools, dispatcher(), city.one("rematch_runs")["id"], approve=True)
    rematching.work_off(city.tools)
    assert park not in city.one("projects")["proposed_parks"]


def test_asking_and_answering_are_facts_of_the_project(city: City, project: str, park: str) -> None:
    ask(city.tools, dispatcher(), project, park)
    answer(city.tools, operator(f"OP-{park}"), city.rows("park_checks")[0]["id"], verdict="meets")
    kinds = [row["type"] for row in city.rows("history") if row["aggregate_id"] == project]
    assert kinds[-2:] == ["project.park-asked.v1", "project.park-answered.v1"]


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
