"""Promise 8: every role over every kind of row, by list, by page, by count, by search, by facet and by suggestion alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from crm.domain.actors import Actor, Role
from crm.domain.errors import NotFound
from crm.domain.scope import access_of
from crm.services.dispatch import accept, decline, dispatch, transfer
from crm.services.progress import raise_obstacle
from crm.store.models import Carrier, Enterprise
from crm.store.queries.chains import count_by_node, projects_of_node
from crm.store.queries.choices import hits_by_district, hits_by_industry, overrides
from crm.store.queries.leads import LeadFilter, get_lead, get_receipt, list_leads
from crm.store.queries.projects import (
    ProjectFilter,
    counts_by_stage,
    get_project,
    history_of,
    list_projects,
    matches_of,
    project_detail,
)
from crm.store.queries.scope import scope_of, visible_carriers, visible_enterprises
from crm.store.unit_of_work import Fact, unit_of_work
from search.index import SearchQuery
from tests.factories import actors
from tests.factories.cities import START, City, CityTemplate
from tests.factories.companies import company
from tests.factories.leads import lead_data, named

NAMED = actors.dispatcher("user:named")
PROJECTS = {
    "fresh": (1, "AG-BJ"),  # reported, nowhere yet
    "pending": (2, "AG-BJ"),  # dispatched to KETD
    "accepted": (3, "AG-SH"),  # accepted by KETD; the ecology bureau is asked
    "declined": (4, "AG-SH"),  # declined by KETD
    "moved": (5, "AG-BJ"),  # from KETD to KHTD
    "own": (6, "KHTD"),  # KHTD's own find
    "secret": (7, "AG-SH"),  # confidential, dispatched to KETD, for one named dispatcher
}
OPEN = set(PROJECTS) - {"secret"}
KETD = {"pending", "accepted", "moved"}
KHTD = {"moved", "own"}


@dataclass(frozen=True)
class Sees:
    projects: set[str]
    leads: set[str]
    carriers: set[str]

    def enterprises(self, actor: Actor) -> set[str]:
        """A department reads the project it is asked about, but does not look up enterprises."""
        return set() if actor.role is Role.DEPARTMENT else self.projects


WHO: dict[str, tuple[Actor, Sees]] = {
    "reporter AG-BJ": (actors.reporter("AG-BJ"), Sees(set(), {"fresh", "pending", "moved"}, set())),
    "reporter AG-SH": (actors.reporter("AG-SH"), Sees(set(), {"accepted", "declined", "secret"}, set())),
    "reporter AG-HZ": (actors.reporter("AG-HZ"), Sees(set(), set(), set())),
    "dispatcher": (actors.dispatcher(), Sees(OPEN, OPEN, {"C-1", "C-2"})),
    "named dispatcher": (NAMED, Sees(set(PROJECTS), set(PROJECTS), {"C-1", "C-2"})),
    "liaison": (actors.liaison(), Sees(OPEN, OPEN, {"C-1", "C-2"})),
    "leader": (actors.leader(), Sees(OPEN, OPEN, {"C-1", "C-2"})),
    "administrator": (actors.admin(), Sees(OPEN, OPEN, {"C-1", "C-2"})),
    "officer KETD": (actors.officer("KETD"), Sees(KETD, set(), {"C-1"})),
    "officer KHTD": (actors.officer("KHTD"), Sees(KHTD, {"own"}, {"C-2"})),
    "officer of another town": (actors.officer("ZZ"), Sees(set(), set(), set())),
    "department asked": (actors.department("DEPT-STHJ"), Sees({"accepted"}, set(), set())),
    "department not asked": (actors.department("DEPT-YJJ"), Sees(set(), set(), set())),
    "operator": (actors.operator("OP-P003"), Sees(set(), set(), {"C-1"})),
    "another operator": (actors.operator("OP-P004"), Sees(set(), set(), {"C-2"})),
}
everybody = pytest.mark.parametrize("who", WHO)


class World:
    """A city with one project of each kind; ids by the names above."""

    def __init__(self, city: City) -> None:
        self.city = city
        self.leads: dict[str, str] = {}
        self.projects: dict[str, str] = {}
        self.receipts: dict[str, str] = {}
        for name, (number, organisation) in PROJECTS.items():
            lead = city.report(organisation, lead_data(number, confidential=name == "secret"))
            self.leads[name], self.projects[name] = lead["id"], lead["project_id"]
            self.receipts[name] = lead["receipt_no"]
        city.name_readers(self.projects["secret"], NAMED)
        self.move()
        self.build()
        city.pump()
        self.enterprises = {name: city.one("projects", id=id_)["enterprise_id"] for name, id_ in self.projects.items()}

    def move(self) -> None:
        tools, ketd = self.city.tools, actors.officer("KETD")
        for name in ("pending", "accepted", "declined", "moved", "secret"):
            sender = NAMED if name == "secret" else actors.dispatcher()
            dispatch(tools, sender, *self.seen(name), district="KETD", park=None, note=None)
        for name in ("accepted", "moved"):
            accept(tools, ketd, *self.seen(name))
        decline(tools, ketd, *self.seen("declined"), reason="无载体")
        transfer(tools, actors.dispatcher(), *self.seen("moved"), district="KHTD", split=None, reason="用地")
        project, _ = self.seen("accepted")
        raise_obstacle(tools, ketd, project, department="DEPT-STHJ", description="环评", due_on=None)

    def build(self) -> None:
        with unit_of_work(self.city.tools.database, self.city.clock) as unit:
            for code, operator, district in (("C-1", "OP-P003", "KETD"), ("C-2", "OP-P004", "KHTD")):
                row: dict[str, Any] = {column.name: None for column in Carrier.__table__.c}
                row |= {
                    "id": code,
                    "version": 1,
                    "name": f"标准厂房 {code}",
                    "operator": operator,
                    "district": district,
                }
                row |= {"accepts_risks": [], "refuses_risks": [], "state": "free", "demo": False, "updated_at": START}
                rows, touched = {"carriers": [row]}, (("carrier", code),)
                unit.record(Fact("carrier.registered.v1", "carrier", code, 1, actors.CLI, rows, documents=touched))

    def seen(self, name: str) -> tuple[str, int]:
        return self.projects[name], self.city.version(self.projects[name])

    def names(self, ids: dict[str, str], found: set[str]) -> set[str]:
        return {name for name, id_ in ids.items() if id_ in found}

    def hits(self, actor: Actor, text: str = "", **query: Any) -> set[tuple[str, str]]:
        with self.city.tools.database.read() as session:
            access = access_of(scope_of(session, actor))
        page = self.city.tools.index.search(SearchQuery(text=text, access=access, size=200, **query))
        assert page.total == len(page.hits)
        return {(hit.type, hit.id) for hit in page.hits}


@pytest.fixture(scope="module")
def world(template: CityTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    city = template.city(tmp_path_factory.mktemp("world") / "city", indexed=True)
    yield World(city)
    city.close()


@everybody
def test_the_list_of_projects(world: World, who: str) -> None:
    actor, sees = WHO[who]
    with world.city.tools.database.read() as session:
        page = list_projects(session, scope_of(session, actor), ProjectFilter(size=200))
    assert {project.id for project in page.items} == {world.projects[name] for name in sees.projects}


@everybody
def test_one_project_and_all_that_hangs_on_it(world: World, who: str) -> None:
    actor, sees = WHO[who]
    with world.city.tools.database.read() as session:
        scope = scope_of(session, actor)
        for name, id_ in world.projects.items():
            for read in (get_project, project_detail, history_of, matches_of):
                if name in sees.projects:
                    assert read(session, scope, id_)  # type: ignore[operator]
                else:
                    with pytest.raises(NotFound):
                        read(session, scope, id_)  # type: ignore[operator]


@everybody
def test_the_counts(world: World, who: str) -> None:
    actor, sees = WHO[who]
    with world.city.tools.database.read() as session:
        assert sum(counts_by_stage(session, scope_of(session, actor)).values()) == len(sees.projects)


@everybody
def test_the_chain_counts_and_names_visible_projects_only(world: World, who: str) -> None:
    actor, sees = WHO[who]
    visible = {world.projects[name] for name in sees.projects}
    with world.city.tools.database.read() as session:
        scope = scope_of(session, actor)
        counts = count_by_node(session, scope)
        named = {one.project.id for code in counts for one in projects_of_node(session, scope, code)}
    assert sum(count.landed + count.talking for count in counts.values()) == len(visible)
    assert named == visible


@everybody
def test_choices_are_counted_inside_the_scope(world: World, who: str) -> None:
    actor, sees = WHO[who]
    chosen = sees.projects & {"pending", "accepted", "declined", "moved", "secret"}
    with world.city.tools.database.read() as session:
        scope = scope_of(session, actor)
        by_district, by_industry = hits_by_district(session, scope), hits_by_industry(session, scope)
        told = {one.project.id for one in overrides(session, scope)}
    assert sum(hits.choices for hits in by_district.values()) == len(chosen)
    assert sum(hits.choices for hits in by_industry.values()) == len(chosen)
    assert told <= {world.projects[name] for name in chosen}


@everybody
def test_filters_do_not_reach_beyond_the_scope(world: World, who: str) -> None:
    actor, sees = WHO[who]
    with world.city.tools.database.read() as session:
        scope = scope_of(session, actor)
        for name, enterprise in world.enterprises.items():
            page = list_projects(session, scope, ProjectFilter(enterprise_id=enterprise))
            assert bool(page.items) is (name in sees.projects)


@everybody
def test_leads_and_receipts(world: World, who: str) -> None:
    actor, sees = WHO[who]
    with world.city.tools.database.read() as session:
        scope = scope_of(session, actor)
        listed = {lead.id for lead in list_leads(session, scope, LeadFilter(size=200)).items}
        assert world.names(world.leads, listed) == sees.leads
        assert len(listed) == len(sees.leads)
        for name in PROJECTS:
            if name in sees.leads:
                assert get_lead(session, scope, world.leads[name])
                assert get_receipt(session, scope, world.receipts[name])
                continue
            with pytest.raises(NotFound):
                get_lead(session, scope, world.leads[name])
            with pytest.raises(NotFound):
                get_receipt(session, scope, world.receipts[name])


@everybody
def test_enterprises_are_those_of_the_visible_projects(world: World, who: str) -> None:
    actor, sees = WHO[who]
    with world.city.tools.database.read() as session:
        found = set(session.scalars(select(Enterprise.id).where(visible_enterprises(scope_of(session, actor)))))
    assert world.names(world.enterprises, found) == sees.enterprises(actor)


@everybody
def test_carriers(world: World, who: str) -> None:
    actor, sees = WHO[who]
    with world.city.tools.database.read() as session:
        assert (
            set(session.scalars(select(Carrier.id).where(visible_carriers(scope_of(session, actor))))) == sees.carriers
        )


@everybody
def test_search_finds_what_the_lists_show(world: World, who: str) -> None:
    actor, sees = WHO[who]
    hits = world.hits(actor)
    assert {id_ for kind, id_ in hits if kind == "project"} == {world.projects[name] for name in sees.projects}
    assert {id_ for kind, id_ in hits if kind == "lead"} == {world.leads[name] for name in sees.leads}
    assert {id_ for kind, id_ in hits if kind == "enterprise"} == {
        world.enterprises[name] for name in sees.enterprises(actor)
    }
    parks = {id_ for kind, id_ in hits if kind == "park"}
    assert parks == set(world.city.tools.reference.pack().parks)


@everybody
def test_a_carrier_is_found_by_who_may_see_it(world: World, who: str) -> None:
    actor, sees = WHO[who]
    assert {id_ for kind, id_ in world.hits(actor, types=("carrier",))} == sees.carriers


@everybody
@pytest.mark.parametrize("name", PROJECTS)
def test_the_full_name_or_code_of_a_company_betrays_nothing(world: World, who: str, name: str) -> None:
    actor, sees = WHO[who]
    number = PROJECTS[name][0]
    for word in (company(number).name, company(number).uscc):
        found = {id_ for _, id_ in world.hits(actor, word)}
        assert (world.enterprises[name] in found) is (name in sees.enterprises(actor))
        assert (world.leads[name] in found) is (name in sees.leads)


@everybody
def test_facets_count_visible_rows_only(world: World, who: str) -> None:
    actor, sees = WHO[who]
    with world.city.tools.database.read() as session:
        access = access_of(scope_of(session, actor))
    query = SearchQuery(access=access, types=("project",), facets=("stage", "sources"))
    page = world.city.tools.index.search(query)
    assert page.total == len(sees.projects)
    assert sum(value.count for value in page.facets["stage"]) == len(sees.projects)
    sources = {PROJECTS[name][1] for name in sees.projects}
    assert {value.value for value in page.facets["sources"]} == sources


@everybody
def test_suggestions_stay_inside_the_scope(world: World, who: str) -> None:
    actor, sees = WHO[who]
    with world.city.tools.database.read() as session:
        access = access_of(scope_of(session, actor))
    for name, (number, _) in PROJECTS.items():
        found = {hit.id for hit in world.city.tools.index.suggest(company(number).short, access, 20)}
        assert (world.enterprises[name] in found) is (name in sees.enterprises(actor))
        assert (world.leads[name] in found) <= (name in sees.leads)
        assert (world.projects[name] in found) <= (name in sees.projects)


@everybody
def test_an_empty_scope_of_search_sees_nothing(world: World, who: str) -> None:
    assert world.city.tools.index.search(SearchQuery(access=())).total == 0


def test_a_second_open_report_does_not_open_a_confidential_project(
    world: World, template: CityTemplate, tmp_path: Any
) -> None:
    city = template.city(tmp_path / "own", indexed=True)
    secret = city.report("AG-SH", named(1, confidential=True))
    city.report("AG-BJ", named(1, source_ref="open"))
    with city.tools.database.read() as session, pytest.raises(NotFound):
        get_project(session, scope_of(session, actors.leader()), secret["project_id"])
    city.close()


def test_a_withdrawn_find_is_no_longer_the_districts(template: CityTemplate, tmp_path: Any) -> None:
    """An agency's earlier report was processed after the district's own."""
    from tests.factories.leads import cloud_event, delivered

    city = template.city(tmp_path / "own")
    early, late = (delivered(cloud_event(org, "e", named(1)), n) for n, org in enumerate(("AG-BJ", "KETD")))
    city.intake.handle([late])
    city.intake.handle([early])
    project = city.one("projects")
    with city.tools.database.read() as session, pytest.raises(NotFound):
        get_project(session, scope_of(session, actors.officer("KETD")), project["id"])
    assert {lead["project_stage"] for lead in city.rows("leads")} == {"reported"}
    city.close()
