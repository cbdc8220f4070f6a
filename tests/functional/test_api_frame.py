"""What holds for every request: who asks, forged forms, problem JSON, headers, health, the description."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator

from crm.services import accounts
from crm.web import auth
from crm.web.api import leads
from crm.web.app import create_app
from tests.factories.cities import City
from tests.factories.leads import lead_data
from tests.functional.conftest import Api

PROBLEM = "application/problem+json"


class TestWhoAsks:
    @pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer nothing"}, {"Authorization": "Basic eDp5"}])
    def test_nobody_is_told_to_sign_in(self, api: Api, header: dict[str, str]) -> None:
        answer = api.client.get("/api/v1/leads", headers=header)
        assert (answer.status_code, answer.content_type) == (401, PROBLEM)
        assert answer.headers["WWW-Authenticate"] == "Bearer"

    def test_a_revoked_token_opens_nothing_within_seconds(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        caller = api.reporter()
        assert caller.get("/leads").status_code == 200
        accounts.revoke_token(api.city.tools, api.city.one("api_tokens")["id"])
        later = time.monotonic() + auth.TOKEN_MEMORY_SECONDS + 0.1
        monkeypatch.setattr(auth.time, "monotonic", lambda: later)
        assert caller.get("/leads").status_code == 401

    def test_the_session_of_the_pages_reads(self, api: Api) -> None:
        assert api.signed_in().get("/api/v1/projects").status_code == 200

    def test_a_session_writes_only_with_the_forms_token(self, api: Api) -> None:
        client = api.signed_in()
        answer = client.post("/api/v1/enterprises/check", json={"name": "昆山某某有限公司"})
        assert (answer.status_code, answer.content_type) == (400, PROBLEM)

    def test_a_wrong_bearer_is_not_saved_by_a_cookie(self, api: Api) -> None:
        answer = api.signed_in().get("/api/v1/projects", headers={"Authorization": "Bearer nothing"})
        assert answer.status_code == 401

    def test_a_bearer_needs_no_forms_token_even_with_a_cookie(self, api: Api) -> None:
        client, caller = api.signed_in(), api.reporter()
        headers = {"Authorization": f"Bearer {caller.token}"}
        answer = client.post("/api/v1/enterprises/check", json={"name": "昆山某某有限公司"}, headers=headers)
        assert answer.status_code == 200

    def test_an_ended_session_is_nobody(self, api: Api) -> None:
        client = api.signed_in()
        cookie = client.get_cookie("crm_session")
        assert cookie
        accounts.sign_out(api.city.tools, cookie.value)
        assert client.get("/api/v1/projects").status_code == 401


class TestProblems:
    @pytest.mark.parametrize(
        ("options", "status", "kind"),
        [
            ({"data": b"{", "content_type": "application/json"}, 400, "malformed"),
            ({"data": b"", "content_type": "application/json"}, 400, "malformed"),
            ({"data": b'{"name": "a", "name": "b"}', "content_type": "application/json"}, 400, "malformed"),
            ({"data": b'{"name": "\xff"}', "content_type": "application/json"}, 400, "malformed"),
            ({"data": b"name=a", "content_type": "application/x-www-form-urlencoded"}, 415, "unsupported-media-type"),
            ({"data": b"{}"}, 415, "unsupported-media-type"),
            ({"json": []}, 422, "invalid"),
            ({"json": {}}, 422, "invalid"),
            ({"json": {"name": "某公司", "colour": "red"}}, 422, "invalid"),
        ],
    )
    def test_a_body_that_cannot_be_read(self, api: Api, options: dict[str, Any], status: int, kind: str) -> None:
        answer = api.reporter().call("POST", "/enterprises/check", **options)
        assert (answer.status_code, answer.content_type) == (status, PROBLEM)
        assert answer.json["type"] == f"/problems/{kind}"
        assert answer.json["instance"] == "/api/v1/enterprises/check"

    def test_an_unknown_place(self, api: Api) -> None:
        answer = api.client.get("/api/v1/nowhere")
        assert (answer.status_code, answer.content_type, answer.json["title"]) == (404, PROBLEM, "没有找到")

    def test_a_wrong_method_says_which_are_right(self, api: Api) -> None:
        answer = api.reporter().call("DELETE", "/leads")
        assert (answer.status_code, answer.content_type) == (405, PROBLEM)
        assert "POST" in answer.headers["Allow"]

    def test_titles_are_english_for_who_reads_english(self, api: Api) -> None:
        answer = api.client.get("/api/v1/nowhere", headers={"Accept-Language": "en-GB,en;q=0.9,zh;q=0.1"})
        assert answer.json["title"] == "Not found"

    def test_the_unexpected_has_an_error_id_and_says_nothing_else(
        self, city: City, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def broken(*_: Any, **__: Any) -> None:
            raise RuntimeError("13900001234")

        monkeypatch.setattr(leads, "list_leads", broken)
        answer = Api(city, create_app(city.deployment)).reporter().get("/leads")
        logged = capsys.readouterr().out
        assert answer.status_code == 500
        assert answer.json["error_id"] in logged
        assert "13900001234" not in logged + answer.text


class TestHeaders:
    @pytest.mark.parametrize("place", ["/api/v1/nowhere", "/healthz", "/api/docs"])
    def test_every_answer_is_hardened(self, api: Api, place: str) -> None:
        headers = api.client.get(place).headers
        assert "default-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"


class TestHealth:
    def test_alive(self, api: Api) -> None:
        assert api.client.get("/healthz").json == {"status": "ok"}

    def test_ready_names_each_part(self, api: Api) -> None:
        answer = api.client.get("/readyz")
        assert answer.status_code == 200
        assert set(answer.json["parts"]) == {"database", "schema", "reference", "bus", "search"}

    def test_a_part_that_fails_makes_it_unready(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("crm.web.health.is_current", lambda _: False)
        answer = api.client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json["parts"]["schema"] == {"ready": False, "detail": "请先运行 crm db upgrade"}
        assert answer.json["parts"]["database"] == {"ready": True}

    def test_metrics_count_requests_and_what_waits(self, api: Api) -> None:
        api.reporter().post("/leads", lead_data())
        text = api.client.get("/metrics").text
        assert 'crm_http_requests_total{method="POST",route="/api/v1/leads",status="202"} 1.0' in text
        assert 'crm_waiting{queue="outbox"} 1.0' in text
        assert 'crm_waiting{queue="search-projector"} 0.0' in text
        assert "crm_dead_letters_open 0.0" in text


class TestTheDescription:
    @pytest.fixture
    def described(self, api: Api) -> dict[str, Any]:
        return dict(api.client.get("/api/v1/openapi.json").json or {})

    def test_it_is_openapi_3_1_and_covers_every_route(self, api: Api, described: dict[str, Any]) -> None:
        assert described["openapi"] == "3.1.0"
        assert {(path, method) for path, item in described["paths"].items() for method in item} >= routes(api.app)

    def test_every_body_has_an_example(self, described: dict[str, Any]) -> None:
        lacking = [
            (path, method)
            for path, item in described["paths"].items()
            for method, operation in item.items()
            for body in bodies(operation)
            if "example" not in body
        ]
        assert lacking == []

    def test_every_example_fits_its_schema(self, described: dict[str, Any]) -> None:
        for item in described["paths"].values():
            for operation in item.values():
                for body in bodies(operation):
                    schema = {**body["schema"], "components": described["components"]}
                    Draft202012Validator(schema).validate(body["example"])

    def test_people_can_read_it(self, api: Api) -> None:
        page = api.client.get("/api/docs")
        assert page.status_code == 200
        assert "/api/v1/projects/{project_id}/dispatch" in page.text
        assert "<script>" not in page.text
        assert "style=" not in page.text

    def test_it_is_plain_json(self, described: dict[str, Any]) -> None:
        assert json.dumps(described)


def routes(app: Flask) -> set[tuple[str, str]]:
    """Every route of the API as OpenAPI writes it."""
    rules = [
        rule for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/") and "openapi" not in rule.rule
    ]
    return {
        (rule.rule.replace("<", "{").replace(">", "}"), method.lower())
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def bodies(operation: Any) -> list[Any]:
    """Each body of an operation: the request's and the answers'."""
    if not isinstance(operation, dict):
        return []
    holders = [operation.get("requestBody", {}), *operation["responses"].values()]
    return [body for holder in holders for body in holder.get("content", {}).values()]
