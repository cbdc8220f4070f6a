"""Promises 8 and 9 at rest: people stand nowhere in the clear, confidential projects under their code name only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from crm.services.dispatch import dispatch
from crm.services.documents import build_documents
from crm.store.models import Model
from schemas.topics import LEADS_DEAD, LEADS_SUBMITTED
from search.index import SearchQuery
from tests.factories.actors import dispatcher
from tests.factories.cities import City, CityTemplate
from tests.factories.companies import company
from tests.factories.leads import lead_data, named

PERSON = {"name": "裴听澜", "title": "战略投资总监", "phone": "13912340987", "email": "tinglan.pei@example.invalid"}
PARTNER = "谭屿舟"
SECRETS = (*PERSON.values(), PARTNER)
IN_THE_CLEAR = {"bus_records", "dead_letters"}
"""The submitted and the dead topic carry people in the clear, and are erased within 30 days."""


def raw(value: object) -> bytes:
    """Bytes as they are stored, texts as UTF-8, JSON as written."""
    return value if isinstance(value, bytes) else str(value).encode()


def places_of(city: City, text: str) -> set[str]:
    """Tables that hold a text in any column."""
    wanted = text.encode()
    return {
        name
        for name in Model.metadata.tables
        if any(wanted in raw(value) for row in city.rows(name) for value in row.values())
    }


class Hidden:
    """A confidential project of a company nobody else reported."""

    names = (company(5).name, company(5).short, company(5).uscc, "绝密新线", "密不外宣的产品")

    @classmethod
    def tell(cls, city: City) -> None:
        plan = {"title": "绝密新线", "summary": "密不外宣的产品"}
        enterprise = {"main_business": "密不外宣的产品"}
        lead = city.report("AG-SH", named(5, confidential=True, project=plan, enterprise=enterprise))
        project = str(lead["project_id"])
        city.name_readers(project, dispatcher())
        version = city.version(project)
        dispatch(city.tools, dispatcher(), project, version, district="KETD", park=None, note=None)
        city.report(
            "AG-SH", named(5, confidential=True, project=plan | {"jobs": 5}, enterprise=enterprise), amends=True
        )


@pytest.fixture(scope="module")
def told(template: CityTemplate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """A city that was told of people and of a confidential project; nobody changes it."""
    city = template.city(tmp_path_factory.mktemp("told") / "city", indexed=True)
    data = lead_data(1, contacts=[PERSON], last_contact={"date": "2026-02-20", "with": PARTNER})
    city.report("AG-BJ", data)
    city.report("AG-BJ", lead_data(1, contacts=[PERSON], project={"jobs": 3}), amends=True)
    Hidden.tell(city)
    yield city
    city.close()


@pytest.mark.parametrize("secret", SECRETS)
def test_people_stand_in_no_table_but_the_logs_that_are_erased(told: City, secret: str) -> None:
    assert places_of(told, secret) <= IN_THE_CLEAR


@pytest.mark.parametrize("secret", SECRETS)
def test_people_are_in_no_event_that_leaves(told: City, secret: str) -> None:
    topics = {row["topic"] for row in told.rows("bus_records") if secret.encode() in row["value"]}
    assert topics <= {LEADS_SUBMITTED, LEADS_DEAD}


@pytest.mark.parametrize("secret", SECRETS)
def test_people_are_in_no_file_of_the_index(told: City, secret: str) -> None:
    files = [path for path in Path(told.tools.settings.index_dir).rglob("*") if path.is_file()]
    assert files
    assert not any(secret.encode() in path.read_bytes() for path in files)
    page = told.tools.index.search(SearchQuery(text=secret, access=("bureau", "public", "org:AG-BJ")))
    assert not any(secret in orjson.dumps(hit.document.to_dict()).decode() for hit in page.hits)


@pytest.mark.parametrize("secret", SECRETS)
def test_people_are_in_no_dump(told: City, secret: str) -> None:
    assert secret.encode() not in b"".join(told.dump())


def test_the_people_of_a_report_can_be_opened_by_who_may(told: City) -> None:
    lead = told.one("leads", confidential=False)
    rows = {row["id"]: row for row in told.rows("contacts")}
    opened = [rows[id_] for id_ in lead["contact_ids"]]
    people = [told.tools.vault.open_person(row["id"], row["sealed_key"], row["secret"]) for row in opened]
    assert PERSON in people


def test_people_waiting_for_the_relay_are_sealed(city: City) -> None:
    city.take("AG-BJ", lead_data(1, contacts=[PERSON]))
    assert all(not places_of(city, secret) for secret in PERSON.values())


@pytest.mark.parametrize("name", Hidden.names)
def test_events_and_public_changes_name_a_confidential_project_by_its_code_alone(told: City, name: str) -> None:
    leaving = [row for row in told.rows("bus_records") if row["topic"] not in (LEADS_SUBMITTED, LEADS_DEAD)]
    assert leaving
    assert not any(name.encode() in row["value"] for row in leaving)
    assert not any(name in str(line["change"]) for line in told.rows("history"))
    assert not any(name.encode() in (row["value"] or b"") for row in told.rows("outbox"))


def test_the_projects_document_shows_the_code_name_alone(told: City) -> None:
    project = told.one("projects", confidential=True)["id"]
    (built,) = build_documents(told.tools, [("project", project)])
    assert built.document is not None
    text = str(built.document.to_dict())
    assert not any(name in text for name in Hidden.names)
    assert built.document.name == told.one("projects", id=project)["code_name"]
    assert built.document.access == ("user:user:dispatcher",)


@pytest.mark.parametrize(
    "access", [("bureau", "public"), ("district:KETD", "org:KETD", "public"), ("org:AG-BJ", "public")]
)
def test_others_find_nothing_of_it_by_any_word(told: City, access: tuple[str, ...]) -> None:
    project, lead = told.one("projects", confidential=True), told.one("leads", confidential=True)
    hidden = {project["id"], project["enterprise_id"], lead["id"]}
    for word in ("", *Hidden.names, project["code_name"]):
        page = told.tools.index.search(SearchQuery(text=word, access=access, facets=("sources",), size=200))
        assert not hidden & {hit.id for hit in page.hits}
        assert page.total == len(page.hits)
        assert "AG-SH" not in {value.value for value in page.facets["sources"]}
        assert not hidden & {hit.id for hit in told.tools.index.suggest(word, access, 50)}


def test_an_enterprise_becomes_visible_with_its_first_open_report(searchable: City) -> None:
    Hidden.tell(searchable)
    searchable.report("AG-BJ", named(5, source_ref="open"))
    page = searchable.tools.index.search(SearchQuery(text=company(5).name, access=("bureau",), types=("enterprise",)))
    assert [hit.name for hit in page.hits] == [company(5).name]
