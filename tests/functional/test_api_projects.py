"""A project's life over HTTP, who may do which step, and what each sees."""

from __future__ import annotations

from typing import Any

import pytest

from tests.factories.actors import dispatcher
from tests.factories.leads import lead_data
from tests.functional.conftest import Api, Caller

SIGNED = {"kind": "signed", "occurred_on": "2026-03-01", "evidence": {"agreement": "lease", "number": "2026-012"}}


@pytest.fixture
def project(api: Api) -> str:
    """A reported project, in a carrier, of 8000 万元."""
    return api.city.project("AG-BJ", lead_data())


def claim(caller: Caller, project_id: str, kind: str, day: str = "2026-03-01", **evidence: Any) -> str:
    """Claim a milestone; its id."""
    body = {"kind": kind, "occurred_on": day, "evidence": evidence or {"number": "1"}}
    after = caller.step(project_id, "milestones", body)
    return str(next(m["id"] for m in after["milestones"] if m["kind"] == kind))


class TestALife:
    def test_from_the_lead_to_the_landing(self, api: Api, project: str) -> None:
        bureau, first, second = api.dispatcher(), api.officer("KETD"), api.officer("KHTD")
        assert bureau.get(f"/projects/{project}").json["stage"] == "reported"

        assert bureau.step(project, "dispatch", {"district": "KETD"})["stage"] == "dispatched"
        declined = first.step(project, "decline", {"reason": "没有合适厂房"})
        assert (declined["stage"], declined["assignment"]["state"]) == ("reported", "declined")
        assert first.get(f"/projects/{project}").status_code == 404

        bureau.step(project, "dispatch", {"district": "KHTD", "note": "同类企业多"})
        accepted = second.step(project, "accept")
        assert (accepted["stage"], accepted["assignment"]["district"]) == ("negotiating", "KHTD")

        for kind in ("tenancy_review", "signed", "company_registration", "handover"):
            milestone = claim(second, project, kind)
            after = bureau.step(project, f"milestones/{milestone}/confirm")
        assert after["stage"] == "handover"
        assert (after["signed_on"], after["landed_on"]) == ("2026-03-01", "2026-03-01")

    def test_the_reporter_follows_it_in_its_lead(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        project = lead["project_id"]
        api.dispatcher().step(project, "dispatch", {"district": "KETD"})
        assert api.reporter().get(f"/leads/{lead['id']}").json["project_stage"] == "dispatched"

    def test_the_verdict_is_copied_to_the_lead(self, api: Api) -> None:
        lead = api.city.report("AG-BJ", lead_data())
        milestone = claim(api.dispatcher(), lead["project_id"], "screening", verdict="符合导向")
        api.dispatcher().step(lead["project_id"], f"milestones/{milestone}/confirm")
        assert api.reporter().get(f"/leads/{lead['id']}").json["verdict"] == "符合导向"

    def test_history_tells_every_fact_in_order(self, api: Api, project: str) -> None:
        api.dispatcher().step(project, "dispatch", {"district": "KETD"})
        items = api.dispatcher().get(f"/projects/{project}/history").json["items"]
        assert [item["type"] for item in items] == ["project.opened.v1", "project.dispatched.v1"]
        assert [item["version"] for item in items] == [1, 2]
        assert items[1]["actor"]["organisation"] == "BUREAU"

    def test_the_proposal_stands_beside_the_choice(self, api: Api, project: str) -> None:
        api.dispatcher().step(project, "dispatch", {"district": "KETD", "note": "有厂房"})
        (match,) = api.dispatcher().get(f"/projects/{project}/matches").json["items"]
        assert match["suitable"] is True
        assert match["chosen"] == {"district": "KETD", "park": None, "reason": "有厂房"}
        assert match["districts"]

    def test_off_the_line_and_back(self, api: Api, project: str) -> None:
        bureau = api.dispatcher()
        assert bureau.step(project, "shelve", {"reason": "等董事会", "wake_on": "2026-06-01"})["stage"] == "shelved"
        assert bureau.post(f"/projects/{project}/dispatch", {"district": "KETD"}, seen=2).status_code == 409
        assert bureau.step(project, "resume")["stage"] == "reported"
        assert bureau.step(project, "lose", {"reason": "去了别处"})["off_line_reason"] == "去了别处"

    def test_a_signed_project_is_terminated_not_lost(self, api: Api, project: str) -> None:
        bureau, other = api.dispatcher(), api.dispatcher()
        milestone = claim(other, project, "signed", agreement="lease")
        bureau.step(project, f"milestones/{milestone}/confirm")
        version = api.city.version(project)
        assert bureau.post(f"/projects/{project}/lose", {"reason": "x"}, seen=version).status_code == 409
        assert bureau.step(project, "terminate", {"reason": "投资方撤资"})["stage"] == "terminated"

    def test_an_accepted_project_can_be_transferred(self, api: Api, project: str) -> None:
        api.dispatcher().step(project, "dispatch", {"district": "KETD"})
        api.officer("KETD").step(project, "accept")
        body = {"district": "KHTD", "split": {"first_talk": 40, "landing": 60}, "reason": "用地不足"}
        assert api.dispatcher().step(project, "transfer", body)["district"] == "KHTD"
        assert api.officer("KETD").get(f"/projects/{project}").status_code == 200

    def test_a_districts_own_find_starts_at_negotiating(self, api: Api) -> None:
        project = api.city.project("KETD", lead_data())
        seen = api.officer("KETD").get(f"/projects/{project}").json
        assert (seen["stage"], seen["origin"], seen["district"]) == ("negotiating", "self_sourced", "KETD")


class TestWhatAProjectShows:
    def test_a_project_has_everything_that_hangs_on_it(self, api: Api, project: str) -> None:
        answer = api.dispatcher().get(f"/projects/{project}")
        shown = answer.json
        assert answer.headers["ETag"] == f'"{shown["version"]}"'
        assert shown["investment"] == 8000
        assert shown["track"] == "carrier"
        assert shown["light"] == "green"
        assert shown["enterprise"]["name"] == lead_data()["enterprise"]["name"]
        assert shown["parties"][0]["role"] == "investor"
        assert shown["sources"] == ["AG-BJ"]
        assert shown["assignment"] is None

    def test_activities_and_obstacles_need_no_version(self, api: Api, project: str) -> None:
        bureau = api.dispatcher()
        body = {"occurred_on": "2026-03-01", "summary": "来昆考察", "two_sided": True, "next_on": "2026-03-10"}
        after = bureau.post(f"/projects/{project}/activities", body)
        assert (after.status_code, after.json["activities"][0]["summary"]) == (200, "来昆考察")
        asked = bureau.post(f"/projects/{project}/obstacles", {"department": "DEPT-STHJ", "description": "环评"})
        assert (asked.status_code, asked.json["obstacles"][0]["state"]) == (200, "open")

    def test_a_department_sees_what_waits_for_it(self, api: Api, project: str) -> None:
        department = api.as_("department", "DEPT-STHJ")
        assert department.get(f"/projects/{project}").status_code == 404
        api.dispatcher().post(f"/projects/{project}/obstacles", {"department": "DEPT-STHJ", "description": "环评"})
        assert department.get(f"/projects/{project}").status_code == 200
        assert department.post(f"/projects/{project}/lose", {"reason": "x"}, seen=2).status_code == 403

    def test_the_grade_and_the_track_can_be_set(self, api: Api, project: str) -> None:
        answer = api.dispatcher().patch(f"/projects/{project}", {"grade": "key", "track": "land"}, seen=1)
        assert (answer.status_code, answer.headers["ETag"]) == (200, '"2"')
        assert (answer.json["grade"], answer.json["track"]) == ("key", "land")

    def test_the_list_filters_and_pages(self, api: Api) -> None:
        for number in range(3):
            api.city.project("AG-BJ", lead_data(number))
        bureau = api.dispatcher()
        first = bureau.get("/projects?page_size=2&stage=reported&sort=received_at").json
        rest = bureau.get(f"/projects?page_size=2&stage=reported&sort=received_at&cursor={first['next']}").json
        assert len({item["id"] for item in first["items"] + rest["items"]}) == 3
        assert bureau.get("/projects?track=land").json["items"] == []
        assert len(bureau.get("/projects?unassigned=true&open=true").json["items"]) == 3


class TestWhoSeesWhat:
    @pytest.mark.parametrize(
        ("role", "organisation", "status"),
        [
            ("dispatcher", "BUREAU", 200), ("admin", "BUREAU", 200), ("leader", "OFFICE", 200), ("liaison", "OFFICE", 200),
            ("reporter", "AG-BJ", 404), ("reporter", "AG-SH", 404), ("district", "KETD", 404),
            ("department", "DEPT-STHJ", 404), ("carrier", "OP-P003", 404),
        ],
    )  # fmt: skip
    def test_a_reported_project(self, api: Api, project: str, role: str, organisation: str, status: int) -> None:
        caller = api.as_(role, organisation)
        assert caller.get(f"/projects/{project}").status_code == status
        assert caller.get(f"/projects/{project}/history").status_code == status
        assert caller.get(f"/projects/{project}/matches").status_code == status
        assert len(caller.get("/projects").json["items"]) == (1 if status == 200 else 0)
        enterprise = api.city.one("projects", id=project)["enterprise_id"]
        assert caller.get(f"/enterprises/{enterprise}").status_code == status

    def test_a_confidential_project_is_for_the_named_few(self, api: Api) -> None:
        project = api.city.project("AG-BJ", lead_data(confidential=True))
        bureau = api.dispatcher()
        assert bureau.get(f"/projects/{project}").status_code == 404
        assert bureau.get("/projects").json["items"] == []
        assert bureau.post(f"/projects/{project}/lose", {"reason": "x"}, seen=1).status_code == 404
        token = api.city.rows("api_tokens")[0]["id"]
        api.city.name_readers(project, dispatcher(f"token:{token}"))
        assert bureau.get(f"/projects/{project}").json["enterprise"]["name"] == lead_data()["enterprise"]["name"]

    def test_a_district_sees_what_is_dispatched_to_it(self, api: Api, project: str) -> None:
        api.dispatcher().step(project, "dispatch", {"district": "KETD"})
        assert api.officer("KETD").get(f"/projects/{project}").status_code == 200
        assert api.officer("KHTD").get(f"/projects/{project}").status_code == 404

    def test_an_enterprise_names_only_visible_projects(self, api: Api, project: str) -> None:
        enterprise = api.city.one("projects", id=project)["enterprise_id"]
        shown = api.dispatcher().get(f"/enterprises/{enterprise}").json
        assert shown["projects"] == [project]
        assert shown["registered_capital"] == 5000

    def test_a_department_sees_no_enterprise_rows(self, api: Api, project: str) -> None:
        api.dispatcher().post(f"/projects/{project}/obstacles", {"department": "DEPT-STHJ", "description": "环评"})
        enterprise = api.city.one("projects", id=project)["enterprise_id"]
        assert api.as_("department", "DEPT-STHJ").get(f"/enterprises/{enterprise}").status_code == 404


class TestRefusedSteps:
    STEPS = (
        ("dispatch", {"district": "KETD"}), ("accept", None), ("decline", {"reason": "x"}),
        ("transfer", {"district": "KETD", "reason": "x"}), ("milestones", SIGNED),
        ("milestones/none/confirm", None), ("milestones/none/refuse", {"reason": "x"}),
        ("shelve", {"reason": "x", "wake_on": "2026-06-01"}), ("resume", None), ("lose", {"reason": "x"}),
        ("terminate", {"reason": "x"}),
    )  # fmt: skip

    @pytest.mark.parametrize(("verb", "body"), STEPS, ids=[verb for verb, _ in STEPS])
    def test_each_step_needs_the_version_seen(self, api: Api, project: str, verb: str, body: Any) -> None:
        place = f"/projects/{project}/{verb}"
        assert api.dispatcher().post(place, body).status_code == 428
        assert api.dispatcher().post(place, body, seen=99).status_code == 412

    @pytest.mark.parametrize(("verb", "body"), STEPS, ids=[verb for verb, _ in STEPS])
    def test_who_only_reads_may_take_none(self, api: Api, project: str, verb: str, body: Any) -> None:
        assert api.leader().post(f"/projects/{project}/{verb}", body, seen=1).status_code == 403

    @pytest.mark.parametrize(("verb", "body"), STEPS, ids=[verb for verb, _ in STEPS])
    def test_for_a_reporter_the_project_does_not_exist(self, api: Api, project: str, verb: str, body: Any) -> None:
        assert api.reporter().post(f"/projects/{project}/{verb}", body, seen=1).status_code == 404

    @pytest.mark.parametrize(
        ("place", "body"),
        [
            ("activities", {"occurred_on": "2026-03-01", "summary": "x"}),
            ("obstacles", {"department": "DEPT-STHJ", "description": "x"}),
        ],
    )
    def test_who_only_reads_logs_nothing(self, api: Api, project: str, place: str, body: Any) -> None:
        assert api.leader().post(f"/projects/{project}/{place}", body).status_code == 403

    def test_nobody_confirms_its_own_claim(self, api: Api, project: str) -> None:
        caller = api.dispatcher()
        milestone = claim(caller, project, "signed", agreement="lease")
        answer = caller.post(f"/projects/{project}/milestones/{milestone}/confirm", seen=2)
        assert answer.status_code == 409

    def test_a_district_does_not_confirm_what_is_the_bureaus(self, api: Api, project: str) -> None:
        api.dispatcher().step(project, "dispatch", {"district": "KETD"})
        officer, colleague = api.officer("KETD"), api.officer("KETD")
        officer.step(project, "accept")
        milestone = claim(officer, project, "signed", agreement="lease")
        version = api.city.version(project)
        assert colleague.post(f"/projects/{project}/milestones/{milestone}/confirm", seen=version).status_code == 403

    def test_a_refused_claim_keeps_its_reason(self, api: Api, project: str) -> None:
        milestone = claim(api.dispatcher(), project, "signed", agreement="lease")
        after = api.dispatcher().step(project, f"milestones/{milestone}/refuse", {"reason": "缺合同"})
        assert (after["milestones"][0]["state"], after["milestones"][0]["reason"]) == ("refused", "缺合同")

    @pytest.mark.parametrize(
        ("verb", "body", "field"),
        [
            ("dispatch", {"district": "NOWHERE"}, "district"),
            ("dispatch", {"district": "KETD", "colour": "red"}, "colour"),
            ("milestones", {**SIGNED, "kind": "land_supply"}, "kind"),
            ("milestones", {**SIGNED, "occurred_on": "2027-01-01"}, "occurred_on"),
            ("milestones", {**SIGNED, "evidence": {}}, "evidence"),
            ("shelve", {"reason": "x", "wake_on": "2026-03-01"}, "wake_on"),
        ],
    )
    def test_a_wrong_body_is_named(self, api: Api, project: str, verb: str, body: Any, field: str) -> None:
        answer = api.dispatcher().post(f"/projects/{project}/{verb}", body, seen=1)
        assert (answer.status_code, answer.json["errors"][0]["field"]) == (422, field)

    def test_any_version_may_be_meant(self, api: Api, project: str) -> None:
        assert api.dispatcher().post(f"/projects/{project}/lose", {"reason": "x"}, seen="*").status_code == 200
