"""Cities for integration tests: each test its own, copied from one template.

Every test runs on SQLite, and on PostgreSQL where there is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories.cities import City, CityMaker, CityTemplate
from tests.servers import server_url


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def template(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[CityTemplate]:
    server = server_url("postgresql") if request.param == "postgresql" else None
    made = CityTemplate(tmp_path_factory.mktemp("template"), server)
    yield made
    made.close()


@pytest.fixture
def make_city(template: CityTemplate, tmp_path: Path) -> Iterator[CityMaker]:
    """Makes cities, each in a folder of its own, and closes them."""
    opened: list[City] = []

    def make(name: str = "city", **options: Any) -> City:
        opened.append(template.city(tmp_path / name, **options))
        return opened[-1]

    yield make
    for city in opened:
        city.close()
        template.erase(city.tools.settings.data_dir)


@pytest.fixture
def city(make_city: CityMaker) -> City:
    return make_city()


@pytest.fixture
def searchable(make_city: CityMaker) -> City:
    """A city whose index is kept up to date too."""
    return make_city("searchable", indexed=True)
