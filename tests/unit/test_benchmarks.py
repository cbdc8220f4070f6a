"""What the benchmarks measure with: reports that are what they claim to be, spreads that read rightly."""

from __future__ import annotations

from collections import Counter

import orjson
import pytest

from benchmarks.measuring import Stage, Watch, compare, percentiles_of, spread
from benchmarks.synthetic import Reports, brand, credit_code
from crm.config import Settings
from crm.domain.reference import ReferencePack
from crm.reference.loader import load_pack
from schemas.credit_codes import credit_code_check_digit


@pytest.fixture(scope="module")
def pack() -> ReferencePack:
    return load_pack(Settings().reference_dir)


@pytest.fixture(scope="module")
def events(pack: ReferencePack) -> list[dict[str, dict[str, dict[str, str]]]]:
    return [orjson.loads(record.value) for record in Reports(pack).records(2000)]


def test_a_fifth_of_the_reports_is_about_an_enterprise_reported_before(
    events: list[dict[str, dict[str, object]]],
) -> None:
    reported = [event for event in events if event["type"] == "lead.submitted.v1"]
    names = Counter(event["data"]["enterprise"]["name"] for event in reported)  # type: ignore[index]
    assert 0.18 < 1 - len(names) / len(reported) < 0.22


def test_two_in_a_hundred_correct_an_earlier_report_of_the_same_organisation(events: list[dict[str, object]]) -> None:
    seen = set()
    corrections = 0
    for event in events:
        place = event["source"], event["data"]["source_ref"]  # type: ignore[index]
        if event["type"] == "lead.amended.v1":
            corrections += 1
            assert place in seen
        seen.add(place)
    assert corrections == pytest.approx(40, abs=3)


def test_a_correction_has_the_key_of_the_report_it_corrects(pack: ReferencePack) -> None:
    keys = Counter(record.key for record in Reports(pack).records(1000))
    assert sum(count - 1 for count in keys.values()) == pytest.approx(20, abs=3)


def test_the_same_seed_makes_the_same_reports(pack: ReferencePack) -> None:
    first, second = (list(Reports(pack).records(50)) for _ in range(2))
    assert first == second


def test_no_two_of_many_enterprises_share_a_brand() -> None:
    assert len({brand(number) for number in range(200_000)}) == 200_000


def test_credit_codes_are_sound() -> None:
    code = credit_code(123)
    assert code[-1] == credit_code_check_digit(code[:-1])


def test_a_stage_notes_memory_once_a_quarter() -> None:
    stage = Stage(100, Watch(seconds=2.0))
    for _ in range(10):
        stage.add(10)
    assert (len(stage.memory), stage.batches, stage.rate) == (4, 10, 50)


def test_a_watch_adds_up() -> None:
    assert (Watch(1.0, 0.5) + Watch(2.0, 0.25)) == Watch(3.0, 0.75)


def test_a_spread_is_least_median_and_most() -> None:
    assert spread([3.0, 1.0, 2.0]) == "1 / 2 / 3"


def test_one_run_has_no_spread() -> None:
    assert spread([0.456], 2) == "0.46"


def test_a_ratio_is_taken_within_each_run() -> None:
    assert compare([10.0, 40.0], [20.0, 40.0]).endswith("比 0.50 / 0.75 / 1.00")


def test_percentiles_are_in_milliseconds() -> None:
    assert percentiles_of([n / 1000 for n in range(100)]) == (50.0, 95.0)
