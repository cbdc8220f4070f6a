"""The chain graph of a pack and how a park stands to a proposed node: 集聚, 强链, 延链, 补链 or the same industry.

Compiled once from `ReferencePack.links`. Called by `crm/domain/matching.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from crm.domain.reference import ChainNode, Park, ReferencePack

SAME_NODE, FILLS_HOLE, LINKED, SAME_INDUSTRY, NEAR_INDUSTRY = 1.0, 0.62, 0.5, 0.4, 0.3
FOCUS_BONUS = 0.06  # 一园一品: a park of one industry is meant for it


@dataclass(frozen=True, slots=True)
class Relation:
    """How well a park suits one node, 0–1, and the sentence that says why."""

    fit: float
    reason: str


class ChainGraph:
    """Relations between every park and every node, worked out once."""

    def __init__(self, pack: ReferencePack) -> None:
        self._pack = pack
        self._suppliers: dict[str, list[str]] = {}
        self._customers: dict[str, list[str]] = {}
        self._complements: dict[str, list[str]] = {}
        for link in sorted(pack.links, key=lambda link: (link.source, link.target)):
            if link.relation == "supplies":
                self._customers.setdefault(link.source, []).append(link.target)
                self._suppliers.setdefault(link.target, []).append(link.source)
            else:
                self._complements.setdefault(link.source, []).append(link.target)
                self._complements.setdefault(link.target, []).append(link.source)
        self._near = {code: self._near_industry(code) for code in pack.industries}
        self.relations: dict[str, dict[str, Relation]] = {
            code: self._parks_of(node) for code, node in pack.nodes.items()
        }

    def _parks_of(self, node: ChainNode) -> dict[str, Relation]:
        found = {}
        for park in self._pack.parks.values():
            relation = self._relation(node, park)
            if relation is not None:
                found[park.code] = relation
        return found

    def _relation(self, node: ChainNode, park: Park) -> Relation | None:
        focus = FOCUS_BONUS / max(1, len(park.industries)) if node.industry in park.industries else 0.0
        if node.code in park.nodes:
            return Relation(SAME_NODE + focus, f"同环节集聚：园区主攻“{node.name}”")
        linked = self._linked(node, park)
        if linked is not None and node.industry in park.industries:
            return Relation(FILLS_HOLE + focus, f"补链：园区缺“{node.name}”，{linked}")
        if linked is not None:
            return Relation(LINKED, linked)
        if node.industry in park.industries:
            return Relation(SAME_INDUSTRY + focus, f"同属{self._pack.industries[node.industry].name}产业")
        near = self._near[node.industry]
        if near in park.industries:
            return Relation(NEAR_INDUSTRY, f"相近产业：{self._pack.industries[near].name}")
        return None

    def _near_industry(self, industry: str) -> str | None:
        """Where an industry without a park of its own falls back to: the one its chain is tied to most."""
        if any(industry in park.industries and park.accepts_projects for park in self._pack.parks.values()):
            return None
        ties: Counter[str] = Counter()
        for link in self._pack.links:
            ends = [self._pack.nodes[code].industry for code in (link.source, link.target)]
            if industry in ends:
                ties.update(code for code in ends if code != industry)
        return min(ties, key=lambda code: (-ties[code], code), default=None)

    def _linked(self, node: ChainNode, park: Park) -> str | None:
        inside = frozenset(park.nodes)
        for neighbours, words in (
            (self._customers, "强链：为园区内“{}”供货"),
            (self._suppliers, "延链：承接园区内“{}”的产出"),
            (self._complements, "互补：与园区内“{}”配套"),
        ):
            names = self._names(n for n in neighbours.get(node.code, ()) if n in inside)
            if names:
                return words.format(names)
        return None

    def _names(self, codes: Iterable[str]) -> str:
        return "、".join(self._pack.nodes[code].name for code in islice(codes, 2))
