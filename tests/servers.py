"""The real servers a test may ask for: where they are, and skip or failure when they are not.

`dev/testing.py` gives their places in CRM_TEST_KAFKA, CRM_TEST_ELASTICSEARCH and CRM_TEST_POSTGRESQL (URLs as in the
settings of the same server). A server that CRM_REQUIRE names must be there.
"""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit

import pytest

DEFAULT_PORTS = {"postgresql": 5432, "kafka": 9092, "elasticsearch": 9200}


def server_url(name: str) -> str:
    """The URL of `kafka`, `elasticsearch` or `postgresql`. Skips the test when none answers, or fails it when required."""
    variable = f"CRM_TEST_{name.upper()}"
    url = os.environ.get(variable, "")
    if url and _answers(url, DEFAULT_PORTS[name]):
        return url
    reason = f"{variable} 的 {url} 没有答复" if url else f"没有 {name}：未设 {variable}（make services 可启动）"
    if name in os.environ.get("CRM_REQUIRE", "").split(","):
        pytest.fail(f"CRM_REQUIRE 要求 {name}，而{reason}")
    pytest.skip(reason)


def _answers(url: str, default_port: int) -> bool:
    first = urlsplit(url.split(",", maxsplit=1)[0])
    with socket.socket() as probe:
        probe.settimeout(2)
        return probe.connect_ex((first.hostname or "127.0.0.1", first.port or default_port)) == 0


ON_POSTGRESQL = pytest.mark.parametrize(
    "template", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True, scope="session"
)
"""For an integration test of what only PostgreSQL has."""
