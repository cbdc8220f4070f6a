"""The map of a chain: standings of its nodes, columns, neighbours."""

from __future__ import annotations

import pytest

from crm.domain.chain_map import Standing, by_position, neighbours, places
from tests.factories.packs import small_pack

PACK = small_pack()


@pytest.mark.parametrize(
    ("landed", "talking", "standing"),
    [(0, 0, Standing.HOLE), (0, 3, Standing.COMING), (1, 9, Standing.THIN), (2, 0, Standing.FIRM)],
)
def test_a_node_stands_by_what_landed_and_who_talks(landed: int, talking: int, standing: Standing) -> None:
    (board, *_) = places(PACK, {"A01": (landed, talking)})["AA"]
    assert (board.node.code, board.standing) == ("A01", standing)


def test_every_node_has_its_place() -> None:
    assert sum(len(some) for some in places(PACK, {}).values()) == len(PACK.nodes)


def test_a_park_that_takes_no_projects_is_no_place_for_a_node() -> None:
    (board, *_) = places(PACK, {})["AA"]
    assert "P5" not in board.parks
    assert "P1" in board.parks


def test_columns_go_from_upstream_to_services() -> None:
    assert [position for position, _ in by_position(places(PACK, {})["BB"])] == ["上游", "下游"]


def test_neighbours_are_told_apart() -> None:
    link = PACK.links[0]
    assert link.target in neighbours(PACK, link.source).customers
    assert link.source in neighbours(PACK, link.target).suppliers
