"""The checker finds what it is there to find: each thing that must not happen is made to happen to a city in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from crm.bus.port import Record
from schemas.topics import LEADS_SUBMITTED
from tests.factories.cities import CityTemplate
from tests.factories.leads import cloud_event, lead_data, named
from tests.outages.checker import Sent, verify

BROKEN = b"{broken"


class Checked:
    """A city that took five reports and refused a record, and what was sent to it."""

    def __init__(self, template: CityTemplate, folder: Path) -> None:
        self.city = template.city(folder / "city", indexed=True)
        self.empty = [template.city(folder / use) for use in ("replayed", "ordered")]
        self.sent = Sent()
        for number in (1, 2, 3):
            receipt = self.city.take("AG-BJ", lead_data(number))
            self.sent.receipts[receipt.receipt_no] = ("AG-BJ", receipt.source_ref)
        for number in (4, 5):
            data = named(number - 3, source_ref=f"again-{number}", with_code=False)
            value = cloud_event("AG-SH", f"e{number}", data)
            self.city.bus.publish([Record(LEADS_SUBMITTED, "k", value), Record(LEADS_SUBMITTED, "k", BROKEN)])
            self.sent.produced.add(("AG-SH", f"again-{number}"))
        self.sent.refused.add(BROKEN)
        self.city.pump()

    def findings(self) -> list[str]:
        return verify(self.city.tools, self.city.bus, self.sent, *(city.tools for city in self.empty))

    def sql(self, statement: str) -> None:
        with self.city.tools.database.write() as session:
            session.execute(text(statement))

    def close(self) -> None:
        for city in (self.city, *self.empty):
            city.close()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CityTemplate]:
    made = CityTemplate(tmp_path_factory.mktemp("template"))
    yield made
    made.close()


@pytest.fixture
def checked(template: CityTemplate, tmp_path: Path) -> Iterator[Checked]:
    made = Checked(template, tmp_path)
    yield made
    made.close()


def test_a_city_in_order_has_no_findings(checked: Checked) -> None:
    assert checked.findings() == []


def test_what_was_sent_reads_back_from_its_file(checked: Checked) -> None:
    assert Sent.read(checked.sent.lines()) == checked.sent


def forget_an_acknowledged_report(checked: Checked) -> None:
    checked.sent.receipts["D-LOST"] = ("AG-BJ", "lost")


def keep_a_lead_nobody_reported(checked: Checked) -> None:
    checked.sent.produced.pop()


def leave_a_mark(checked: Checked) -> None:
    checked.sql(
        "INSERT INTO outbox (shard, topic, key, documents, created_at) VALUES (0, 't', 'k', '[]', '2026-03-02')"
    )


def lose_a_dead_letter(checked: Checked) -> None:
    checked.sql("DELETE FROM dead_letters WHERE id = (SELECT min(id) FROM dead_letters)")


def leave_out_a_version(checked: Checked) -> None:
    checked.sql("UPDATE history SET version = 7 WHERE id = (SELECT max(id) FROM history WHERE aggregate = 'project')")


def change_a_row_past_its_history(checked: Checked) -> None:
    checked.sql("UPDATE projects SET title = 'x'")


def say_nothing_of_a_fact(checked: Checked) -> None:
    checked.sql("UPDATE bus_records SET topic = 'elsewhere' WHERE topic = 'projects.changed'")


def leave_a_document_behind(checked: Checked) -> None:
    checked.sql("UPDATE search_documents SET revision = revision + 1 WHERE type = 'project'")


def index_what_was_never_committed(checked: Checked) -> None:
    checked.sql("UPDATE search_documents SET revision = revision - 1 WHERE type = 'project'")


@pytest.mark.parametrize(
    ("harm", "finding"),
    [
        (forget_an_acknowledged_report, "report ('AG-BJ', 'lost'): 0 leads"),
        (keep_a_lead_nobody_reported, "nobody reported it"),
        (leave_a_mark, "outbox: 1 rows left"),
        (lose_a_dead_letter, "0 dead letters for 1"),
        (leave_out_a_version, "history of ('project'"),
        (change_a_row_past_its_history, "the dump is not that of the history replayed"),
        (change_a_row_past_its_history, "in the order of receipt there would not be: projects"),
        (say_nothing_of_a_fact, "not on its topic"),
        (leave_a_document_behind, "过时"),
        (index_what_was_never_committed, "which the database has not reached"),
    ],
)
def test_each_harm_is_found(checked: Checked, harm: Callable[[Checked], None], finding: str) -> None:
    harm(checked)
    found = checked.findings()
    assert any(finding in sentence for sentence in found), found
