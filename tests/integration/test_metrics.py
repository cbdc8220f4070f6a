"""Figures: what is measured, read where it lies, added up over the web's processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from consumers.measured import Measured
from crm.cli.processes import Processes
from crm.jobs.index_check import compare_index
from crm.services.measures import WORK
from crm.web.app import create_app
from crm.web.freshness import parts_alive
from tests.factories.cities import City, CityMaker
from tests.factories.leads import cloud_event, delivered, lead_data

REQUESTS = 40


def value(text: str, name: str, **labels: str) -> float:
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def scraped(city: City) -> str:
    return create_app(city.deployment).test_client().get("/metrics").text


def test_what_waits_is_told_by_queue_and_by_topic(city: City) -> None:
    city.take("AG-BJ", lead_data(1))
    assert value(scraped(city), "crm_waiting", queue="outbox") == 1
    city.relay.step()
    text = scraped(city)
    assert value(text, "crm_waiting", queue="outbox") == 0
    assert value(text, "crm_lag_records", group="lead-intake", topic="leads.submitted") == 1
    assert value(text, "crm_lag_records", group="lead-intake", topic="leads.submitted.from.AG-BJ") == 0


def test_refused_records_are_counted_until_somebody_settles_them(city: City) -> None:
    city.intake.handle([delivered(b"nonsense")])
    assert value(scraped(city), "crm_dead_letters_open") == 1


def test_a_consumers_batches_are_measured(city: City) -> None:
    before = WORK.get_sample_value("crm_batch_records_sum", {"consumer": "lead-intake"}) or 0
    Measured(city.intake).handle([delivered(cloud_event("AG-BJ", "e1", lead_data(1)))])
    assert WORK.get_sample_value("crm_batch_records_sum", {"consumer": "lead-intake"}) == before + 1
    assert (WORK.get_sample_value("crm_batch_seconds_count", {"consumer": "lead-intake"}) or 0) >= 1


def test_the_nightly_comparison_counts_documents_that_differ(searchable: City) -> None:
    searchable.pump()
    assert compare_index(searchable.deployment) == 0
    searchable.take("AG-BJ", lead_data(1))
    searchable.relay.step()
    searchable._intake_runner.step(0)
    assert compare_index(searchable.deployment) >= 3
    assert (WORK.get_sample_value("crm_index_differences", {"kind": "missing"}) or 0) >= 3
    assert WORK.get_sample_value("crm_index_differences", {"kind": "extra"}) == 0


def test_a_part_is_alive_while_its_process_beats_and_for_a_little_longer(city: City) -> None:
    processes = Processes(city.deployment)
    processes.start_part("outbox-relay")
    processes.start_heartbeat()
    deadline = time.monotonic() + 20
    while parts_alive(city.deployment)["outbox-relay"] == 0 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert parts_alive(city.deployment) == {"lead-intake": 0, "search-projector": 0, "outbox-relay": 1, "scheduler": 0}
    city.clock.move(timedelta(minutes=1))
    assert parts_alive(city.deployment)["outbox-relay"] == 0
    processes.stop.set()
    assert processes.wait() == 0


def test_the_webs_processes_count_together(make_city: CityMaker) -> None:
    folder: Path = make_city("web").tools.settings.data_dir
    elsewhere = folder / "database.url"
    url = elsewhere.read_text() if elsewhere.exists() else f"sqlite:///{folder}/crm.db"
    environment = {
        "CRM_DATABASE_URL": url,
        "CRM_DATA_DIR": str(folder),
        "CRM_SECRET_KEY": "k" * 40,
        "CRM_PORT": "18973",
    }
    command = [Path(sys.executable).with_name("crm"), "web", "--workers", "2"]
    web = subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        _until_it_answers()
        before = value(_get("/metrics"), "crm_http_requests_total", route="/healthz")
        for _ in range(REQUESTS):
            _get("/healthz")
        counted = {value(_get("/metrics"), "crm_http_requests_total", route="/healthz") for _ in range(8)}
        assert counted == {before + REQUESTS}
    finally:
        web.send_signal(signal.SIGTERM)
        web.wait(30)


def _get(path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:18973{path}", timeout=10) as answer:
        return str(answer.read().decode())


def _until_it_answers() -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            _get("/healthz")
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the web does not answer")
