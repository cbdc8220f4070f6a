"""The city's compose file agrees with itself, with the compose specification, and with the settings and commands there are.

No engine starts it here: what can be told from the file is told by these tests.
"""

from __future__ import annotations

import copy
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from crm.cli import crm as root
from crm.config import SECRETS, Settings
from tests.unit.test_house import settings_read

CHECKOUT = Path(__file__).parents[2]
FILE = CHECKOUT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "investment-promotion-crm"}
WORKING = {name: service for name, service in OURS.items() if name != "prepare"}
SERVERS = ("postgres", "kafka", "elasticsearch")


def crm_commands(service: dict[str, Any]) -> list[list[str]]:
    """Each call of `crm` with its words, also those of a shell's `&&`."""
    words = service["command"]
    scripts = words[2].split("&&") if words[:2] == ["sh", "-c"] else [" ".join(words)]
    return [script.split()[1:] for script in scripts if script.split()[0] == "crm"]


def test_the_file_is_valid_by_the_compose_specification() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(checker, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", OURS)
def test_every_setting_given_is_one_that_is_read(name: str) -> None:
    given = {setting for setting in OURS[name]["environment"] if setting.startswith("CRM_")}
    assert given - settings_read() - {f"{secret}_FILE" for secret in SECRETS} == set()
    assert len(given) >= 8


@pytest.mark.parametrize("name", OURS)
def test_the_settings_are_those_of_a_city(name: str, tmp_path: Path) -> None:
    """As `Settings` reads them, each secret standing in a file."""
    environ = dict(OURS[name]["environment"])
    for setting in [setting for setting in environ if setting.endswith("_FILE")]:
        (tmp_path / setting).write_text("word")
        environ[setting] = str(tmp_path / setting)
    settings = Settings.from_env(environ)
    assert settings.city
    assert settings.kafka_password == "word"
    assert settings.database_url.endswith(":word@postgres:5432/crm")
    assert (settings.search_api_key, settings.secret_key) == (("word", "word") if name in WORKING else (None, None))


@pytest.mark.parametrize("name", OURS)
def test_no_secret_stands_in_the_file_itself(name: str) -> None:
    assert {setting for setting in OURS[name]["environment"] if setting in SECRETS} == {"CRM_DATABASE_URL"}
    assert (
        ":" not in OURS[name]["environment"]["CRM_DATABASE_URL"].removeprefix("postgresql+psycopg://").partition("@")[0]
    )


@pytest.mark.parametrize("name", OURS)
def test_every_command_is_one_of_crm_with_options_it_has(name: str) -> None:
    for words in crm_commands(OURS[name]):
        command: click.Command = root
        context = click.Context(root, info_name="crm")
        rest = list(words)
        while isinstance(command, click.Group):
            found = command.get_command(context, rest.pop(0))
            assert found is not None, words
            command, context = found, click.Context(found, parent=context)
        _with_files_of_the_container(command).make_context(command.name, rest, parent=context.parent)


def _with_files_of_the_container(command: click.Command) -> click.Command:
    """A copy that does not look whether a file is there."""
    copied = copy.copy(command)
    copied.params = [copy.copy(option) for option in command.params]
    for option in copied.params:
        if isinstance(option.type, click.Path):
            option.type = click.STRING
    return copied


def test_between_them_the_services_run_every_part_of_the_product() -> None:
    run = [" ".join(words) for service in OURS.values() for words in crm_commands(service)]
    parts = ("lead-intake", "search-projector", "outbox-relay")
    assert {part for part in parts if f"worker --only {part}" not in run} == set()
    assert "scheduler" in run
    assert any(words.startswith("web ") for words in run)
    assert run.count("worker --only lead-intake") >= 2
    assert run.count("worker --only outbox-relay") >= 2


def test_workers_have_host_names_that_stay() -> None:
    names = [service["hostname"] for service in WORKING.values() if "worker" in service["command"]]
    assert len(names) == len(set(names)) == 5


def test_every_secret_and_volume_that_is_declared_is_used_and_the_other_way_round() -> None:
    secrets = {secret for service in SERVICES.values() for secret in service.get("secrets", [])}
    assert secrets == set(COMPOSE["secrets"])
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert {volume for volume in mounted if not volume.startswith(".")} == set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_given_just_the_secrets_it_reads(name: str) -> None:
    service = SERVICES[name]
    text = str({key: value for key, value in service.items() if key != "secrets"})
    scripts = [CHECKOUT / volume.split(":")[0] for volume in service.get("volumes", []) if volume.startswith("./")]
    text += "".join(script.read_text(encoding="utf-8") for script in scripts)
    assert set(re.findall(r"/run/secrets/(\w+)", text)) == set(service.get("secrets", []))


@pytest.mark.parametrize("name", SERVICES)
def test_files_mounted_from_the_checkout_are_there_and_cannot_be_written(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        if volume.startswith("./"):
            file, _, mode = volume.split(":")
            assert (CHECKOUT / file).is_file()
            assert mode == "ro"


@pytest.mark.parametrize("name", WORKING)
def test_the_product_runs_as_little_as_it_can(name: str) -> None:
    service = WORKING[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["environment"]["CRM_DATABASE_URL"].startswith("postgresql+psycopg://crm_app@")
    assert service["environment"]["CRM_KAFKA_USERNAME"] == "crm"
    assert not {"elastic_password", "postgres_owner_password", "kafka_admin_password"} & set(service["secrets"])
    assert re.search(r"^USER crm$", (CHECKOUT / "dev/docker/Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_limit_and_what_it_waits_for_can_tell_when_it_is_ready(name: str) -> None:
    assert SERVICES[name]["deploy"]["resources"]["limits"]["memory"]
    for awaited, how in SERVICES[name].get("depends_on", {}).items():
        if how["condition"] == "service_healthy":
            assert "healthcheck" in SERVICES[awaited]
        else:
            assert SERVICES[awaited]["restart"] == "no"


def test_what_serves_tells_its_health_and_is_reached_from_this_host_alone() -> None:
    for name in (*SERVERS, "web"):
        assert "healthcheck" in SERVICES[name]
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert [port for port in published if not port.startswith("127.0.0.1:")] == []


def test_those_outside_come_to_the_broker_with_a_name_and_a_password() -> None:
    lines = (CHECKOUT / "dev/docker/kafka.properties").read_text(encoding="utf-8").splitlines()
    properties = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    listeners = dict(pair.split(":") for pair in properties["listener.security.protocol.map"].split(","))
    assert {listeners["OUTSIDE"], listeners["INSIDE"]} == {"SASL_PLAINTEXT"}
    assert "CONTROLLER://127.0.0.1:" in properties["listeners"]
    assert properties["allow.everyone.if.no.acl.found"] == "false"
    assert properties["auto.create.topics.enable"] == "false"


def test_the_roles_the_files_name_are_the_same() -> None:
    made = (CHECKOUT / "dev/docker/application-role.sql").read_text(encoding="utf-8")
    prepared = [" ".join(words) for words in crm_commands(SERVICES["prepare"])]
    assert "CREATE ROLE crm_app " in made
    assert "db upgrade --application-role crm_app" in prepared
    assert "topics principals --product crm" in prepared
    assert "--entity-name crm " in (CHECKOUT / "dev/docker/kafka-accounts.sh").read_text(encoding="utf-8")
