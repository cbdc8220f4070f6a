"""Matching anew: counted before anything changes, applied when approved, in batches, and going on where it stood."""

from __future__ import annotations

import pytest

from crm.domain.errors import Conflict, Forbidden
from crm.services import chain_edits, rematching
from crm.services.chain_edits import Proposal
from crm.services.dispatch import dispatch
from tests.factories.actors import dispatcher, officer, second_dispatcher
from tests.factories.cities import City
from tests.factories.leads import lead_data

WHAT = {"main_business": "鲲鹏嘟嘟块的生产"}
PLAN = {"title": "新厂", "summary": "建厂"}


@pytest.fixture
def projects(city: City) -> list[str]:
    """Three projects matched before a word was known, one of them dispatched."""
    found = [city.project("AG-BJ", lead_data(number, enterprise=WHAT, project=PLAN)) for number in (1, 2, 3)]
    dispatch(city.tools, dispatcher(), found[2], city.version(found[2]), district="KETD", park=None, note=None)
    word = {"word": "鲲鹏嘟嘟块", "weight": 1.0}
    edit = chain_edits.propose(city.tools, dispatcher(), Proposal("word", "IT10", word, "行话"))
    chain_edits.decide(city.tools, second_dispatcher(), edit, approve=True)
    city.tools.reference.look_again()
    return found


def counted(city: City) -> str:
    run = rematching.ask(city.tools, dispatcher())
    rematching.work_off(city.tools)
    return run


def test_counting_says_what_would_change_and_changes_nothing(city: City, projects: list[str]) -> None:
    counted(city)
    run = city.one("rematch_runs")
    assert (run["state"], run["total"], run["done"], run["changed"]) == ("counted", 2, 2, 2)
    assert run["report"]["counts"]["nodes"] == 2
    assert not any("IT10" in row["nodes"] for row in city.rows("projects"))


def test_examples_name_the_project_before_and_after(city: City, projects: list[str]) -> None:
    counted(city)
    example = city.one("rematch_runs")["report"]["examples"][0]
    assert example["id"] in projects
    assert ("IT10" in example["nodes"][0], example["nodes"][1][0]) == (False, "IT10")


def test_what_is_approved_is_applied_to_projects_not_yet_dispatched(city: City, projects: list[str]) -> None:
    rematching.settle(city.tools, dispatcher(), counted(city), approve=True)
    rematching.work_off(city.tools)
    known = {row["id"]: "IT10" in row["nodes"] for row in city.rows("projects")}
    assert [known[project] for project in projects] == [True, True, False]
    assert city.one("rematch_runs")["state"] == "applied"


def test_every_applied_change_is_a_fact(city: City, projects: list[str]) -> None:
    rematching.settle(city.tools, dispatcher(), counted(city), approve=True)
    rematching.work_off(city.tools)
    assert city.count("history", type="project.matched.v1") == 2
    assert city.count("matches", project_id=projects[0]) == 2


def test_it_goes_on_where_it_stood(city: City, projects: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rematching, "BATCH", 1)
    rematching.ask(city.tools, dispatcher())
    rematching._one_batch(city.tools)
    assert city.one("rematch_runs")["done"] == 1
    rematching.work_off(city.tools)
    assert city.one("rematch_runs")["done"] == 2


def test_what_is_dropped_is_not_applied(city: City, projects: list[str]) -> None:
    rematching.settle(city.tools, dispatcher(), counted(city), approve=False)
    assert rematching.work_off(city.tools) == 0
    assert city.count("history", type="project.matched.v1") == 0


def test_one_run_at_a_time(city: City, projects: list[str]) -> None:
    rematching.ask(city.tools, dispatcher())
    with pytest.raises(Conflict):
        rematching.ask(city.tools, dispatcher())


def test_what_was_not_counted_is_not_applied(city: City, projects: list[str]) -> None:
    run = rematching.ask(city.tools, dispatcher())
    with pytest.raises(Conflict):
        rematching.settle(city.tools, dispatcher(), run, approve=True)


def test_a_district_may_not_ask_for_it(city: City) -> None:
    with pytest.raises(Forbidden):
        rematching.ask(city.tools, officer())
