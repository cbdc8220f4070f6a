"""Promise 4: the history of facts, applied to an empty database, gives the same state; every fact fits its contract."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import orjson
import pytest

from crm.domain.actors import Role
from crm.domain.clock import local_date
from crm.domain.errors import Conflict, Invalid
from crm.services import accounts, chain_edits, history, park_checks, rematching
from crm.services.chain_edits import Proposal
from crm.services.dispatch import accept, decline, dispatch, expire_unanswered, transfer
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
from crm.store.unit_of_work import UNPUBLISHED
from schemas.registry import default_registry
from tests.factories.actors import admin, colleague, dispatcher, officer, operator, second_dispatcher
from tests.factories.cities import City, CityMaker, CityTemplate, published
from tests.factories.companies import company, wrong_code
from tests.factories.leads import lead_data, named, team

FACT_TOPICS = ("leads.changed", "projects.changed", "enterprises.changed", "parks.changed")


class Story:
    """Everything that can happen to a handful of projects."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.tools = city.tools

    def send(self, project: str, district: str = "KETD") -> None:
        version = self.city.version(project)
        dispatch(self.tools, dispatcher(), project, version, district=district, park=None, note="试派")

    def take_up(self, project: str) -> None:
        self.send(project)
        accept(self.tools, officer(), project, self.city.version(project))

    def claim(self, project: str, kind: str) -> str:
        return claim_milestone(
            self.tools,
            officer(),
            project,
            self.city.version(project),
            kind=kind,
            occurred_on=local_date(self.city.clock.now()),
            evidence={"agreement": "lease", "document": "附件", "amount": 1.5, "pages": 12},
        )

    def reach(self, project: str, kind: str) -> None:
        confirm_milestone(self.tools, dispatcher(), project, self.claim(project, kind), self.city.version(project))

    def reports(self) -> list[str]:
        city = self.city
        projects = [city.project("AG-BJ", lead_data(number)) for number in range(1, 8)]
        city.report("AG-SH", named(1, source_ref="again", with_code=False, enterprise={"honours": ["专精特新"]}))
        city.report("AG-BJ", lead_data(1, project={"investment": 9000.5}), amends=True)
        city.report("AG-SH", named(1, source_ref="clash", enterprise={"uscc": company(9).uscc}))
        city.report("AG-SH", named(2, source_ref="tie", name=company(3).name))
        city.report("AG-SZ", team(20))
        city.report("KHTD", lead_data(21))
        city.report("AG-HZ", lead_data(22, confidential=True))
        city.report("AG-HZ", lead_data(23, enterprise={"uscc": wrong_code(23), "country": "德国"}))
        return projects

    def work(self, projects: list[str]) -> None:
        city, tools = self.city, self.tools
        today = local_date(city.clock.now())
        one, two, three, four, five, six, _ = projects
        for project in (one, five, six):
            self.take_up(project)
        self.send(two)
        decline(tools, officer(), two, city.version(two), reason="无载体")
        self.send(three, "KHTD")
        for kind in ("tenancy_review", "signed", "company_registration", "handover"):
            self.reach(one, kind)
        refused = self.claim(one, "fit_out")
        refuse_milestone(tools, colleague(), one, refused, city.version(one), reason="缺照片")
        visit = {"kind": "visit", "occurred_on": today, "summary": "考察", "two_sided": True}
        log_activity(tools, officer(), one, next_step="报价", next_on=today + timedelta(days=3), **visit)
        raise_obstacle(tools, officer(), one, department="DEPT-STHJ", description="环评", due_on=today)
        edit_project(tools, officer(), one, city.version(one), track=None, grade="key")
        transfer(tools, dispatcher(), five, city.version(five), district="KHTD", split=None, reason="用地")
        wake_on = today + timedelta(days=30)
        shelve(tools, officer(), six, city.version(six), reason="等投资方", wake_on=wake_on)
        resume(tools, officer(), six, city.version(six))
        shelve(tools, officer(), six, city.version(six), reason="再等", wake_on=wake_on)
        lose(tools, dispatcher(), four, city.version(four), reason="选址外省")
        terminate(tools, officer(), one, city.version(one), reason="撤资")
        assert expire_unanswered(tools, city.clock.now() + timedelta(days=20)) == 1

    def words(self, project: str) -> None:
        """The chain is edited, a park asked and answers, projects are matched anew."""
        tools = self.tools
        word = Proposal("word", "IT10", {"word": "鲲鹏嘟嘟块", "weight": 1.0}, "行话")
        edit = chain_edits.propose(tools, dispatcher(), word)
        chain_edits.decide(tools, second_dispatcher(), edit, approve=True)
        park = self.city.one("projects", id=project)["proposed_parks"][0]
        park_checks.ask(tools, dispatcher(), project, park)
        check = self.city.rows("park_checks")[0]["id"]
        park_checks.answer(tools, operator(f"OP-{park}"), check, verdict="breaks", note="层高不够")
        tools.reference.look_again()
        rematching.ask(tools, dispatcher())
        rematching.work_off(tools)
        rematching.settle(tools, dispatcher(), self.city.one("rematch_runs")["id"], approve=True)
        rematching.work_off(tools)

    def people(self) -> None:
        accounts.create_organisation(self.tools, admin(), code="AG-NEW", name="新设律所", kind="reporter")
        for role, organisation in ((Role.REPORTER, "AG-NEW"), (Role.DISTRICT, "KETD")):
            accounts.create_user(
                self.tools, admin(), email="a@example.invalid", organisation=organisation, role=role, password=None
            )

    def tell(self) -> None:
        self.people()
        projects = self.reports()
        self.words(projects[6])
        self.work(projects)
        self.city.pump()


