"""Reports, receipts and corrections over HTTP: each status code, and what a reporter is told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.factories.cities import City
from tests.factories.leads import lead_data
from tests.functional.conftest import Api


@contextmanager
def pumping(city: City) -> Iterator[None]:
    """The line runs beside the request, as in a deployment."""
    stop = threading.Event()

    def run() -> None:
        while not stop.wait(0.02):
            city.pump()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class TestReporting:
    def test_a_report_is_accepted_with_its_receipt_and_where_to_find_it(self, api: Api) -> None:
        answer = api.reporter().post("/leads", lead_data())
        assert answer.status_code == 202
        assert answer.headers["Location"] == f"/api/v1/receipts/{answer.json['receipt_no']}"
        assert answer.json["state"] == "received"
        assert answer.json["protection"] == {"kind": "none", "until": None}
        assert answer.json["duplicate"] is False

    def test_who_prefers_to_wait_gets_the_processed_receipt(self, api: Api) -> None:
        with pumping(api.city):
            answer = api.reporter().post("/leads", lead_data(), headers={"Prefer": "respond-async, wait=10"})
        assert answer.status_code == 201
        assert answer.json["state"] == "processed"
        assert answer.json["lead_id"]
        assert answer.json["protection"]["kind"] == "unproven"

    def test_who_waited_in_vain_is_still_accepted(self, api: Api) -> None:
        assert api.reporter().post("/leads", lead_data(), headers={"Prefer": "wait=1"}).status_code == 202

    def test_equal_content_again_gives_the_same_receipt(self, api: Api) -> None:
        caller = api.reporter()
        first = caller.post("/leads", lead_data())
        api.city.pump()
        again = caller.post("/leads", lead_data())
        assert (again.status_code, again.json["receipt_no"]) == (200, first.json["receipt_no"])
        assert again.json["duplicate"] is True
        assert again.json["state"] == "processed"
        assert "reported" not in again.json

    def test_other_content_under_the_same_number_names_the_fields(self, api: Api) -> None:
        caller = api.reporter()
        caller.post("/leads", lead_data())
        answer = caller.post("/leads", lead_data(project={"investment": 9000}))
        assert answer.status_code == 409
        assert [error["field"] for error in answer.json["errors"]] == ["project.investment"]

    def test_faults_are_named_by_dotted_field(self, api: Api) -> None:
        answer = api.reporter().post("/leads", lead_data(contacts=[{"email": "nobody"}], project={"land": -1}))
        assert answer.status_code == 422
        assert answer.content_type == "application/problem+json"
        assert {error["field"] for error in answer.json["errors"]} == {"contacts.0.email", "project.land"}

    def test_unknown_fields_are_kept_out_and_named(self, api: Api) -> None:
        answer = api.reporter().post("/leads", lead_data(colour="red"))
        assert answer.status_code == 202
        assert answer.json["ignored"] == ["colour"]

    def test_a_wrong_check_digit_is_a_warning(self, api: Api) -> None:
        answer = api.reporter().post("/leads", lead_data(enterprise={"uscc": "91320583MA00000018"}))
        assert answer.status_code == 202
        assert any("enterprise.uscc" in warning for warning in answer.json["warnings"])

    @pytest.mark.parametrize(
        ("role", "organisation"), [("leader", "OFFICE"), ("department", "DEPT-FGW"), ("liaison", "OFFICE")]
    )
    def test_roles_that_do_not_report_are_refused(self, api: Api, role: str, organisation: str) -> None:
        assert api.as_(role, organisation).post("/leads", lead_data()).status_code == 403

    def test_the_bureau_may_report_for_an_agency(self, api: Api) -> None:
        answer = api.dispatcher().post("/leads?organisation=AG-SH", lead_data())
        assert answer.status_code == 202
        assert api.city.one("receipts", receipt_no=answer.json["receipt_no"])["organisation"] == "AG-SH"

    def test_an_agency_may_not_report_for_another(self, api: Api) -> None:
        assert api.reporter().post("/leads?organisation=AG-SH", lead_data()).status_code == 403

    def test_more_than_two_megabytes_are_not_even_read(self, api: Api) -> None:
        answer = api.reporter().call(
            "POST", "/leads", data=b" " * (2 * 1024 * 1024 + 1), content_type="application/json"
        )
        assert answer.status_code == 413

    def test_a_report_over_900_kb_is_too_large(self, api: Api) -> None:
        data = lead_data(notes="长" * 350_000)
        assert api.reporter().post("/leads", data).status_code == 413

    def test_beyond_the_limit_a_report_waits_for_the_next_hour(self, template: Any, tmp_path: Any) -> None:
        from crm.web.app import create_app

        city = template.city(tmp_path / "limited", report_limit=1)
        caller = Api(city, create_app(city.deployment)).reporter()
        caller.post("/leads", lead_data(1))
        answer = caller.post("/leads", lead_data(2))
        assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
        city.close()


class TestTheBlindAnswer:
    def test_a_first_report_hears_that_nobody_was_before(self, api: Api) -> None:
        assert api.reporter().post("/leads", lead_data()).json["reported"] is False

    def test_a_later_report_hears_that_somebody_was(self, api: Api) -> None:
        api.city.report("AG-SH", lead_data())
        assert api.reporter().post("/leads", lead_data()).json["reported"] is True

    def test_beyond_the_limit_the_receipt_is_given_and_the_answer_withheld(self, template: Any, tmp_path: Any) -> None:
        from crm.web.app import create_app

        city = template.city(tmp_path / "limited", check_limit=1)
        caller = Api(city, create_app(city.deployment)).reporter()
        caller.post("/enterprises/check", {"name": "昆山某某有限公司"})
        answer = caller.post("/leads", lead_data())
        assert answer.status_code == 202
        assert "reported" not in answer.json
        city.close()


class TestABatch:
    def test_each_item_has_its_own_status(self, api: Api) -> None:
        api.city.report("AG-BJ", lead_data(1))
        items = [lead_data(1), lead_data(2), lead_data(1, project={"investment": 1}), {"source_ref": "x"}, 7]
        answer = api.reporter().post("/leads/batch", {"items": items})
        assert answer.status_code == 200
        assert [item["status"] for item in answer.json["items"]] == [200, 202, 409, 422, 422]
        assert [item["index"] for item in answer.json["items"]] == [0, 1, 2, 3, 4]
        assert answer.json["items"][2]["errors"][0]["field"] == "project.investment"

    def test_an_item_too_deep_falls_out_alone(self, api: Api) -> None:
        deep: Any = 1
        for _ in range(60):
            deep = [deep]
        answer = api.reporter().post("/leads/batch", {"items": [lead_data(1, extra=deep), lead_data(2)]})
        assert [item["status"] for item in answer.json["items"]] == [422, 202]

    def test_more_than_a_thousand_are_refused(self, api: Api) -> None:
        answer = api.reporter().post("/leads/batch", {"items": [{}] * 1001})
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == "items"


class TestReading:
    def test_a_reporter_reads_its_own_lead_with_the_people_in_it(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        answer = api.reporter().get(f"/leads/{lead['id']}")
        assert answer.status_code == 200
        assert answer.headers["ETag"] == '"1"'
        assert answer.json["data"]["contacts"][0]["name"] == "裴听澜"
        assert answer.json["data"]["last_contact"]["with"] == "裴听澜"
        assert answer.json["project_stage"] == "reported"
        assert "project_id" not in answer.json

    def test_another_agencys_lead_does_not_exist(self, api: Api) -> None:
        lead = api.city.report("AG-SH", lead_data())
        there, nowhere = api.reporter().get(f"/leads/{lead['id']}"), api.reporter().get("/leads/none")
        assert there.status_code == nowhere.status_code == 404
        assert there.json["detail"] == nowhere.json["detail"]

    def test_a_leader_reads_leads_without_the_people_in_them(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        data = api.leader().get(f"/leads/{lead['id']}").json["data"]
        assert "contacts" not in data
        assert "with" not in data["last_contact"]

    def test_the_list_pages_by_cursor_and_filters(self, api: Api) -> None:
        for number in range(3):
            api.city.report("AG-BJ", lead_data(number))
        api.city.report("AG-SH", lead_data(9))
        caller = api.reporter()
        first = caller.get("/leads?page_size=2").json
        second = caller.get(f"/leads?page_size=2&cursor={first['next']}").json
        assert len({item["id"] for item in first["items"] + second["items"]}) == 3
        assert second["next"] is None
        assert len(caller.get("/leads?source_ref=T-2026-00001").json["items"]) == 1
        assert caller.get("/leads?stage=signed,landed").json["items"] == []

    @pytest.mark.parametrize("query", ["sort=name", "cursor=x", "page_size=0", "page_size=201", "colour=red"])
    def test_a_wrong_list_parameter_is_named(self, api: Api, query: str) -> None:
        answer = api.reporter().get(f"/leads?{query}")
        assert answer.status_code == 422
        assert answer.json["errors"][0]["field"] == query.partition("=")[0]

    def test_a_confidential_lead_is_hidden_from_the_bureau(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data(confidential=True))
        assert api.dispatcher().get(f"/leads/{lead['id']}").status_code == 404
        assert api.reporter().get(f"/leads/{lead['id']}").status_code == 200

    def test_a_receipt_is_its_holders(self, api: Api) -> None:
        number = api.reporter().post("/leads", lead_data()).json["receipt_no"]
        assert api.reporter().get(f"/receipts/{number}").json["state"] == "received"
        assert api.reporter("AG-SH").get(f"/receipts/{number}").status_code == 404
        api.city.pump()
        assert api.reporter().get(f"/receipts/{number}").json["state"] == "processed"
        assert api.reporter("AG-SH").get(f"/receipts/{number}").status_code == 404


class TestCorrecting:
    def test_a_merge_patch_changes_the_report_and_keeps_the_receipt(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        answer = api.reporter().patch(
            f"/leads/{lead['id']}", {"project": {"investment": 9000, "floor_area": None}}, seen=1
        )
        assert answer.status_code == 202
        assert answer.headers["Location"] == f"/api/v1/receipts/{lead['receipt_no']}"
        api.city.pump()
        after = api.reporter().get(f"/leads/{lead['id']}").json
        assert after["version"] == 2
        assert after["receipt_no"] == lead["receipt_no"]
        assert after["data"]["project"]["investment"] == 9000
        assert "floor_area" not in after["data"]["project"]
        assert after["data"]["contacts"][0]["phone"] == "13900001234"
        assert after["data"]["last_contact"]["with"] == "裴听澜"

    def test_people_can_be_corrected(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        patch = {"contacts": [{"name": "甲"}], "last_contact": {"with": "乙"}}
        api.reporter().patch(f"/leads/{lead['id']}", patch, seen=1)
        api.city.pump()
        data = api.reporter().get(f"/leads/{lead['id']}").json["data"]
        assert data["contacts"] == [{"name": "甲"}]
        assert data["last_contact"] == {"date": "2026-02-20", "with": "乙"}

    def test_who_prefers_to_wait_gets_the_corrected_lead(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        caller = api.reporter()
        with pumping(api.city):
            answer = caller.patch(
                f"/leads/{lead['id']}", {"project": {"jobs": 5}}, seen=1, headers={"Prefer": "wait=10"},
                content_type="application/merge-patch+json",
            )  # fmt: skip
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
        assert answer.json["data"]["project"]["jobs"] == 5

    def test_a_patch_that_changes_nothing_is_done_at_once(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        answer = api.reporter().patch(f"/leads/{lead['id']}", {"project": {"investment": 8000}}, seen=1)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')

    @pytest.mark.parametrize(("seen", "status"), [(None, 428), (7, 412), ('"x"', 412), ("*", 202), (1, 202)])
    def test_the_version_seen_must_be_the_version_there_is(self, api: Api, seen: Any, status: int) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        answer = api.reporter().patch(f"/leads/{lead['id']}", {"project": {"jobs": 5}}, seen=seen)
        assert answer.status_code == status

    def test_a_second_correction_waits_for_the_first(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        caller = api.reporter()
        caller.patch(f"/leads/{lead['id']}", {"project": {"jobs": 5}}, seen=1)
        assert caller.patch(f"/leads/{lead['id']}", {"project": {"land": 5}}, seen=1).status_code == 409
        api.city.pump()
        assert caller.patch(f"/leads/{lead['id']}", {"project": {"land": 5}}, seen=1).status_code == 412
        assert caller.patch(f"/leads/{lead['id']}", {"project": {"land": 5}}, seen=2).status_code == 202

    def test_the_number_of_a_report_cannot_change(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        answer = api.reporter().patch(f"/leads/{lead['id']}", {"source_ref": "other"}, seen=1)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, "source_ref")

    def test_another_agencys_lead_cannot_be_corrected(self, api: Api) -> None:
        lead = api.city.report("AG-SH", lead_data())
        assert api.reporter().patch(f"/leads/{lead['id']}", {"project": None}, seen=1).status_code == 404

    def test_who_only_reads_is_refused(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        assert api.leader().patch(f"/leads/{lead['id']}", {"project": None}, seen=1).status_code == 403

    def test_a_patch_is_an_object(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        assert api.reporter().patch(f"/leads/{lead['id']}", [1], seen=1).status_code == 422
