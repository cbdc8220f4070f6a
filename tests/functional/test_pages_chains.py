"""The chain's pages: map, node, edits, hit rates, checks; who may do what there."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from crm.services import dispatch as dispatching
from crm.services import rematching
from tests.factories.actors import dispatcher
from tests.functional.conftest import Api, csrf_token

DATA: dict[str, Any] = {
    "source_ref": "C-1",
    "enterprise": {"name": "星澜连接（示例）有限公司", "main_business": "板对板连接器的研发与生产"},
    "project": {"title": "连接器项目", "site_mode": "lease", "floor_area": 3000, "site_needs": {"height_m": 8}},
    "contacts": [{"name": "张三", "phone": "13900000000"}],
}
WORD = {"node": "IT10", "word": "鲲鹏嘟嘟块", "weight": "1", "kind": "speech", "reason": "行话"}


@pytest.fixture
def project(api: Api) -> str:
    return api.city.project("AG-BJ", DATA)


@pytest.fixture
def bureau(api: Api) -> FlaskClient:
    return api.signed_in()


def post(client: FlaskClient, path: str, page: str, **fields: Any) -> Any:
    return client.post(path, data={"csrf_token": csrf_token(client.get(page).text), **fields})


def proposed(client: FlaskClient) -> Any:
    return post(client, "/chains/edits/words", "/chains/nodes/IT10", **WORD)


def test_the_chain_lists_every_industry(bureau: FlaskClient, project: str) -> None:
    page = bureau.get("/chains").text
    assert all(name in page for name in ("信息技术", "装备制造", "低空经济", "空白"))


def test_the_map_shows_holes_and_what_is_coming(bureau: FlaskClient, project: str) -> None:
    page = bureau.get("/chains/IT").text
    assert "连接器与线缆组件" in page
    assert "node-coming" in page
    assert "node-hole" in page


def test_a_node_names_who_would_fill_it(bureau: FlaskClient, project: str) -> None:
    page = bureau.get("/chains/nodes/IT10").text
    assert "补链对象" in page
    assert "星澜连接（示例）有限公司" in page


def test_counts_stay_inside_the_scope(api: Api, project: str) -> None:
    district = api.signed_in("district", "KHTD", "district@demo.invalid")
    assert "星澜连接" not in district.get("/chains/nodes/IT10").text
    assert "node-coming" not in district.get("/chains/IT").text


@pytest.mark.parametrize("path", ["/chains/ZZ", "/chains/nodes/ZZ99"])
def test_what_is_not_in_the_chain_is_not_found(bureau: FlaskClient, path: str) -> None:
    assert bureau.get(path).status_code == 404


def test_a_word_is_proposed_tried_and_waits_for_another(bureau: FlaskClient) -> None:
    assert proposed(bureau).status_code == 303
    page = bureau.get("/chains/edits").text
    assert "增加词语“鲲鹏嘟嘟块”" in page
    assert "试测" in page
    assert "待他人审核" in page


def test_another_approves_it(api: Api, bureau: FlaskClient) -> None:
    proposed(bureau)
    edit = api.city.one("chain_edits")["id"]
    other = api.signed_in("admin", "BUREAU", "admin@demo.invalid")
    assert post(other, f"/chains/edits/{edit}/approve", "/chains/edits").status_code == 303
    assert api.city.one("chain_edits")["state"] == "live"
    assert "鲲鹏嘟嘟块" in bureau.get("/chains/nodes/IT10").text


def test_ones_own_proposal_stays_undecided(api: Api, bureau: FlaskClient) -> None:
    proposed(bureau)
    edit = api.city.one("chain_edits")["id"]
    post(bureau, f"/chains/edits/{edit}/approve", "/chains/edits")
    assert api.city.one("chain_edits")["state"] == "proposed"


def test_a_faulty_word_comes_back_with_its_fault(bureau: FlaskClient) -> None:
    answer = post(bureau, "/chains/edits/words", "/chains/nodes/IT10", **{**WORD, "word": "片"})
    assert answer.status_code == 422
    assert "词语为 2 至 30 个字" in answer.text


@pytest.mark.parametrize(
    ("path", "fields", "told"),
    [
        ("links", {"node": "IT10", "target": "EV08", "relation": "supplies", "present": "yes"}, "建立"),
        ("industries", {"industry": "LA", "enabled": "no"}, "停用产业“低空经济"),
        ("weights", {"preferred": "0.2"}, "企业首选区镇（加） 0.2"),
    ],
)
def test_other_changes_are_told_in_a_sentence(
    bureau: FlaskClient, path: str, fields: dict[str, str], told: str
) -> None:
    post(bureau, f"/chains/edits/{path}", "/chains/nodes/IT10", reason="调整", **fields)
    assert told in bureau.get("/chains/edits").text


def test_a_reader_sees_the_chain_and_changes_nothing(api: Api) -> None:
    leader = api.signed_in("leader", "OFFICE", "leader@demo.invalid")
    page = leader.get("/chains/nodes/IT10")
    assert page.status_code == 200
    assert "试测并提交审核" not in page.text
    assert leader.get("/chains/edits").status_code == 403


def test_a_reporter_sees_no_chain(api: Api) -> None:
    assert api.signed_in("reporter", "AG-BJ", "reporter@demo.invalid").get("/chains").status_code == 403


def test_hit_rates_count_what_was_chosen(api: Api, bureau: FlaskClient, project: str) -> None:
    district = api.city.one("projects")["proposed_districts"][0]
    version = api.city.version(project)
    dispatching.dispatch(api.city.tools, dispatcher(), project, version, district=district, park=None, note=None)
    page = bureau.get("/matching").text
    assert "1 次选了第一建议" in page
    assert "都按首选派发" in page


def test_an_override_is_listed_with_its_reason(api: Api, bureau: FlaskClient, project: str) -> None:
    proposed = [one["code"] for one in api.city.one("matches")["result"]["districts"]]
    other = next(code for code in api.city.tools.reference.pack().districts if code not in proposed)
    version = api.city.version(project)
    dispatching.dispatch(api.city.tools, dispatcher(), project, version, district=other, park=None, note="老乡")
    page = bureau.get("/matching").text
    assert "不在建议中" in page
    assert "老乡" in page


def test_matching_anew_is_counted_first(api: Api, bureau: FlaskClient, project: str) -> None:
    assert post(bureau, "/matching/rematch", "/matching").status_code == 303
    rematching.work_off(api.city.tools)
    assert "没有项目需要改变" in bureau.get("/matching").text
    run = api.city.one("rematch_runs")["id"]
    post(bureau, f"/matching/rematch/{run}/drop", "/matching")
    assert "已放弃" in bureau.get("/matching").text


def test_the_project_marks_the_words_its_match_rests_on(bureau: FlaskClient, project: str) -> None:
    assert "<mark>板对板连接器</mark>" in bureau.get(f"/projects/{project}").text


def test_a_park_is_asked_and_its_operator_answers(api: Api, bureau: FlaskClient, project: str) -> None:
    park = api.city.one("projects")["proposed_parks"][0]
    version = api.city.version(project)
    assert (
        post(bureau, f"/projects/{project}/ask-park", f"/projects/{project}", park=park, version=version).status_code
        == 303
    )
    operator = api.signed_in("carrier", f"OP-{park}", "carrier@demo.invalid")
    page = operator.get("/checks").text
    assert "层高 8 m" in page
    assert "星澜" not in page
    check = next(row["id"] for row in api.city.rows("park_checks") if row["constraint"] == "height_m")
    assert post(operator, f"/checks/{check}/breaks", "/checks", note="只有六米").status_code == 303
    page = bureau.get(f"/projects/{project}").text
    assert "：只有六米" in page
    assert "不行" in page


def test_a_choice_outside_the_proposal_needs_a_reason_on_the_page(api: Api, bureau: FlaskClient, project: str) -> None:
    proposed_first = [one["code"] for one in api.city.one("matches")["result"]["districts"][:3]]
    other = next(code for code in api.city.tools.reference.pack().districts if code not in proposed_first)
    version = api.city.version(project)
    answer = post(bureau, f"/projects/{project}/dispatch", f"/projects/{project}", district=other, version=version)
    assert answer.status_code == 422
    assert "请在附言写明理由" in answer.text


@pytest.mark.parametrize("path", ["/chains/edits/{edit}/bless", "/matching/rematch/none/bless"])
def test_an_unknown_verb_does_nothing(api: Api, bureau: FlaskClient, path: str) -> None:
    proposed(bureau)
    edit = api.city.one("chain_edits")["id"]
    assert post(bureau, path.format(edit=edit), "/chains/edits", reason="理由").status_code == 404
    assert api.city.one("chain_edits")["state"] == "proposed"


def test_the_same_word_again_comes_back_with_the_form(bureau: FlaskClient) -> None:
    proposed(bureau)
    answer = proposed(bureau)
    assert answer.status_code == 422
    assert "同一事项已有修改待审核" in answer.text
    assert 'value="鲲鹏嘟嘟块"' in answer.text


def test_two_links_and_two_weights_may_wait_at_once(api: Api, bureau: FlaskClient) -> None:
    for target in ("EV08", "EV09"):
        link = {"node": "IT10", "target": target, "relation": "complements", "present": "yes", "reason": "调整"}
        assert post(bureau, "/chains/edits/links", "/chains/nodes/IT10", **link).status_code == 303
    for name in ("room", "balance"):
        fields = {name: "0.2", "reason": "调整"}
        assert post(bureau, "/chains/edits/weights", "/matching", **fields).status_code == 303
    assert api.city.count("chain_edits") == 4


def test_a_fault_of_a_weight_names_it_and_keeps_the_form(bureau: FlaskClient) -> None:
    answer = post(bureau, "/chains/edits/weights", "/matching", room="9", balance="0.2", reason="调整")
    assert answer.status_code == 422
    assert "有空置载体（加）：权重为 0 至 2" in answer.text
    assert 'value="0.2"' in answer.text


@pytest.mark.parametrize(
    "fields", [{"word": "连接器", "weight": "1", "kind": "product"}, {"word": "没有这词", "weight": "0"}]
)
def test_what_changes_nothing_is_refused(bureau: FlaskClient, fields: dict[str, str]) -> None:
    answer = post(bureau, "/chains/edits/words", "/chains/nodes/IT10", **{**WORD, **fields})
    assert answer.status_code == 422
    assert "现在就是这样" in answer.text


def test_an_edit_of_the_past_is_refused(bureau: FlaskClient) -> None:
    assert (
        "生效日不能早于今天"
        in post(bureau, "/chains/edits/words", "/chains/nodes/IT10", **WORD, starts_on="2020-01-01").text
    )


def test_an_edit_that_waits_for_its_day_says_so(api: Api, bureau: FlaskClient) -> None:
    post(bureau, "/chains/edits/words", "/chains/nodes/IT10", **WORD, starts_on="2099-01-01")
    edit = api.city.one("chain_edits")["id"]
    other = api.signed_in("admin", "BUREAU", "admin@demo.invalid")
    post(other, f"/chains/edits/{edit}/approve", "/chains/edits")
    assert "待生效" in bureau.get("/chains/edits").text


def test_a_no_without_a_word_is_told_on_the_list(api: Api, bureau: FlaskClient, project: str) -> None:
    park = api.city.one("projects")["proposed_parks"][0]
    post(bureau, f"/projects/{project}/ask-park", f"/projects/{project}", park=park)
    operator = api.signed_in("carrier", f"OP-{park}", "carrier@demo.invalid")
    check = api.city.rows("park_checks")[0]["id"]
    assert post(operator, f"/checks/{check}/breaks", "/checks").location == "/checks"
    assert "请写明现有多少" in operator.get("/checks").text
