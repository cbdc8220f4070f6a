"""Settings: defaults, what is read, and mixed sets refused with the variable named."""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path

import pytest

from crm.config import Settings, kept_secret
from crm.domain.errors import Invalid

CITY = {
    "CRM_DATABASE_URL": "postgresql+psycopg://crm@db/crm",
    "CRM_BUS_URL": "kafka://k1:9092,k2:9092",
    "CRM_SEARCH_URL": "https://es:9200",
}
SASL = {
    "CRM_KAFKA_SECURITY": "SASL_SSL",
    "CRM_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
    "CRM_KAFKA_USERNAME": "crm",
    "CRM_KAFKA_PASSWORD": "word-of-kafka",
}


def refused_variable(**environ: str) -> str:
    with pytest.raises(Invalid) as refusal:
        Settings.from_env(environ)
    return refusal.value.errors[0].field


def test_nothing_set_means_the_embedded_set() -> None:
    settings = Settings.from_env({})
    assert settings == Settings()
    assert (settings.database_url, settings.bus_url, settings.search_url) == (
        "sqlite:///var/crm.db",
        "embedded:",
        "embedded:",
    )


def test_empty_is_the_same_as_not_set() -> None:
    assert Settings.from_env({"CRM_PORT": "", "CRM_DATABASE_URL": "", "CRM_EVAL_DIR": ""}) == Settings()


def test_what_is_set_is_read() -> None:
    settings = Settings.from_env(
        {
            "CRM_DATABASE_URL": "postgresql+psycopg://crm@db/crm",
            "CRM_DATA_DIR": "/srv/crm",
            "CRM_HOST": "0.0.0.0",
            "CRM_PORT": "8080",
            "CRM_SECRET_KEY": "secret",
            "CRM_REFERENCE_DIR": "/srv/pack",
            "CRM_CHECK_LIMIT": "7",
            "CRM_REPORT_LIMIT": "8",
            "CRM_EVAL_DIR": "/srv/eval",
        }
    )
    assert (settings.host, settings.port, settings.secret_key) == ("0.0.0.0", 8080, "secret")
    assert (settings.check_limit, settings.report_limit) == (7, 8)
    assert settings.index_dir == Path("/srv/crm/index")
    assert settings.key_dir == Path("/srv/crm/keys")
    assert (settings.reference_dir, settings.eval_dir) == (Path("/srv/pack"), Path("/srv/eval"))


@pytest.mark.parametrize("name", ["CRM_PORT", "CRM_CHECK_LIMIT", "CRM_REPORT_LIMIT"])
@pytest.mark.parametrize("value", ["abc", "-1", "1.5"])
def test_a_number_that_is_none_is_refused_by_name(name: str, value: str) -> None:
    assert refused_variable(**{name: value}) == name


@pytest.mark.parametrize("url", ["mysql://db/crm", "postgresql://db/crm", "sqlite://", "oracle://x"])
def test_another_database_is_refused_by_name(url: str) -> None:
    assert refused_variable(CRM_DATABASE_URL=url) == "CRM_DATABASE_URL"


@pytest.mark.parametrize(
    "url", ["redis://queue", "kafka://", "kafka://broker", "kafka://a:9092,", "kafka://a:9092/topic"]
)
def test_an_unknown_bus_is_refused_by_name(url: str) -> None:
    assert refused_variable(**{**CITY, "CRM_BUS_URL": url}) == "CRM_BUS_URL"


def test_an_unknown_index_is_refused_by_name() -> None:
    assert refused_variable(**{**CITY, "CRM_SEARCH_URL": "ftp://index"}) == "CRM_SEARCH_URL"


def test_a_city_has_servers_for_all_three() -> None:
    settings = Settings.from_env(CITY)
    assert settings.city
    assert settings.kafka_servers == ("k1:9092", "k2:9092")
    assert not Settings().city


@pytest.mark.parametrize(
    ("mixed", "at_fault"),
    [
        ({"CRM_BUS_URL": "kafka://k:9092"}, "CRM_SEARCH_URL"),
        ({"CRM_SEARCH_URL": "http://es:9200"}, "CRM_BUS_URL"),
        ({"CRM_BUS_URL": "kafka://k:9092", "CRM_SEARCH_URL": "http://es:9200"}, "CRM_DATABASE_URL"),
        ({"CRM_DATABASE_URL": "postgresql+psycopg://db/crm", "CRM_BUS_URL": "kafka://k:9092"}, "CRM_SEARCH_URL"),
        ({"CRM_DATABASE_URL": "postgresql+psycopg://db/crm", "CRM_SEARCH_URL": "https://es:9200"}, "CRM_BUS_URL"),
    ],
)
def test_a_mixed_set_is_refused_and_the_supported_ones_are_named(mixed: dict[str, str], at_fault: str) -> None:
    with pytest.raises(Invalid, match=r"嵌入式.*单机.*城市") as refusal:
        Settings.from_env(mixed)
    assert refusal.value.errors[0].field == at_fault


def test_the_citys_logins_are_read_and_shown_to_nobody() -> None:
    settings = Settings.from_env(
        {
            **CITY,
            **SASL,
            "CRM_KAFKA_CA": "/srv/kafka.pem",
            "CRM_SEARCH_API_KEY": "key-of-search",
            "CRM_SEARCH_CA": "/srv/search.pem",
        }
    )
    assert (settings.kafka_security, settings.kafka_sasl_mechanism) == ("SASL_SSL", "SCRAM-SHA-512")
    assert (settings.kafka_username, settings.kafka_password) == ("crm", "word-of-kafka")
    assert (settings.kafka_ca, settings.search_ca) == (Path("/srv/kafka.pem"), Path("/srv/search.pem"))
    assert settings.search_api_key == "key-of-search"
    assert "word-of-kafka" not in repr(settings)
    assert "key-of-search" not in repr(settings)


@pytest.mark.parametrize("missing", ["CRM_KAFKA_SASL_MECHANISM", "CRM_KAFKA_USERNAME", "CRM_KAFKA_PASSWORD"])
def test_half_a_login_is_refused_by_name(missing: str) -> None:
    assert refused_variable(**{**CITY, **SASL, missing: ""}) == missing


def test_an_unknown_security_is_refused_by_name() -> None:
    assert refused_variable(**{**CITY, "CRM_KAFKA_SECURITY": "TLS"}) == "CRM_KAFKA_SECURITY"


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_a_secret_is_made_once_and_kept_for_its_owner_alone(tmp_path: Path) -> None:
    made = kept_secret(tmp_path / "keys", "contacts.key")
    assert len(made) >= 32
    assert kept_secret(tmp_path / "keys", "contacts.key") == made
    assert stat.S_IMODE((tmp_path / "keys" / "contacts.key").stat().st_mode) == 0o600
    assert kept_secret(tmp_path / "keys", "other.key") != made
