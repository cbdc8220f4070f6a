"""Request parameters become a query, or an error that names the parameter."""

from __future__ import annotations

import pytest

from search.clauses import Prefix
from search.index import SearchQuery, SearchQueryInvalid
from search.plan import plan
from search.query import FACETS, read_query

ACCESS = ("district:KHTD",)


def test_every_parameter_of_the_interface_is_read() -> None:
    query = read_query(
        {
            "q": " 鹭汀 ",
            "type": "enterprise,project",
            "industry": "IT",
            "node": ["IT06", "IT07"],
            "park": "P001",
            "district": "KHTD",
            "stage": "signed",
            "light": "red",
            "source": "AG-SH",
            "sort": "-updated_at",
            "cursor": "abc",
            "page_size": "50",
        },
        ACCESS,
    )
    assert (query.text, query.types, query.sort, query.cursor, query.size) == (
        "鹭汀",
        ("enterprise", "project"),
        "-updated_at",
        "abc",
        50,
    )
    assert query.filters == {
        "industries": ("IT",),
        "nodes": ("IT06", "IT07"),
        "park": ("P001",),
        "district": ("KHTD",),
        "stage": ("signed",),
        "light": ("red",),
        "sources": ("AG-SH",),
    }


def test_access_comes_from_the_caller_alone() -> None:
    assert read_query({}, ACCESS).access == ACCESS
    with pytest.raises(SearchQueryInvalid, match="access"):
        read_query({"access": "bureau"}, ACCESS)


def test_nothing_asked_is_everything_by_relevance_with_all_facets() -> None:
    query = read_query({}, ACCESS)
    assert (query.text, query.types, query.filters, query.sort, query.size, query.cursor) == (
        "",
        (),
        {},
        "relevance",
        20,
        None,
    )
    assert query.facets == FACETS


def test_blank_values_are_no_filters() -> None:
    assert read_query({"stage": "", "light": [" ", ","], "type": ""}, ACCESS).filters == {}


def test_size_is_another_word_for_page_size() -> None:
    assert read_query({"size": "7"}, ACCESS).size == 7


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"q": "长" * 201}, "q"),
        ({"q": ["a", "b"]}, "q"),
        ({"type": "person"}, "type"),
        ({"sort": "colour"}, "sort"),
        ({"sort": "--name"}, "sort"),
        ({"page_size": "0"}, "page_size"),
        ({"page_size": "-1"}, "page_size"),
        ({"page_size": "201"}, "page_size"),
        ({"page_size": "many"}, "page_size"),
        ({"page_size": "²"}, "page_size"),
        ({"size": "9" * 5000}, "size"),
        ({"colour": "red"}, "colour"),
        ({"node": ",".join(f"N{i}" for i in range(51))}, "node"),
    ],
)
def test_a_wrong_parameter_is_named(parameters: dict[str, str | list[str]], field: str) -> None:
    with pytest.raises(SearchQueryInvalid, match=f"^{field}："):
        read_query(parameters, ACCESS)


@pytest.mark.parametrize(("text", "tried"), [("lt", False), ("co", False), ("ltgd", True), ("micro", True)])
def test_the_beginning_of_a_company_form_is_no_word_of_a_name(text: str, tried: bool) -> None:
    bands = plan(SearchQuery(text=text, access=("public",))).rungs
    assert any(band.clause == Prefix("names", text) for band in bands) is tried
