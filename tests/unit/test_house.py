"""The house is in order: packages come from this checkout, and what people can set, type, call or read is documented."""

from __future__ import annotations

import importlib
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from flask import Flask

import crm.config
from crm.cli import COMMANDS
from crm.cli import crm as root
from crm.domain.clock import FixedClock
from crm.web.app import create_app
from crm.wiring import connect
from schemas.registry import default_registry
from schemas.topics import TOPICS
from tests.factories.cities import START, settings_in

CHECKOUT = Path(__file__).parents[2]
DOCS = CHECKOUT / "docs"
PACKAGES = ("crm", "consumers", "producers", "search", "schemas")


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_with_common_names_are_ours(name: str) -> None:
    file = importlib.import_module(name).__file__
    assert file is not None
    assert Path(file).resolve() == (CHECKOUT / name / "__init__.py").resolve()


def documented(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def settings_read() -> set[str]:
    return set(re.findall(r'"(CRM_[A-Z_]+)"', inspect.getsource(crm.config)))


def test_every_setting_is_documented() -> None:
    assert len(settings_read()) >= 11
    assert {name for name in settings_read() if f"`{name}`" not in documented("settings.md")} == set()


def test_only_the_settings_read_the_environment() -> None:
    readers = {
        str(path.relative_to(CHECKOUT))
        for package in PACKAGES
        for path in (CHECKOUT / package).rglob("*.py")
        if re.search(r"\bos\.(environ|getenv)\b", path.read_text(encoding="utf-8"))
    }
    assert readers == {"crm/config.py"}


def command_paths(command: click.Command, path: str) -> list[str]:
    if not isinstance(command, click.Group):
        return [path]
    context = click.Context(command)
    children = {name: command.get_command(context, name) for name in command.list_commands(context)}
    return [found for name, child in children.items() if child for found in command_paths(child, f"{path} {name}")]


def test_the_listing_says_of_a_command_what_the_command_says_of_itself() -> None:
    context = click.Context(root)
    commands = {name: root.get_command(context, name) for name in COMMANDS}
    assert {name: line for name, (_, line) in COMMANDS.items()} == {
        name: command.help for name, command in commands.items() if command
    }


def test_help_starts_no_part_of_the_product() -> None:
    """`crm --help` and a worker's start would wait for every library of every command."""
    slow = ["sqlalchemy", "flask", "kafka", "elasticsearch", "pypinyin", "alembic", "crm.wiring"]
    code = f"import sys, crm.cli; print([name for name in {slow} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"[]\n"


def test_every_command_is_documented() -> None:
    """`crm dead-letters list`, `show ID`: the commands of a group may stand in one row after the first."""
    rows = [line for line in documented("commands.md").splitlines() if line.startswith("| `crm")]
    missing = []
    for path in command_paths(root, "crm"):
        group, _, leaf = path.rpartition(" ")
        if not any(
            f"`{group}" in row and re.search(rf"(`|{re.escape(group)} ){re.escape(leaf)}\b", row) for row in rows
        ):
            missing.append(path)
    assert missing == []


def test_every_event_is_documented_with_its_schema() -> None:
    page = documented("events.md")
    for event in default_registry().events():
        assert event.type in page
        assert (DOCS / "events" / f"{event.type}.json").is_file()


def test_every_topic_is_documented() -> None:
    page = documented("events.md")
    assert [topic.name for topic in TOPICS if f"`{topic.name}`" not in page] == []


def placeholders(path: str) -> str:
    """A path whatever its parameters are called: `/leads/<lead_id>` and `/leads/{id}` alike."""
    return re.sub(r"<[^>]*>|\{[^}]*\}", "*", path)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    deployment = connect(settings_in(tmp_path), FixedClock(START))
    yield create_app(deployment)
    deployment.close()


def test_every_route_of_the_api_is_in_its_openapi_document(app: Flask) -> None:
    documented_paths = app.test_client().get("/api/v1/openapi.json").json["paths"]  # type: ignore[index]
    known = {placeholders(path).removeprefix("/api/v1") for path in documented_paths}
    routes = {placeholders(rule.rule) for rule in app.url_map.iter_rules() if rule.rule.startswith("/api/v1/")}
    own = {"/api/v1/openapi.json"}
    assert {route for route in routes - own if route.removeprefix("/api/v1") not in known} == set()


def test_every_page_is_documented(app: Flask) -> None:
    page = placeholders(documented("pages.md"))
    routes = {placeholders(rule.rule) for rule in app.url_map.iter_rules() if not rule.rule.startswith("/api/v1/")}
    assert sorted(route for route in routes if f"`{route}`" not in page) == []
