"""Search, suggestions, parks, carriers and the blind check over HTTP, each inside the caller's scope."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from crm.store.models import Carrier
from tests.factories.cities import City, CityTemplate
from tests.factories.companies import company
from tests.factories.leads import lead_data
from tests.functional.conftest import Api


@pytest.fixture
def city(template: CityTemplate, tmp_path: Path) -> Iterator[City]:
    """A city whose index is kept up to date."""
    opened = template.city(tmp_path / "city", check_limit=60, indexed=True)
    yield opened
    opened.close()


def carriers(api: Api, *rows: dict[str, Any]) -> None:
    """Carriers as the park operators' lists bring them."""
    empty = {
        "version": 1, "free_area": None, "total_area": None, "storey": None, "height_m": None, "load_t_m2": None,
        "power_kva": None, "fire_class": None, "accepts_risks": [], "refuses_risks": [], "state": "free",
        "checked_on": None, "demo": False, "updated_at": api.city.clock.now(), "park": None, "district": None,
    }  # fmt: skip
    with api.city.tools.database.write() as session:
        session.execute(insert(Carrier), [{**empty, "name": row["id"], **row} for row in rows])


class TestSearch:
    def test_a_name_finds_what_the_caller_may_see(self, api: Api) -> None:
        api.city.project("AG-BJ", lead_data(1))
        name = company(1).name
        found = api.dispatcher().get("/search", query_string={"q": name}).json
        assert {item["type"] for item in found["items"]} == {"enterprise", "lead", "project"}
        assert found["items"][0]["name"] == name
        assert found["facets"]["type"]["enterprise"] == 1
        assert found["facets"]["source"] == {"AG-BJ": 3}
        assert found["index_lag_seconds"] == 0
        own = api.reporter().get("/search", query_string={"q": name}).json
        assert [item["type"] for item in own["items"]] == ["lead"]
        assert own["facets"]["type"] == {"lead": 1}
        assert api.reporter("AG-SH").get("/search", query_string={"q": name}).json["total"] == 0

    def test_a_confidential_project_is_not_found_by_name(self, api: Api) -> None:
        api.city.project("AG-BJ", lead_data(1, confidential=True))
        for caller in (api.dispatcher(), api.leader(), api.officer()):
            assert caller.get("/search", query_string={"q": company(1).name}).json["total"] == 0

    def test_filters_narrow_and_the_cursor_goes_on(self, api: Api) -> None:
        for number in range(3):
            api.city.project("AG-BJ", lead_data(number))
        query = {"type": "project", "stage": "reported", "page_size": 2, "sort": "name"}
        first = api.dispatcher().get("/search", query_string=query).json
        assert (first["total"], len(first["items"])) == (3, 2)
        second = api.dispatcher().get("/search", query_string={**query, "cursor": first["next"]}).json
        assert len({item["id"] for item in first["items"] + second["items"]}) == 3

    def test_the_lag_is_the_age_of_what_is_not_shown_yet(self, api: Api) -> None:
        project = api.city.project("AG-BJ", lead_data(1))
        api.dispatcher().step(project, "dispatch", {"district": "KETD"})
        api.city.clock.move(timedelta(seconds=90))
        assert api.dispatcher().get("/search?q=x").json["index_lag_seconds"] == 90
        api.city.pump()
        assert api.dispatcher().get("/search?q=x").json["index_lag_seconds"] == 0

    @pytest.mark.parametrize("query", ["type=person", "colour=red", "page_size=0", "sort=colour"])
    def test_a_wrong_parameter_is_named(self, api: Api, query: str) -> None:
        answer = api.dispatcher().get(f"/search?{query}")
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, query.partition("=")[0])

    def test_a_wrong_cursor_is_refused(self, api: Api) -> None:
        assert api.dispatcher().get("/search?cursor=x").status_code == 422

    def test_suggestions_obey_the_scope(self, api: Api) -> None:
        api.city.project("AG-BJ", lead_data(1))
        short = company(1).short
        assert api.dispatcher().get("/suggest", query_string={"q": short}).json["items"]
        assert api.reporter("AG-SH").get("/suggest", query_string={"q": short}).json["items"] == []

    def test_a_suggestion_needs_a_text(self, api: Api) -> None:
        assert api.dispatcher().get("/suggest").status_code == 422


class TestParksAndCarriers:
    def test_everybody_signed_in_reads_parks(self, api: Api) -> None:
        items = api.reporter().get("/parks").json["items"]
        assert [item["code"] for item in items] == sorted(item["code"] for item in items)
        code = items[0]["code"]
        assert api.as_("carrier", "OP-P003").get(f"/parks/{code}").json["name"] == items[0]["name"]

    def test_parks_page_and_filter(self, api: Api) -> None:
        caller = api.reporter()
        every = [item["code"] for item in caller.get("/parks?page_size=200").json["items"]]
        first = caller.get("/parks?page_size=3").json
        second = caller.get(f"/parks?page_size=3&cursor={first['next']}").json
        assert [item["code"] for item in first["items"] + second["items"]] == every[:6]
        assert {item["district"] for item in caller.get("/parks?district=KETD").json["items"]} == {"KETD"}

    def test_there_is_no_such_park(self, api: Api) -> None:
        assert api.reporter().get("/parks/P999").status_code == 404

    def test_nobody_reads_no_parks(self, api: Api) -> None:
        assert api.client.get("/api/v1/parks").status_code == 401
        assert api.client.get("/api/v1/parks/P001").status_code == 401

    def test_an_operator_sees_its_own_carriers_only(self, api: Api) -> None:
        carriers(
            api, {"id": "C1", "operator": "OP-P003", "district": "KETD", "free_area": 3000.0},
            {"id": "C2", "operator": "OP-P004", "district": "KHTD", "free_area": 500.0},
        )  # fmt: skip

        def ids(role: str, organisation: str, query: str = "") -> list[str]:
            return [item["id"] for item in api.as_(role, organisation).get(f"/carriers{query}").json["items"]]

        assert ids("carrier", "OP-P003") == ["C1"]
        assert ids("district", "KHTD") == ["C2"]
        assert ids("dispatcher", "BUREAU") == ["C1", "C2"]
        assert ids("dispatcher", "BUREAU", "?least_area=1000") == ["C1"]
        assert ids("reporter", "AG-BJ") == []


class TestTheBlindCheck:
    def test_yes_or_no_and_nothing_else(self, api: Api) -> None:
        api.city.report("AG-SH", lead_data(1))
        caller = api.reporter()
        assert caller.post("/enterprises/check", {"name": company(1).name}).json == {
            "reported": True,
            "protected_until": None,
        }
        assert caller.post("/enterprises/check", {"uscc": company(1).uscc}).json["reported"] is True
        assert caller.post("/enterprises/check", {"name": company(2).name}).json["reported"] is False

    def test_who_does_not_report_may_not_ask(self, api: Api) -> None:
        assert api.leader().post("/enterprises/check", {"name": "某某公司"}).status_code == 403

    def test_it_is_limited_by_the_hour(self, api: Api) -> None:
        caller = api.reporter()
        answers = [caller.post("/enterprises/check", {"name": "某某公司"}).status_code for _ in range(61)]
        assert answers == [200] * 60 + [429]
        api.city.clock.move(timedelta(hours=1))
        assert caller.post("/enterprises/check", {"name": "某某公司"}).status_code == 200
