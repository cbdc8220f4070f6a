"""Counts beside a list are for choosing a filter: beyond a thousand nobody reads them, and the page must not wait for them."""

from __future__ import annotations

import pytest

from crm.store.queries import projects
from crm.store.queries.scope import scope_of
from tests.factories import actors
from tests.factories.cities import City
from tests.factories.leads import lead_data


def test_counting_stops_where_nobody_reads_on(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projects, "MOST_COUNTED", 2)
    for number in range(1, 4):
        city.project("AG-BJ", lead_data(number))
    with city.tools.database.read() as session:
        counts = projects.counts_by_stage(session, scope_of(session, actors.dispatcher("user:counting")))
    assert counts == {"reported": 2}
