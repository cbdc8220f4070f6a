"""Dead letters: looked at, mended, replayed once; the receipt stays, nothing loops."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest

from crm.bus.port import Record
from crm.domain.errors import Conflict, Invalid, NotFound
from crm.services import dead_letters
from crm.services.submission import Incoming, submit
from crm.store.unit_of_work import unit_of_work
from schemas.topics import LEADS_DEAD, LEADS_SUBMITTED
from tests.factories.actors import CLI
from tests.factories.cities import City, published
from tests.factories.leads import cloud_event, lead_data

WITHOUT_NAME = {"source_ref": "R-1", "project": {"investment": 8000}}


def refuse(city: City, value: bytes | None = None) -> str:
    """Have a record refused; the letter's id."""
    city.bus.publish([Record(LEADS_SUBMITTED, "k", value or cloud_event("AG-BJ", "e1", WITHOUT_NAME))])
    city.pump()
    return str(city.one("dead_letters")["id"])


def mend_and_replay(city: City, letter: str, data: object) -> None:
    dead_letters.mend(city.tools, letter, orjson.dumps(data))
    dead_letters.replay(city.tools, letter)
    city.pump()


def state(city: City) -> tuple[str, int]:
    letter = city.one("dead_letters")
    return letter["state"], letter["attempts"]


def test_the_list_says_what_is_wrong_without_the_content(city: City) -> None:
    letter = refuse(city)
    (line,) = dead_letters.list_letters(city.tools)
    assert (line["id"], line["field"], line["state"]) == (letter, "enterprise.name", "open")
    assert "value" not in line


def test_show_gives_the_content(city: City) -> None:
    shown = dead_letters.show(city.tools, refuse(city))
    assert orjson.loads(shown["value"])["data"] == WITHOUT_NAME
    assert shown["mended_value"] is None


def test_bytes_that_are_no_text_can_be_shown(city: City) -> None:
    assert dead_letters.show(city.tools, refuse(city, b"\xff\x00"))["value"]


@pytest.mark.parametrize("call", [dead_letters.show, dead_letters.replay])
def test_an_unknown_letter_is_not_found(city: City, call: object) -> None:
    with pytest.raises(NotFound):
        call(city.tools, "nothing")  # type: ignore[operator]


def test_a_mended_record_goes_through_with_the_receipt_of_the_original(city: City) -> None:
    original = published(city, [LEADS_SUBMITTED])
    letter = refuse(city)
    (original,) = published(city, [LEADS_SUBMITTED])
    city.clock.move(timedelta(days=2))
    mend_and_replay(city, letter, lead_data(1, source_ref="R-1"))
    lead = city.one("leads")
    assert lead["received_at"] == original["appended_at"]
    assert lead["receipt_no"] == f"K-{original['partition']:02d}-{original['offset']:08d}"
    assert state(city) == ("settled", 1)
    assert dead_letters.list_letters(city.tools) == []
    assert len(dead_letters.list_letters(city.tools, everything=True)) == 1


def test_a_whole_mended_event_is_taken_too(city: City) -> None:
    letter = refuse(city, b"not json")
    dead_letters.mend(city.tools, letter, cloud_event("AG-BJ", "e1", lead_data(1)))
    dead_letters.replay(city.tools, letter)
    city.pump()
    assert city.count("leads") == 1


def test_bare_data_needs_an_envelope_to_go_into(city: City) -> None:
    letter = refuse(city, b"not json")
    with pytest.raises(Invalid):
        dead_letters.mend(city.tools, letter, orjson.dumps(lead_data(1)))


@pytest.mark.parametrize("value", [b"no json", b'{"specversion": "0.3"}', b"[]"])
def test_what_is_no_event_cannot_be_put_in_its_place(city: City, value: bytes) -> None:
    letter = refuse(city)
    with pytest.raises(Invalid):
        dead_letters.mend(city.tools, letter, value)
    assert state(city) == ("open", 1)


