"""The reporter's pages: paste, send, receipt, own leads; whole without a script."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from crm.domain.clock import FixedClock
from crm.domain.errors import Unavailable
from crm.store import schema
from crm.store.database import Database
from crm.web.app import create_app
from crm.wiring import connect
from tests.factories.cities import START, settings_in
from tests.functional.conftest import PASSWORD, Api, csrf_token

FIRM = "星澜微传感（示例）有限公司"
FORM = {
    "source_ref": "W-1",
    "enterprise.name": FIRM,
    "enterprise.main_business": "车规级压力传感器的研发与生产",
    "project.floor_area": "3000平",
    "project.investment": "3亿",
    "contacts.0.name": "张三",
    "contacts.0.phone": "13900000000",
}


@pytest.fixture
def reporter(api: Api) -> FlaskClient:
    return api.signed_in("reporter", "AG-BJ", "reporter@demo.invalid")


def post(client: FlaskClient, path: str, fields: dict[str, Any], page: str = "/leads/new", **options: Any) -> Any:
    token = csrf_token(client.get(page).text)
    return client.post(path, data={"csrf_token": token, **fields}, **options)


def test_a_page_asks_to_sign_in_and_comes_back(api: Api) -> None:
    answer = api.client.get("/leads?stage=signed")
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/leads%3Fstage%3Dsigned"


def test_signing_in_leads_to_the_first_page_of_the_role(api: Api) -> None:
    api.signed_in("reporter", "AG-BJ", "reporter@demo.invalid")
    client = api.client
    fields = {"email": "reporter@demo.invalid", "password": PASSWORD}
    assert post(client, "/sign-in", fields, "/sign-in").location == "/"
    assert client.get("/").location == "/leads/new"


@pytest.mark.parametrize("place", ["https://evil.invalid/", "//evil.invalid", "/\\evil.invalid"])
def test_signing_in_never_leads_out_of_the_house(api: Api, place: str) -> None:
    api.signed_in("reporter", "AG-BJ", "reporter@demo.invalid")
    fields = {"email": "reporter@demo.invalid", "password": PASSWORD, "next": place}
    assert post(api.client, "/sign-in", fields, "/sign-in").location == "/"


def test_a_wrong_password_keeps_the_address_and_says_no_more(api: Api) -> None:
    answer = post(api.client, "/sign-in", {"email": "no@demo.invalid", "password": "x"}, "/sign-in")
    assert answer.status_code == 422
    assert 'value="no@demo.invalid"' in answer.text
    assert "邮箱或密码不正确" in answer.text


def test_demonstration_accounts_are_listed_without_their_passwords(api: Api) -> None:
    folder = api.city.tools.settings.data_dir
    (folder / "demo-accounts.json").write_text(
        '[{"email": "leader@demo.invalid", "role": "leader", "password": "geheim-1"}]'
    )
    page = api.client.get("/sign-in").text
    assert "leader@demo.invalid" in page
    assert "geheim-1" not in page


def test_signing_out_ends_the_session(reporter: FlaskClient) -> None:
    post(reporter, "/sign-out", {})
    assert reporter.get("/leads").status_code == 303


def test_pasted_text_fills_the_form_and_no_line_is_lost(reporter: FlaskClient) -> None:
    paste = f"名称：{FIRM}\n面积：约5000平\n区镇：高新区\n老板下周来看厂房"
    page = post(reporter, "/leads/new/read", {"paste": paste, "source_ref": "W-9"}).text
    assert re.search(rf'value="{FIRM}"[^>]*name="enterprise.name"', page)
    assert re.search(r'value="5000"[^>]*name="project.floor_area"', page)
    assert '<option value="KHTD" selected>' in page
    assert "老板下周来看厂房</textarea>" in page
    assert 'value="W-9"' in page


def test_what_was_typed_stays_when_a_paste_says_otherwise(reporter: FlaskClient) -> None:
    fields = {"paste": "投资：3亿", "project.investment": "500", "source_ref": "W-9"}
    page = post(reporter, "/leads/new/read", fields).text
    assert re.search(r'value="500"[^>]*name="project.investment"', page)
    assert "计划投资：30000" in page


def test_htmx_gets_the_form_alone_and_caches_keep_them_apart(reporter: FlaskClient) -> None:
    answer = post(reporter, "/leads/new/read", {"paste": "投资：3亿"}, headers={"HX-Request": "true"})
    assert "<html" not in answer.text
    assert 'id="report"' in answer.text
    assert "HX-Request" in answer.headers["Vary"]


def test_sending_gives_a_receipt_with_the_blind_answer(api: Api, reporter: FlaskClient) -> None:
    answer = post(reporter, "/leads/new", FORM)
    assert answer.status_code == 303
    before = reporter.get(answer.location).text
    assert "已登记，处理中" in before
    assert 'hx-trigger="load delay:1500ms"' in before
    api.city.pump()
    after = reporter.get(answer.location).text
    assert "已受理入库" in after
    assert "由本单位以外的人确认" in after
    assert re.search(r"此前是否已有单位报送</dt><dd><span[^>]*>否", after)
    lead = api.city.one("leads", source_ref="W-1")
    assert lead["data"]["project"] == {"floor_area": 3000, "investment": 30000}


def test_sending_twice_gives_the_same_receipt_and_answer(api: Api, reporter: FlaskClient) -> None:
    first = post(reporter, "/leads/new", FORM)
    api.city.pump()
    second = post(reporter, "/leads/new", FORM)
    assert second.location == first.location
    assert re.search(r"此前是否已有单位报送</dt><dd><span[^>]*>否", reporter.get(second.location).text)


def test_a_second_organisation_learns_that_it_was_reported_and_not_by_whom(api: Api, reporter: FlaskClient) -> None:
    post(reporter, "/leads/new", FORM)
    api.city.pump()
    other = api.signed_in("reporter", "AG-SH", "other@demo.invalid")
    answer = post(other, "/leads/new", FORM | {"source_ref": "S-1"})
    page = other.get(answer.location).text
    assert re.search(r"此前是否已有单位报送</dt><dd><span[^>]*>是", page)
    assert "北京" not in page.split("<main")[1]


def test_a_fault_stands_beside_its_field_and_nothing_is_lost(reporter: FlaskClient) -> None:
    answer = post(reporter, "/leads/new", FORM | {"project.investment": "很多"})
    assert answer.status_code == 422
    assert 'id="f-project-investment-error"' in answer.text
    assert "13900000000" in answer.text


def test_other_content_under_the_same_reference_is_named_and_kept(reporter: FlaskClient) -> None:
    post(reporter, "/leads/new", FORM)
    answer = post(reporter, "/leads/new", FORM | {"project.investment": "5亿"})
    assert answer.status_code == 409
    assert "不同之处：计划投资" in answer.text
    assert 'value="50000"' in answer.text


def test_a_form_without_its_token_is_refused(reporter: FlaskClient) -> None:
    assert reporter.post("/leads/new", data=FORM).status_code == 400


def test_the_blind_check_says_yes_or_no(api: Api, reporter: FlaskClient) -> None:
    assert "<b>否</b>" in post(reporter, "/check", {"name": FIRM}).text
    post(reporter, "/leads/new", FORM)
    api.city.pump()
    assert "<b>是</b>" in post(reporter, "/check", {"name": FIRM}).text


def test_the_form_speaks_english(reporter: FlaskClient) -> None:
    assert "Report a lead" in reporter.get("/leads/new?lang=en").text
    assert "Report a lead" in reporter.get("/leads/new", headers={"Accept-Language": "en-GB"}).text


def test_own_leads_are_listed_and_others_do_not_exist(api: Api, reporter: FlaskClient) -> None:
    mine = api.city.report("AG-BJ", {"source_ref": "B-1", "enterprise": {"name": FIRM}})
    other = api.city.report("AG-SH", {"source_ref": "S-1", "enterprise": {"name": "另一家（示例）公司"}})
    page = reporter.get("/leads").text
    assert "B-1" in page
    assert "S-1" not in page
    assert reporter.get(f"/leads/{mine['id']}").status_code == 200
    assert reporter.get(f"/leads/{other['id']}").status_code == 404
    assert reporter.get(f"/receipts/{other['receipt_no']}").status_code == 404


def test_a_correction_keeps_the_receipt(api: Api, reporter: FlaskClient) -> None:
    post(reporter, "/leads/new", FORM)
    api.city.pump()
    lead = api.city.one("leads", source_ref="W-1")
    place = f"/leads/{lead['id']}/correct"
    page = reporter.get(place).text
    assert 'value="13900000000"' in page
    values = {k: v for k, v in FORM.items() if k != "source_ref"} | {
        "project.floor_area": "4000",
        "version": lead["version"],
    }
    assert post(reporter, place, values, place).status_code == 303
    api.city.pump()
    after = api.city.one("leads", source_ref="W-1")
    assert after["data"]["project"] == {"floor_area": 4000, "investment": 30000}
    assert after["receipt_no"] == lead["receipt_no"]


@pytest.mark.parametrize("path", ["/queue", "/projects", "/overview", "/confirmations", "/admin", "/obstacles"])
def test_a_reporter_has_no_business_with_projects(reporter: FlaskClient, path: str) -> None:
    assert reporter.get(path).status_code == 403


def test_the_sign_in_page_opens_before_a_pack_is_loaded(tmp_path: Path) -> None:
    deployment = connect(settings_in(tmp_path), FixedClock(START))
    schema.upgrade(deployment.tools.database)
    assert create_app(deployment).test_client().get("/sign-in").status_code == 200
    deployment.close()


def test_a_database_that_is_away_gives_a_page_that_says_so(
    api: Api, reporter: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(self: Database) -> None:
        raise Unavailable("数据库暂时连不上")

    monkeypatch.setattr(Database, "read", away)
    answer = reporter.get("/leads")
    assert answer.status_code == 503
    assert "数据库暂时连不上" in answer.text