@pytest.fixture(scope="module")
def told(template: CityTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """The city after the story; nobody changes it."""
    city = template.city(tmp_path_factory.mktemp("told") / "city")
    Story(city).tell()
    yield city
    city.close()


def test_the_dump_equals_the_replay_of_the_history(told: City, make_city: CityMaker) -> None:
    lines = list(history.export(told.tools))
    empty = make_city("empty")
    assert history.replay(empty.tools, lines) == len(lines) == told.count("history")
    assert empty.dump() == told.dump()
    assert list(history.export(empty.tools)) == lines


def test_the_story_touches_every_table_that_can_be_touched_today(told: City) -> None:
    untouched = {name for name in history.STATE_TABLES if not told.rows(name)}
    assert untouched == {"project_readers", "carriers"}


def test_every_published_fact_fits_its_contract(told: City) -> None:
    events = [orjson.loads(row["value"]) for row in published(told, FACT_TOPICS)]
    for event in events:
        default_registry().load(event["type"], event["data"])
    kinds = {line["type"] for line in told.rows("history") if line["aggregate"] not in UNPUBLISHED}
    assert {event["type"] for event in events} == kinds
    assert len(kinds) >= 20


def test_every_fact_is_published_once(told: City) -> None:
    events = [orjson.loads(row["value"]) for row in published(told, FACT_TOPICS)]
    lines = [line for line in told.rows("history") if line["aggregate"] not in UNPUBLISHED]
    assert len({event["id"] for event in events}) == len(events) == len(lines)


def test_versions_of_each_aggregate_rise_by_one(told: City) -> None:
    versions: dict[tuple[str, str], list[int]] = {}
    for line in told.rows("history"):
        versions.setdefault((line["aggregate"], line["aggregate_id"]), []).append(line["version"])
    for (aggregate, _), found in versions.items():
        assert found == list(range(1, len(found) + 1)), aggregate


def test_a_replayed_city_can_be_worked_on(told: City, make_city: CityMaker) -> None:
    empty = make_city("empty")
    history.replay(empty.tools, list(history.export(told.tools)))
    lead = empty.report("AG-SZ", named(1, source_ref="after the replay"))
    assert lead["enterprise_id"] == told.one("leads", source_ref="T-2026-00001")["enterprise_id"]


def test_replay_leaves_documents_to_be_written(told: City, make_city: CityMaker) -> None:
    empty = make_city("empty")
    history.replay(empty.tools, list(history.export(told.tools)))
    there = {(row["type"], row["id"]) for row in empty.rows("search_documents")}
    assert {("lead", row["id"]) for row in told.rows("leads")} <= there


def test_replay_refuses_a_database_with_a_history(told: City, make_city: CityMaker) -> None:
    used = make_city("used")
    used.report("AG-BJ", lead_data(1))
    before = used.dump()
    with pytest.raises(Conflict):
        history.replay(used.tools, list(history.export(told.tools)))
    assert used.dump() == before


@pytest.mark.parametrize("broken", [b"no json", b"[]", b'{"rows": {"no_table": [{}]}}', b'{"id": 1}'])
def test_a_broken_line_is_named_and_nothing_is_applied(told: City, make_city: CityMaker, broken: bytes) -> None:
    lines = list(history.export(told.tools))
    empty = make_city("empty")
    with pytest.raises(Invalid, match="第 3 行"):
        history.replay(empty.tools, [*lines[:2], broken, *lines[2:]])
    assert empty.count("history") == 0


def test_a_receipt_on_its_way_is_no_fact_yet(city: City) -> None:
    before = city.dump()
    city.take("AG-BJ", lead_data(1))
    assert city.dump() == before


def test_no_password_hash_and_no_counter_is_in_the_dump(told: City) -> None:
    whole = b"".join(told.dump())
    assert b"argon2" not in whole
    assert b"failed_sign_ins" not in whole
