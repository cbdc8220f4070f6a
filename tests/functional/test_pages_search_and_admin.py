"""Search, enterprise, park and administration pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from crm.bus.port import Record
from crm.domain.actors import Role
from crm.services import accounts
from tests.factories.cities import City, CityTemplate
from tests.factories.leads import named
from tests.functional.conftest import Api, csrf_token


@pytest.fixture
def city(template: CityTemplate, tmp_path: Path) -> Iterator[City]:
    """A city whose index is kept up to date."""
    opened = template.city(tmp_path / "city", check_limit=60, indexed=True)
    yield opened
    opened.close()


@pytest.fixture
def bureau(api: Api) -> FlaskClient:
    return api.signed_in()


@pytest.fixture
def admin(api: Api) -> FlaskClient:
    return api.signed_in("admin", "BUREAU", "admin@demo.invalid")


def press(client: FlaskClient, page: str, path: str, **fields: Any) -> Any:
    return client.post(path, data={"csrf_token": csrf_token(client.get(page).text), **fields})


def test_search_marks_the_name_and_says_why(api: Api, bureau: FlaskClient) -> None:
    lead = api.city.report("AG-BJ", named(1))
    name = lead["data"]["enterprise"]["name"]
    page = bureau.get("/search", query_string={"q": name}).text
    assert f'href="/enterprises/{lead["enterprise_id"]}"' in page
    assert "<mark>" in page
    assert "搜索索引已同步" in page


def test_facets_are_links_that_add_and_take_away(api: Api, bureau: FlaskClient) -> None:
    api.city.report("AG-BJ", named(1))
    page = bureau.get("/search?q=柔性线路板").text
    link = re.search(r'<a href="(/search\?[^"]*type=project[^"]*)"', page)
    assert link
    narrowed = bureau.get(link[1].replace("&amp;", "&")).text
    assert "去掉筛选：对象：项目" in narrowed
    assert "<html" not in bureau.get("/search?q=x", headers={"HX-Request": "true"}).text


def test_a_reporter_finds_only_its_own(api: Api) -> None:
    lead = api.city.report("AG-SH", named(1))
    client = api.signed_in("reporter", "AG-BJ", "reporter@demo.invalid")
    page = client.get("/search", query_string={"q": lead["data"]["enterprise"]["name"]}).text
    assert "没有找到" in page or lead["id"] not in page
    assert lead["enterprise_id"] not in page
    assert client.get(f"/enterprises/{lead['enterprise_id']}").status_code == 403


def test_an_unknown_sort_is_refused_in_words(bureau: FlaskClient) -> None:
    answer = bureau.get("/search?q=x&sort=shoe-size")
    assert answer.status_code == 422
    assert "shoe-size" in answer.text


def test_an_enterprise_shows_its_projects_and_reports(api: Api, bureau: FlaskClient) -> None:
    lead = api.city.report("AG-BJ", named(1))
    page = bureau.get(f"/enterprises/{lead['enterprise_id']}").text
    assert f'href="/projects/{lead["project_id"]}"' in page
    assert "北京产业创新中心" in page


def test_markup_in_a_report_stays_text(api: Api, bureau: FlaskClient) -> None:
    name = "<script>alert(1)</script>（示例）公司"
    lead = api.city.report("AG-BJ", {"source_ref": "X", "enterprise": {"name": name}})
    for path in ("/queue", "/projects", f"/projects/{lead['project_id']}", "/search?q=alert", f"/leads/{lead['id']}"):
        page = bureau.get(path).text
        assert "alert(1)" in page or path == "/search?q=alert"
        assert "<script>alert" not in page


@pytest.mark.parametrize("path", ["/parks", "/parks?district=KHTD", "/parks/P003", "/carriers", "/carriers?area=100"])
def test_places_open_for_everybody(api: Api, path: str) -> None:
    assert api.signed_in("reporter", "AG-BJ", "reporter@demo.invalid").get(path).status_code == 200


def test_a_park_that_is_none_is_not_found(bureau: FlaskClient) -> None:
    assert bureau.get("/parks/P999").status_code == 404


def test_a_dead_letter_is_shown_mended_and_replayed(api: Api, admin: FlaskClient) -> None:
    api.city.bus.publish([bad_record()])
    api.city.pump()
    letter = api.city.rows("dead_letters")[0]["id"]
    assert f"/admin/dead-letters/{letter}" in admin.get("/admin").text
    place = f"/admin/dead-letters/{letter}"
    assert "source_ref" in admin.get(place).text
    assert press(admin, place, f"{place}/mend", value="{ no json").status_code == 422
    mended = '{"source_ref": "D-1", "enterprise": {"name": "已更正（示例）公司"}}'
    assert press(admin, place, f"{place}/mend", value=mended).status_code == 303
    assert press(admin, place, f"{place}/replay").location == "/admin"
    api.city.pump()
    assert api.city.one("leads", source_ref="D-1")["data"]["enterprise"]["name"] == "已更正（示例）公司"


def bad_record() -> Record:
    value = (
        b'{"specversion":"1.0","id":"e-1","source":"/organisations/AG-BJ","type":"lead.submitted.v1",'
        b'"time":"2026-03-02T09:00:00+08:00","data":{"source_ref":"D-1"}}'
    )
    return Record("leads.submitted", "AG-BJ/D-1", value)


def test_a_revoked_token_opens_nothing(api: Api, admin: FlaskClient) -> None:
    secret = accounts.issue_token(api.city.tools, organisation="AG-BJ", role=Role.REPORTER, name="接口")
    token = accounts.list_tokens(api.city.tools)[0]["id"]
    press(admin, "/admin", f"/admin/tokens/{token}/revoke")
    assert accounts.actor_of_token(api.city.tools, secret) is None
    assert "已撤销" in admin.get("/admin").text


def test_administration_is_the_administrators(bureau: FlaskClient) -> None:
    assert bureau.get("/admin").status_code == 403
