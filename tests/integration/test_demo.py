"""Demonstration data: an invented year that keeps the rules, and goes without a trace."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
import pytest
from sqlalchemy import select

from crm.demo.accounts import accounts_file, describe_accounts
from crm.demo.clearing import clear_demo
from crm.demo.loading import demo_loaded, load_demo
from crm.domain.actors import Actor, Role
from crm.domain.clock import local_date
from crm.domain.errors import Conflict
from crm.domain.match_result import from_stored
from crm.services import history, indexing
from crm.services.accounts import session_of, sign_in
from crm.services.lights import lights_of
from crm.store.models import Project
from crm.store.queries.leads import LeadFilter, list_leads
from crm.store.queries.parks import CarrierFilter, list_carriers
from crm.store.queries.projects import ProjectFilter, list_projects
from crm.store.queries.scope import scope_of
from schemas.credit_codes import credit_code_status
from search.index import SearchQuery
from tests.factories.cities import City, CityMaker, CityTemplate
from tests.factories.leads import lead_data

FEW = 24


@dataclass(frozen=True)
class Demo:
    city: City
    told: str

    def actor(self, role: Role) -> Actor:
        """Whoever signs in with the kept password."""
        account = next(a for a in self.accounts() if a["role"] == str(role))
        signed_in = session_of(self.city.tools, sign_in(self.city.tools, account["email"], account["password"]))
        assert signed_in is not None
        return signed_in.actor

    def accounts(self) -> list[dict[str, str]]:
        listed: list[dict[str, str]] = orjson.loads(accounts_file(self.city.tools.settings).read_bytes())
        return listed


@pytest.fixture(scope="module")
def demo(template: CityTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    city = template.city(tmp_path_factory.mktemp("demo") / "city", indexed=True)
    yield Demo(city, load_demo(city.deployment, reports=110))
    city.close()


def test_everything_the_year_wanted_was_allowed(demo: Demo) -> None:
    assert "未能进行" not in demo.told
    assert demo.city.count("dead_letters") == 0


def test_a_second_load_changes_nothing(demo: Demo) -> None:
    before = demo.city.dump()
    assert "已在" in load_demo(demo.city.deployment)
    assert demo.city.dump() == before
    assert demo_loaded(demo.city.tools)


def test_there_is_one_account_a_role_and_its_password_opens(demo: Demo) -> None:
    assert {demo.actor(role).role for role in Role} == set(Role)


def test_passwords_lie_in_a_file_of_the_owner_and_are_not_told(demo: Demo) -> None:
    path = accounts_file(demo.city.tools.settings)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = describe_accounts(demo.city.tools)
    assert str(path) in told
    assert all(a["email"] in told and a["password"] not in told for a in demo.accounts())


@pytest.mark.parametrize(
    "role", [Role.DISPATCHER, Role.DISTRICT, Role.DEPARTMENT, Role.LIAISON, Role.LEADER, Role.ADMIN]
)
def test_a_role_that_reads_projects_finds_some(demo: Demo, role: Role) -> None:
    with demo.city.tools.database.read() as session:
        page = list_projects(session, scope_of(session, demo.actor(role)), ProjectFilter())
    assert page.items


def test_a_reporter_finds_its_reports_and_an_operator_its_carriers(demo: Demo) -> None:
    with demo.city.tools.database.read() as session:
        leads = list_leads(session, scope_of(session, demo.actor(Role.REPORTER)), LeadFilter())
        carriers = list_carriers(session, scope_of(session, demo.actor(Role.CARRIER)), CarrierFilter())
    assert leads.items
    assert carriers.items


def test_something_landed_on_each_track(demo: Demo) -> None:
    landed = {row["track"] for row in demo.city.rows("projects") if row["landed_on"]}
    assert landed == {"land", "carrier", "expansion", "light"}


def test_work_of_today_is_waiting(demo: Demo) -> None:
    projects = demo.city.rows("projects")
    assert {"reported", "dispatched", "negotiating", "shelved", "lost", "terminated"} <= {
        row["stage"] for row in projects
    }
    pending = [row["due_at"] for row in demo.city.rows("assignments", state="pending")]
    now = demo.city.clock.now()
    assert [due for due in pending if due > now]
    assert [due for due in pending if due < now]
    assert {row["confirmer"] for row in demo.city.rows("milestones", state="claimed")} >= {"bureau"}
    assert demo.city.rows("obstacles", state="open")
    assert {"declined", "expired", "ended"} <= {row["state"] for row in demo.city.rows("assignments")}


def test_all_three_lights_are_on(demo: Demo) -> None:
    with demo.city.tools.database.read() as session:
        projects = list(session.scalars(select(Project)))
        lights = lights_of(session, projects, local_date(demo.city.clock.now()))
    assert {light.colour for light in lights.values()} == {"green", "yellow", "red"}


def test_constraints_bind_in_matching(demo: Demo) -> None:
    results = [from_stored(row["result"]) for row in demo.city.rows("matches")]
    broken = [item for result in results for item in result["rejected"] if item["reasons"][0].startswith("breaks")]
    assert broken
    assert [result for result in results if not result["suitable"]]


def test_credit_codes_are_right_and_titles_are_marked(demo: Demo) -> None:
    codes = [row["uscc"] for row in demo.city.rows("enterprises") if row["uscc"]]
    assert {credit_code_status(code) for code in codes} == {"verified"}
    assert all("（演示）" in row["title"] for row in demo.city.rows("projects"))
    assert all(row["source_ref"].startswith("DEMO-") for row in demo.city.rows("leads"))


def test_confidential_projects_are_read_by_their_named_few_only(demo: Demo) -> None:
    hidden = {row["id"] for row in demo.city.rows("projects", confidential=True)}
    assert hidden
    assert {row["project_id"] for row in demo.city.rows("project_readers")} == hidden


def test_what_was_loaded_is_found(demo: Demo) -> None:
    name = demo.city.rows("enterprises")[0]["name"]
    page = demo.city.tools.index.search(SearchQuery(text=name, access=("bureau",)))
    assert page.hits[0].name == name
    assert indexing.check(demo.city.tools, demo.city.tools.index).count == 0


def test_history_replayed_gives_the_same_state(demo: Demo, make_city: CityMaker) -> None:
    other = make_city("replayed")
    history.replay(other.tools, list(history.export(demo.city.tools)))
    assert other.dump() == demo.city.dump()


def test_nothing_is_loaded_while_another_process_works(city: City) -> None:
    city.pump()
    with pytest.raises(Conflict):
        load_demo(city.deployment, reports=FEW)


def test_clearing_leaves_a_real_report_as_it_was(make_city: CityMaker) -> None:
    city = make_city(indexed=True)
    city.report("AG-BJ", lead_data())
    _a_minute_later(city)
    before = [_row(line) for line in city.dump()]
    load_demo(city.deployment, reports=FEW)
    assert "已清除" in clear_demo(city.deployment)
    assert [_row(line) for line in city.dump()] == before
    assert indexing.check(city.tools, city.tools.index).count == 0
    assert not demo_loaded(city.tools)
    assert not accounts_file(city.tools.settings).exists()
    assert "crm users create" in describe_accounts(city.tools)
    assert clear_demo(city.deployment) == "没有演示数据"


def test_an_enterprise_that_a_real_report_joined_stays(make_city: CityMaker) -> None:
    city = make_city(indexed=True)
    load_demo(city.deployment, reports=FEW)
    joined = next(row for row in city.rows("leads", confidential=False) if row["project_stage"] == "reported")
    name = joined["data"]["enterprise"]["name"]
    _a_minute_later(city)
    real = city.report("AG-BJ", lead_data(7, enterprise={"name": name, "uscc": None}))
    assert real["project_id"] == joined["project_id"]
    _a_minute_later(city)
    told = clear_demo(city.deployment)
    assert name in told
    assert [row["id"] for row in city.rows("leads")] == [real["id"]]
    assert [row["name"] for row in city.rows("enterprises")] == [name]
    assert city.one("projects")["first_lead_id"] == real["id"]
    assert indexing.check(city.tools, city.tools.index).count == 0
    other = make_city("replayed")
    history.replay(other.tools, list(history.export(city.tools)))
    assert other.dump() == city.dump()


def test_a_load_that_was_killed_is_done_anew(make_city: CityMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    city = make_city(indexed=True)

    def die(*_: Any) -> None:
        raise RuntimeError("killed")

    with monkeypatch.context() as patched:
        patched.setattr("crm.demo.loading.keep", die)
        with pytest.raises(RuntimeError):
            load_demo(city.deployment, reports=FEW)
    assert not demo_loaded(city.tools)
    city.clock.move(timedelta(minutes=2))
    assert "已装入" in load_demo(city.deployment, reports=FEW)
    assert demo_loaded(city.tools)


def _a_minute_later(city: City) -> None:
    """The city's own consumers count as gone."""
    city.clock.move(timedelta(minutes=1))


def _row(line: bytes) -> Any:
    return orjson.loads(line)
