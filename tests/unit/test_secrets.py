"""Secrets may come as files; what is wrong with one is said without showing it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import make_url

from crm.config import SECRETS, Settings, kept_secret
from crm.domain.errors import Invalid

POSTGRESQL = "postgresql+psycopg://crm_app@db:5432/crm"


def refusal(environ: dict[str, str]) -> Invalid:
    with pytest.raises(Invalid) as caught:
        Settings.from_env(environ)
    return caught.value


def in_a_file(folder: Path, text: str) -> str:
    path = folder / "secret"
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("CRM_KAFKA_PASSWORD", "kafka_password"),
        ("CRM_SEARCH_API_KEY", "search_api_key"),
        ("CRM_SECRET_KEY", "secret_key"),
    ],
)
def test_a_secret_may_come_as_a_file(tmp_path: Path, name: str, attribute: str) -> None:
    settings = Settings.from_env({f"{name}_FILE": in_a_file(tmp_path, "word-of-file\n")})
    assert getattr(settings, attribute) == "word-of-file"


def test_the_databases_url_may_come_as_a_file(tmp_path: Path) -> None:
    url = "postgresql+psycopg://crm:word@db/crm"
    assert Settings.from_env({"CRM_DATABASE_URL_FILE": in_a_file(tmp_path, f"{url}\n")}).database_url == url


def test_the_databases_password_may_come_apart_from_its_url(tmp_path: Path) -> None:
    password = "p@ss:w/rd%é 号"
    given = {"CRM_DATABASE_URL": POSTGRESQL, "CRM_DATABASE_PASSWORD_FILE": in_a_file(tmp_path, password)}
    url = make_url(Settings.from_env(given).database_url)
    assert (url.username, url.password, url.host, url.port, url.database) == ("crm_app", password, "db", 5432, "crm")


@pytest.mark.parametrize(
    "url", ["sqlite:///var/crm.db", "postgresql+psycopg://db/crm", "postgresql+psycopg://crm:other@db/crm"]
)
def test_a_password_that_fits_no_url_is_refused(url: str) -> None:
    error = refusal({"CRM_DATABASE_URL": url, "CRM_DATABASE_PASSWORD": "word"})
    assert error.errors[0].field == "CRM_DATABASE_PASSWORD"
    assert "other" not in str(error)


@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_given_twice_is_refused_by_name(tmp_path: Path, name: str) -> None:
    error = refusal({name: "word", f"{name}_FILE": in_a_file(tmp_path, "word-of-file")})
    assert error.errors[0].field == f"{name}_FILE"
    assert "word" not in str(error)


@pytest.mark.parametrize("name", SECRETS)
def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path, name: str) -> None:
    error = refusal({f"{name}_FILE": str(tmp_path / "none")})
    assert (error.errors[0].field, str(tmp_path / "none") in str(error)) == (f"{name}_FILE", True)


def test_an_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    assert refusal({"CRM_SECRET_KEY_FILE": in_a_file(tmp_path, "\n")}).errors[0].field == "CRM_SECRET_KEY_FILE"


def test_a_file_that_is_no_text_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe")
    error = refusal({"CRM_SECRET_KEY_FILE": str(tmp_path / "secret")})
    assert error.errors[0].field == "CRM_SECRET_KEY_FILE"


def test_no_secret_shows_in_the_settings_own_words() -> None:
    given = {
        "CRM_DATABASE_URL": POSTGRESQL,
        "CRM_DATABASE_PASSWORD": "word-1",
        "CRM_KAFKA_PASSWORD": "word-2",
        "CRM_SEARCH_API_KEY": "word-3",
        "CRM_SECRET_KEY": "word-4",
    }
    assert "word-" not in repr(Settings.from_env(given))


def test_processes_that_start_at_once_keep_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as processes:
        made = set(processes.map(lambda _: kept_secret(tmp_path / "keys", "contacts.key"), range(64)))
    assert len(made) == 1
    assert [path.name for path in (tmp_path / "keys").iterdir()] == ["contacts.key"]
