"""The chain graph of a pack and how a park stands to a node: 集聚, 强链, 延链, 补链, the same industry or a near one.

Fits are worked out once for every node and the parks it has to do with; the sentence that says why is made when somebody
reads it. Called by `crm/domain/park_ranking.py`.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from crm.domain.match_weights import Standing, Weights
from crm.domain.reference import ChainNode, Park, ReferencePack

SUPPLIES, SUPPLIED, COMPLEMENTS = "强链：为园区内“{}”供货", "延链：承接园区内“{}”的产出", "互补：与园区内“{}”配套"


class ChainGraph:
    """Relations between every node and the parks that have to do with it. A park's nodes are those it is meant for and
    those of the projects that landed there."""

    def __init__(self, pack: ReferencePack, weights: Weights, standing: Standing) -> None:
        self._pack = pack
        self._weights = weights
        self._customers: dict[str, list[str]] = defaultdict(list)
        self._suppliers: dict[str, list[str]] = defaultdict(list)
        self._complements: dict[str, list[str]] = defaultdict(list)
        self._read_links()
        self._inside = {p.code: frozenset(p.nodes) | standing.residents.get(p.code, frozenset()) for p in self._open()}
        self._having: dict[str, list[str]] = defaultdict(list)
        self._of_industry: dict[str, list[str]] = defaultdict(list)
        for park in self._open():
            for code in self._inside[park.code]:
                self._having[code].append(park.code)
            for industry in park.industries:
                self._of_industry[industry].append(park.code)
        self._told: dict[tuple[str, str], str] = {}
        self._near = {code: self._near_industry(code) for code in pack.industries}
        self.fits: Mapping[str, Mapping[str, float]] = {
            code: dict(self._fits_of(node)) for code, node in pack.nodes.items()
        }
        """Node code → code of each park that has to do with it → fit, 0–1 and a little more."""

    def reason(self, node_code: str, park_code: str) -> str:
        """Why the park has the fit it has: a sentence a dispatcher would say."""
        told = self._told.get((node_code, park_code))
        if told is None:
            told = self._told[node_code, park_code] = self._reason(node_code, park_code)
        return told

    def _reason(self, node_code: str, park_code: str) -> str:
        node, park = self._pack.nodes[node_code], self._pack.parks[park_code]
        if node.code in park.nodes:
            return f"同环节集聚：园区主攻“{node.name}”"
        if node.code in self._inside[park_code]:
            return f"同环节集聚：园区已有“{node.name}”项目落地"
        linked = self._linked(node, park)
        if linked is not None:
            return f"补链：园区缺“{node.name}”，{linked}" if node.industry in park.industries else linked
        if node.industry in park.industries:
            return f"同属{self._pack.industries[node.industry].name}产业"
        return f"相近产业：{self._pack.industries[self._near[node.industry] or node.industry].name}"

    def has_park(self, industry: str) -> bool:
        """Whether any park that accepts projects is meant for the industry."""
        return bool(self._of_industry[industry])

    def _open(self) -> Iterator[Park]:
        return (park for park in self._pack.parks.values() if park.accepts_projects)

    def _read_links(self) -> None:
        for link in sorted(self._pack.links, key=lambda link: (link.source, link.target)):
            if link.relation == "supplies":
                self._customers[link.source].append(link.target)
                self._suppliers[link.target].append(link.source)
            else:
                self._complements[link.source].append(link.target)
                self._complements[link.target].append(link.source)

    def _fits_of(self, node: ChainNode) -> Iterator[tuple[str, float]]:
        weights, same = self._weights, frozenset(self._having[node.code])
        linked = {park for other in self._neighbours(node.code) for park in self._having[other]}
        family = self._of_industry[node.industry]
        near = self._near[node.industry]
        related = same.union(linked, family, self._of_industry[near] if near else ())
        for code in related:
            park = self._pack.parks[code]
            akin = node.industry in park.industries
            focus = weights.focus / max(1, len(park.industries)) if akin else 0.0
            if code in same:
                yield code, weights.same_node + focus
            elif code in linked:
                yield code, (weights.fills_hole + focus if akin else weights.linked)
            elif akin:
                yield code, weights.same_industry + focus - (weights.elsewhere if same else 0.0)
            else:
                yield code, weights.near_industry

    def _neighbours(self, node: str) -> Iterator[str]:
        for links in (self._customers, self._suppliers, self._complements):
            yield from links[node]

    def _near_industry(self, industry: str) -> str | None:
        """Where an industry without a park of its own falls back to: the one its chain is tied to most."""
        if self.has_park(industry):
            return None
        ties: Counter[str] = Counter()
        for link in self._pack.links:
            ends = [self._pack.nodes[code].industry for code in (link.source, link.target)]
            if industry in ends:
                ties.update(code for code in ends if code != industry)
        return min(ties, key=lambda code: (-ties[code], code), default=None)

    def _linked(self, node: ChainNode, park: Park) -> str | None:
        for links, words in (
            (self._customers, SUPPLIES),
            (self._suppliers, SUPPLIED),
            (self._complements, COMPLEMENTS),
        ):
            names = self._names(code for code in links[node.code] if code in self._inside[park.code])
            if names:
                return words.format(names)
        return None

    def _names(self, codes: Iterable[str]) -> str:
        return "、".join(self._pack.nodes[code].name for code in islice(codes, 2))