def test_a_replay_that_fails_again_is_open_again_with_the_new_reason_and_does_not_loop(city: City) -> None:
    letter = refuse(city)
    mend_and_replay(city, letter, lead_data(1, source_ref="R-1", project={"preferred_districts": ["XX"]}))
    assert state(city) == ("open", 2)
    assert city.one("dead_letters")["field"] == "project.preferred_districts"
    sent = len(published(city, [LEADS_SUBMITTED]))
    city.pump()
    assert len(published(city, [LEADS_SUBMITTED])) == sent
    assert len(published(city, [LEADS_DEAD])) == 1


def test_after_two_failures_a_third_mending_still_helps(city: City) -> None:
    letter = refuse(city)
    dead_letters.replay(city.tools, letter)
    city.pump()
    assert state(city) == ("open", 2)
    mend_and_replay(city, letter, lead_data(1, source_ref="R-1"))
    assert state(city) == ("settled", 2)
    assert city.count("leads") == 1


def test_a_letter_under_way_or_settled_cannot_be_replayed_or_mended(city: City) -> None:
    letter = refuse(city)
    dead_letters.mend(city.tools, letter, orjson.dumps(lead_data(1, source_ref="R-1")))
    dead_letters.replay(city.tools, letter)
    for _ in range(2):
        with pytest.raises(Conflict):
            dead_letters.replay(city.tools, letter)
        with pytest.raises(Conflict):
            dead_letters.mend(city.tools, letter, b"{}")
        city.pump()


def test_a_conflict_resolved_by_an_amendment_keeps_the_first_receipt(city: City) -> None:
    receipt = city.take("AG-BJ", lead_data(1))
    city.pump()
    city.bus.publish([Record(LEADS_SUBMITTED, "k", cloud_event("AG-BJ", "x", lead_data(1, project={"jobs": 9})))])
    city.pump()
    letter = str(city.one("dead_letters")["id"])
    event = cloud_event("AG-BJ", "x", lead_data(1, project={"jobs": 9}), type="lead.amended.v1")
    dead_letters.mend(city.tools, letter, event)
    dead_letters.replay(city.tools, letter)
    city.pump()
    lead = city.one("leads")
    assert (lead["receipt_no"], lead["version"], lead["data"]["project"]["jobs"]) == (receipt.receipt_no, 2, 9)
    assert state(city)[0] == "settled"


def test_a_replay_of_what_was_processed_meanwhile_settles_without_a_second_effect(city: City) -> None:
    letter = refuse(city)
    whole = lead_data(1, source_ref="R-1")
    city.bus.publish([Record(LEADS_SUBMITTED, "k", cloud_event("AG-BJ", "e1", whole))])
    city.pump()
    mend_and_replay(city, letter, whole)
    assert state(city)[0] == "settled"
    assert city.count("history", aggregate="lead") == 1


def test_a_refused_submission_shows_on_its_receipt_and_recovers(city: City) -> None:
    """Its organisation was closed between the receipt and the processing."""
    from sqlalchemy import text

    receipt = submit(city.tools, CLI, Incoming("AG-BJ", lead_data(1)), "api")
    with city.tools.database.write() as session:
        session.execute(text("UPDATE organisations SET active = false WHERE code = 'AG-BJ'"))
    city.pump()
    assert city.one("receipts")["state"] == "refused"
    letter = city.one("dead_letters")
    assert (letter["receipt_no"], letter["field"]) == (receipt.receipt_no, "source")
    with city.tools.database.write() as session:
        session.execute(text("UPDATE organisations SET active = true WHERE code = 'AG-BJ'"))
    dead_letters.replay(city.tools, str(letter["id"]))
    city.pump()
    assert (city.one("receipts")["state"], city.one("leads")["receipt_no"]) == ("processed", receipt.receipt_no)


def test_letters_are_erased_after_thirty_days(city: City) -> None:
    refuse(city)
    city.clock.move(timedelta(days=29))
    with unit_of_work(city.tools.database, city.clock) as unit:
        assert dead_letters.erase_old(unit) == 0
    city.clock.move(timedelta(days=2))
    with unit_of_work(city.tools.database, city.clock) as unit:
        assert dead_letters.erase_old(unit) == 1
