"""The map of an industry's chain: where something stands, where it is thin, where nothing is. Called by the chain's pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crm.domain.reference import ChainNode, ReferencePack

POSITIONS = ("上游", "中游", "下游", "配套")
THIN = 1  # landed projects: with one the chain hangs on it


class Standing(StrEnum):
    """How a node of the chain stands in the city."""

    HOLE = "hole"  # nothing landed, nobody talks
    COMING = "coming"  # nothing landed yet
    THIN = "thin"
    FIRM = "firm"


STANDINGS = {Standing.HOLE: "空白", Standing.COMING: "在引进", Standing.THIN: "薄弱", Standing.FIRM: "有基础"}


@dataclass(frozen=True, slots=True)
class Place:
    """A node with what stands there: projects landed and on their way (by first node), parks meant for it."""

    node: ChainNode
    landed: int
    talking: int
    parks: tuple[str, ...]

    @property
    def standing(self) -> Standing:
        if self.landed > THIN:
            return Standing.FIRM
        if self.landed:
            return Standing.THIN
        return Standing.COMING if self.talking else Standing.HOLE


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Codes of the nodes a node is linked to."""

    suppliers: tuple[str, ...]
    customers: tuple[str, ...]
    complements: tuple[str, ...]


def places(pack: ReferencePack, counts: Mapping[str, tuple[int, int]]) -> dict[str, list[Place]]:
    """Industry code → its nodes in the pack's order. `counts`: node → (landed, talking)."""
    parks: dict[str, list[str]] = {}
    for park in pack.parks.values():
        for code in park.nodes if park.accepts_projects else ():
            parks.setdefault(code, []).append(park.code)
    found: dict[str, list[Place]] = {code: [] for code in pack.industries}
    for node in pack.nodes.values():
        landed, talking = counts.get(node.code, (0, 0))
        found.setdefault(node.industry, []).append(Place(node, landed, talking, tuple(parks.get(node.code, ()))))
    return found


def by_position(some: Iterable[Place]) -> list[tuple[str, Sequence[Place]]]:
    """Upstream, midstream, downstream, services: each with its places, empty ones left out."""
    rows = list(some)
    columns = [(position, [place for place in rows if place.node.position == position]) for position in POSITIONS]
    return [(position, column) for position, column in columns if column]


def neighbours(pack: ReferencePack, code: str) -> Neighbours:
    suppliers = [link.source for link in pack.links if link.target == code and link.relation == "supplies"]
    customers = [link.target for link in pack.links if link.source == code and link.relation == "supplies"]
    complements = [
        link.target if link.source == code else link.source
        for link in pack.links
        if link.relation == "complements" and code in (link.source, link.target)
    ]
    return Neighbours(tuple(suppliers), tuple(customers), tuple(complements))
