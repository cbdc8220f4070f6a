"""What holds for every test: property tests draw the same examples in every run and are not timed; the long ones go first."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Outages first: they wait more than they work, and what works fills the time."""
    items.sort(key=lambda item: "/outages/" not in item.path.as_posix())
