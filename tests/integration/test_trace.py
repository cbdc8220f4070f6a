"""One trace from a request to history, events, documents and the log of every part it comes by."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from crm.cli.logs import configure_logs
from crm.domain import trace
from schemas import headers
from schemas.topics import LEADS_CHANGED, LEADS_SUBMITTED
from tests.factories.cities import City, published
from tests.factories.leads import cloud_event, delivered, lead_data

GIVEN = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
ID = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def logs(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What the process writes to standard error."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    structlog.contextvars.clear_contextvars()  # of requests that tests before this one made in the same thread
    kept, before = logging.root.handlers[:], structlog.get_config()
    configure_logs(logging.INFO)
    yield sys.stderr  # type: ignore[misc]
    logging.captureWarnings(capture=False)
    logging.root.handlers[:] = kept
    structlog.configure(**before)


def lines(logs: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in logs.getvalue().splitlines()]


def test_a_reports_trace_reaches_history_events_and_documents(searchable: City, logs: io.StringIO) -> None:
    trace.current.set(GIVEN)
    searchable.take("AG-BJ", lead_data(1))
    trace.current.set(None)
    searchable.pump()
    assert {row["trace_id"] for row in searchable.rows("history") if row["aggregate"] != "organisation"} == {ID}
    for record in published(searchable, [LEADS_SUBMITTED, LEADS_CHANGED]):
        assert json.loads(record["value"])["traceparent"] == GIVEN
        assert dict(record["headers"])[headers.TRACE] == GIVEN
    said = [str(line["event"]) for line in lines(logs) if line.get("trace") == ID]
    assert dict.fromkeys(said) == dict.fromkeys(["published", "lead processed", "documents written"])


def test_a_record_without_a_trace_has_the_same_one_whenever_it_is_read(city: City) -> None:
    city.intake.handle([delivered(cloud_event("AG-BJ", "e1", lead_data(1)))])
    assert {row["trace_id"] for row in city.rows("history", aggregate="lead")} == {
        trace.identity(trace.derived("/organisations/AG-BJ", "e1"))
    }


def test_a_producers_record_is_logged_only_when_its_trace_is_sampled(city: City, logs: io.StringIO) -> None:
    quiet = cloud_event("AG-BJ", "e1", lead_data(1))
    city.intake.handle([delivered(quiet)])
    assert lines(logs) == []
    told = json.loads(cloud_event("AG-BJ", "e2", lead_data(2))) | {"traceparent": GIVEN}
    city.intake.handle([delivered(json.dumps(told).encode(), 1)])
    assert [(line["event"], line["trace"]) for line in lines(logs)] == [("lead processed", ID)]


@pytest.mark.parametrize("text", ["", "00-1-2-01", f"00-{'0' * 32}-b7ad6b7169203331-01", GIVEN.upper(), f"{GIVEN}0"])
def test_what_is_no_trace_is_not_taken_for_one(text: str) -> None:
    assert trace.well_formed(text) is None


def test_a_librarys_words_are_json_too(logs: io.StringIO) -> None:
    logging.getLogger("some.library").warning("slow %s", "disk")
    (line,) = lines(logs)
    assert (line["event"], line["level"], line["logger"]) == ("slow disk", "warning", "some.library")
    assert line["part"] == "MainThread"


def test_a_librarys_every_failed_attempt_is_not_told(logs: io.StringIO) -> None:
    logging.getLogger("kafka.conn").error("connection refused")
    assert lines(logs) == []


def test_an_error_is_told_by_kind_and_place_and_never_by_its_message(logs: io.StringIO) -> None:
    try:
        raise ValueError("王小明 13900001234")
    except ValueError:
        logging.getLogger("some.library").exception("failed")
    (line,) = lines(logs)
    assert line["error"] == "ValueError"
    assert "13900001234" not in json.dumps(line, ensure_ascii=False)


def test_no_line_of_a_reports_way_names_a_person(searchable: City, logs: io.StringIO) -> None:
    trace.current.set(GIVEN)
    searchable.take("AG-BJ", lead_data(1))
    trace.current.set(None)
    searchable.pump()
    written = logs.getvalue()
    assert "documents written" in written
    for person in lead_data(1)["contacts"]:
        assert not [value for value in person.values() if str(value) in written]
