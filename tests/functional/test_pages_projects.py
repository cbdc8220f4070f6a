"""Queue, project and district pages: who is offered what, and that a refused form loses nothing."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from crm.services import dispatch as dispatching
from crm.services import progress
from tests.factories.actors import dispatcher, officer
from tests.functional.conftest import Api, csrf_token

FIRM = "星澜微传感（示例）有限公司"
SIZE = {"floor_area": 3000, "investment": 6000}
DATA: dict[str, Any] = {
    "source_ref": "B-1",
    "enterprise": {"name": FIRM, "main_business": "车规级压力传感器的研发与生产"},
    "project": {"title": "压力传感器项目", "site_mode": "lease", **SIZE, "process_risks": ["涂布"]},
    "contacts": [{"name": "张三", "phone": "13900000000"}],
}


@pytest.fixture
def project(api: Api) -> str:
    return api.city.project("AG-BJ", DATA)


@pytest.fixture
def bureau(api: Api) -> FlaskClient:
    return api.signed_in()


@pytest.fixture
def district(api: Api) -> FlaskClient:
    return api.signed_in("district", "KHTD", "district@demo.invalid")


def act(api: Api, client: FlaskClient, project_id: str, action: str, page: str = "", **fields: Any) -> Any:
    token = csrf_token(client.get(page or f"/projects/{project_id}").text)
    given = {"csrf_token": token, "version": api.city.version(project_id), **fields}
    return client.post(f"/projects/{project_id}/{action}", data=given)


def sent(api: Api, project_id: str) -> None:
    version = api.city.version(project_id)
    dispatching.dispatch(api.city.tools, dispatcher(), project_id, version, district="KHTD", park=None, note=None)


def accepted(api: Api, project_id: str) -> None:
    sent(api, project_id)
    dispatching.accept(api.city.tools, officer("KHTD"), project_id, api.city.version(project_id))


def test_the_queue_shows_product_risk_source_and_a_proposal(bureau: FlaskClient, project: str) -> None:
    page = bureau.get("/queue").text
    for words in ("压力传感器项目", "车规级压力传感器的研发与生产", "涂布", "北京产业创新中心", "3,000"):
        assert words in page
    assert re.search(r'class="proposal"><b>\S+</b>', page)
    assert re.search(r'<option value="\w+" selected>', page)


def test_the_queue_reads_as_often_for_many_rows_as_for_one(api: Api, bureau: FlaskClient, project: str) -> None:
    from sqlalchemy import event

    def statements() -> int:
        seen: list[str] = []
        engine = api.city.tools.database.read_engine

        def note(conn: Any, cursor: Any, statement: str, *rest: Any) -> None:
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        assert bureau.get("/queue").status_code == 200
        event.remove(engine, "before_cursor_execute", note)
        return len([one for one in seen if "reference" not in one])

    one = statements()
    for number in range(5):
        api.city.take("AG-BJ", {"source_ref": f"M-{number}", "enterprise": {"name": f"第{number}家（示例）公司"}})
    api.city.pump()
    assert statements() <= one


def test_dispatch_from_the_queue_comes_back_to_it(api: Api, bureau: FlaskClient, project: str) -> None:
    answer = act(api, bureau, project, "dispatch", "/queue", district="KHTD", note="点名", back="/queue?tab=waiting")
    assert answer.location == "/queue?tab=waiting"
    assert "已派发给昆山高新区" in bureau.get("/queue").text
    assert "压力传感器项目" in bureau.get("/queue?tab=dispatched").text


def test_a_stale_form_is_refused_with_everything_still_in_it(api: Api, bureau: FlaskClient, project: str) -> None:
    answer = act(api, bureau, project, "dispatch", district="KHTD", note="对方点名高新区", version=0)
    assert answer.status_code == 412
    assert "已被他人更新" in answer.text
    assert 'value="对方点名高新区"' in answer.text
    assert '<option value="KHTD" selected>' in answer.text


def test_a_park_elsewhere_is_refused_beside_its_field(api: Api, bureau: FlaskClient, project: str) -> None:
    park = next(
        p for p in api.city.tools.reference.pack().parks.values() if p.district == "KETD" and p.accepts_projects
    )
    answer = act(api, bureau, project, "dispatch", district="KHTD", park=park.code, note="点名")
    assert answer.status_code == 422
    assert 'id="f-park-error"' in answer.text


def test_a_district_accepts_within_its_hours(api: Api, district: FlaskClient, project: str) -> None:
    sent(api, project)
    page = district.get("/district").text
    assert "压力传感器项目" in page
    assert "剩 3 天" in page
    assert act(api, district, project, "accept", "/district", back="/district").location == "/district"
    assert api.city.one("projects", id=project)["stage"] == "negotiating"


def test_declining_asks_for_a_reason(api: Api, district: FlaskClient, project: str) -> None:
    sent(api, project)
    assert act(api, district, project, "decline").status_code == 422
    answer = act(api, district, project, "decline", reason="层高不足")
    assert answer.location == "/district"  # it sees the project no more
    assert "已退回调度科" in district.get(answer.location).text


def test_a_dispatch_of_the_past_shows_as_overdue(api: Api, project: str) -> None:
    sent(api, project)
    api.city.clock.move(timedelta(days=5))
    page = api.signed_in("district", "KHTD", "late@demo.invalid").get("/district").text
    assert "逾期 " in page


def test_a_district_reads_who_it_is_about_but_not_who_else_reported(
    api: Api, district: FlaskClient, project: str
) -> None:
    sent(api, project)
    page = district.get(f"/projects/{project}").text
    assert "13900000000" in page
    assert "北京产业创新中心" not in page
    assert "北京产业创新中心" in api.signed_in(email="b@demo.invalid").get(f"/projects/{project}").text


def test_another_districts_project_does_not_exist(api: Api, project: str) -> None:
    sent(api, project)
    other = api.signed_in("district", "BC", "bc@demo.invalid")
    assert other.get(f"/projects/{project}").status_code == 404
    token = csrf_token(other.get("/projects").text)
    answer = other.post(f"/projects/{project}/accept", data={"csrf_token": token, "version": 1})
    assert answer.status_code == 404


def test_a_milestone_is_claimed_with_evidence_and_confirmed_by_another(
    api: Api, bureau: FlaskClient, district: FlaskClient, project: str
) -> None:
    accepted(api, project)
    page = district.get(f"/projects/{project}?kind=signed").text
    assert 'name="evidence.agreement"' in page
    given = {
        "kind": "signed",
        "occurred_on": "2026-03-01",
        "evidence.agreement": "lease",
        "evidence.parties": "区镇与企业",
    }
    assert act(api, district, project, "claim", **given).status_code == 303
    milestone = api.city.one("milestones", kind="signed")
    assert milestone["evidence"] == {"agreement": "lease", "parties": "区镇与企业"}
    assert "待商务局确认" in district.get(f"/projects/{project}").text
    assert f"/milestones/{milestone['id']}/confirm" not in district.get(f"/projects/{project}").text
    assert "租赁合同" in bureau.get("/confirmations").text
    assert act(api, bureau, project, f"milestones/{milestone['id']}/confirm", back="/confirmations").status_code == 303
    assert api.city.one("projects", id=project)["stage"] == "signed"


def test_a_claim_without_evidence_keeps_its_date(api: Api, district: FlaskClient, project: str) -> None:
    accepted(api, project)
    answer = act(api, district, project, "claim", kind="company_registration", occurred_on="2026-02-27")
    assert answer.status_code == 422
    assert "请至少填写一项佐证" in answer.text
    assert 'value="2026-02-27"' in answer.text


def test_the_chronicle_says_what_happened_who_and_when(api: Api, bureau: FlaskClient, project: str) -> None:
    accepted(api, project)
    progress.log_activity(
        api.city.tools, officer("KHTD"), project, kind="visit", occurred_on=api.city.clock.now().date(),
        summary="看了产线", two_sided=True, next_step=None, next_on=None,
    )  # fmt: skip
    page = bureau.get(f"/projects/{project}").text
    told = page[page.index('class="timeline"') :]
    assert told.index("记录活动：上门拜访") < told.index("昆山高新区接受，开始洽谈") < told.index("派发给昆山高新区")
    assert "2026-03-02 09:00" in told


def test_an_activity_and_an_obstacle_are_recorded(api: Api, district: FlaskClient, project: str) -> None:
    accepted(api, project)
    talk = {"kind_of_activity": "visit", "activity_on": "2026-03-01", "summary": "看了产线", "two_sided": "1"}
    assert act(api, district, project, "activities", **talk).status_code == 303
    asked = {"department": "DEPT-STHJ", "description": "环评能否先行"}
    assert act(api, district, project, "obstacles", **asked).status_code == 303
    department = api.signed_in("department", "DEPT-STHJ", "department@demo.invalid")
    assert "环评能否先行" in department.get("/obstacles").text
    page = department.get(f"/projects/{project}").text
    assert "13900000000" not in page
    assert f'action="/projects/{project}/' not in page


def test_leaders_read_and_are_offered_nothing_to_change(api: Api, project: str) -> None:
    leader = api.signed_in("leader", "OFFICE", "leader@demo.invalid")
    page = leader.get(f"/projects/{project}").text
    assert f'action="/projects/{project}/dispatch"' not in page
    assert act(api, leader, project, "dispatch", district="KHTD").status_code == 403


def test_the_overview_counts_what_is_in_scope(api: Api, project: str) -> None:
    api.city.project(
        "AG-BJ", {**DATA, "source_ref": "B-2", "enterprise": {"name": "保密（示例）公司"}, "confidential": True}
    )
    page = api.signed_in("leader", "OFFICE", "leader@demo.invalid").get("/overview").text
    assert re.search(r'本月报送项目</span><span class="figure-value"><a class="num"[^>]*>1<', page)
    assert "投资 0.60 亿元" in page
    assert "保密（示例）公司" not in page


def test_a_confidential_project_is_a_code_name_in_lists(api: Api) -> None:
    data = {**DATA, "confidential": True}
    project_id = api.city.project("AG-BJ", data)
    client = api.signed_in()
    assert client.get(f"/projects/{project_id}").status_code == 404
    user = api.city.rows("users")[-1]
    api.city.name_readers(project_id, dispatcher(f"user:{user['id']}"))
    listed = client.get("/projects").text
    assert api.city.one("projects", id=project_id)["code_name"] in listed
    assert FIRM not in listed
    assert FIRM not in client.get("/queue").text
    assert "压力传感器项目" not in client.get("/queue").text
    assert client.get(f"/projects/{project_id}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/projects?sort=-stage_since&stage=reported", "/projects?district=KHTD&track=carrier"]
)
def test_filters_are_links_that_work_without_a_script(bureau: FlaskClient, project: str, path: str) -> None:
    answer = bureau.get(path)
    assert answer.status_code == 200
    part = bureau.get(path, headers={"HX-Request": "true"})
    assert "<html" not in part.text


def test_an_unknown_action_is_not_found(api: Api, bureau: FlaskClient, project: str) -> None:
    assert act(api, bureau, project, "explode").status_code == 404
