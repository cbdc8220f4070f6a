"""Ids and receipt numbers: unique, and sorted like what they number."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crm.services.ids import ALPHABET, base32, code_name, new_id, receipt_number, topic_receipt_number

moments = st.integers(0, 10**15).map(lambda micros: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros))
places = st.integers(0, 999)  # a batch is at most 1,000 reports


@given(moments, places, moments, places)
def test_receipt_numbers_sort_by_time_then_by_place_in_the_batch(
    first: datetime, i: int, second: datetime, j: int
) -> None:
    if (first, i) == (second, j):
        return
    assert (receipt_number(first, i) < receipt_number(second, j)) is ((first, i) < (second, j))


def test_receipts_a_microsecond_apart_differ() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    assert receipt_number(now, 0) < receipt_number(now + timedelta(microseconds=1), 0)


def test_a_batch_of_any_size_gives_numbers_that_differ_and_sort() -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    numbers = [receipt_number(now, index) for index in range(5000)]
    assert len(set(numbers)) == 5000
    assert numbers == sorted(numbers)


@given(st.integers(0, 63), st.integers(0, 2**39), st.integers(0, 63), st.integers(0, 2**39))
def test_numbers_from_the_log_sort_by_partition_then_offset(p: int, n: int, q: int, m: int) -> None:
    numbers = [topic_receipt_number("leads.submitted", *place) for place in ((p, n), (q, m))]
    assert (numbers[0] < numbers[1]) is ((p, n) < (q, m))


def test_a_number_from_the_log_is_the_same_each_time_and_tells_feeds_apart() -> None:
    number = topic_receipt_number("leads.submitted.from.AG-SH", 1, 2)
    assert number == topic_receipt_number("leads.submitted.from.AG-SH", 1, 2)
    others = {topic_receipt_number("leads.submitted.from.AG-BJ", 1, 2), topic_receipt_number("leads.submitted", 1, 2)}
    assert number not in others


@given(st.integers(0, 32**6 - 1), st.integers(0, 32**6 - 1))
def test_base32_sorts_like_the_number(a: int, b: int) -> None:
    assert (base32(a, 6) < base32(b, 6)) is (a < b)


def test_letters_one_could_misread_are_left_out() -> None:
    assert not set("ILOU") & set(ALPHABET)


def test_new_ids_are_unique_and_rise() -> None:
    ids = [new_id() for _ in range(2000)]
    assert len(set(ids)) == 2000
    assert ids == sorted(ids)


def test_a_code_name_is_the_projects_own_and_says_nothing_else() -> None:
    ids = [new_id() for _ in range(500)]
    assert len({code_name(id_) for id_ in ids}) == 500
    assert code_name(ids[0]) == code_name(ids[0])
    assert ids[0][:8] not in code_name(ids[0]).lower()
