"""The web application over a real deployment in a folder: callers with tokens, the line pumped by hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from crm.domain.actors import Role
from crm.services import accounts
from crm.web.app import create_app
from tests.factories.actors import CLI
from tests.factories.cities import City, CityTemplate

API = "/api/v1"
PASSWORD = "a-long-password"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody with a token. Paths are below `/api/v1`."""

    client: FlaskClient
    token: str
    city: City

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.call("GET", path, **options)

    def post(self, path: str, body: Any = None, *, seen: int | str | None = None, **options: Any) -> TestResponse:
        return self.call("POST", path, json=body, seen=seen, **options)

    def patch(self, path: str, body: Any, *, seen: int | str | None = None, **options: Any) -> TestResponse:
        return self.call("PATCH", path, json=body, seen=seen, **options)

    def call(self, method: str, path: str, *, seen: int | str | None = None, **options: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        if seen is not None:
            headers["If-Match"] = f'"{seen}"' if isinstance(seen, int) else seen
        return self.client.open(API + path, method=method, headers=headers, **options)

    def step(self, project_id: str, verb: str, body: Any = None) -> dict[str, Any]:
        """A step that must go through, on the version there is; the project afterwards."""
        answer = self.post(f"/projects/{project_id}/{verb}", body, seen=self.city.version(project_id))
        assert answer.status_code == 200, answer.json
        return dict(answer.json or {})


@dataclass(slots=True)
class Api:
    """The application of a city, and who calls it."""

    city: City
    app: Flask

    @property
    def client(self) -> FlaskClient:
        """A new client: without the cookies of others."""
        return self.app.test_client()

    def as_(self, role: str, organisation: str) -> Caller:
        token = accounts.issue_token(self.city.tools, organisation=organisation, role=Role(role), name=f"{role}-test")
        return Caller(self.client, token, self.city)

    def reporter(self, organisation: str = "AG-BJ") -> Caller:
        return self.as_("reporter", organisation)

    def dispatcher(self) -> Caller:
        return self.as_("dispatcher", "BUREAU")

    def officer(self, district: str = "KETD") -> Caller:
        return self.as_("district", district)

    def leader(self) -> Caller:
        return self.as_("leader", "OFFICE")

    def signed_in(
        self, role: str = "dispatcher", organisation: str = "BUREAU", email: str = "a@demo.invalid"
    ) -> FlaskClient:
        """A client with the session cookie of the pages."""
        tools = self.city.tools
        accounts.create_user(tools, CLI, email=email, organisation=organisation, role=Role(role), password=PASSWORD)
        client = self.client
        client.set_cookie("crm_session", accounts.sign_in(tools, email, PASSWORD), httponly=True, samesite="Lax")
        return client


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CityTemplate]:
    made = CityTemplate(tmp_path_factory.mktemp("template"))
    yield made
    made.close()


@pytest.fixture
def city(template: CityTemplate, tmp_path: Path) -> Iterator[City]:
    opened = template.city(tmp_path / "city", check_limit=60)
    yield opened
    opened.close()


@pytest.fixture
def api(city: City) -> Api:
    app = create_app(city.deployment)
    app.testing = True
    return Api(city, app)


def csrf_token(page: str) -> str:
    """The token of a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found
    return found.group(1)
