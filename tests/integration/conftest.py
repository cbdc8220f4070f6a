"""Cities for integration tests: each test its own, copied from one template."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.factories.cities import City, CityMaker, CityTemplate


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CityTemplate]:
    made = CityTemplate(tmp_path_factory.mktemp("template"))
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


@pytest.fixture
def city(make_city: CityMaker) -> City:
    return make_city()


@pytest.fixture
def searchable(make_city: CityMaker) -> City:
    """A city whose index is kept up to date too."""
    return make_city("searchable", indexed=True)
