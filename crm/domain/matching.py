"""Which chain nodes, parks and districts suit a report, and why (product.md, Matching).

A `Matcher` is compiled once from a reference pack and the carriers known, then answers each report from its text
and needs alone: no clock, no chance, so the same input gives the same answer. Called by intake and `crm match`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from functools import partial

from crm.domain.clauses import fold_text
from crm.domain.district_ranking import rank_districts
from crm.domain.evidence import Evidence, EvidenceFinder, Proof
from crm.domain.match_input import MatchInput
from crm.domain.match_result import MatchResult, Scored
from crm.domain.match_weights import NOTHING_KNOWN, Standing, Weights
from crm.domain.park_ranking import ParkRanking, Ranked
from crm.domain.parks import Carrier, Finding
from crm.domain.reference import ReferencePack
from crm.domain.suitability import decide
from crm.domain.vocabulary import FinderMaker, Sounds, plain_finder, saturate

RULES_VERSION = "matching-2"
MOST_NODES, MOST_WORDS = 8, 8
LEAST_NODE = 0.25  # of the strongest node's proof
INDUSTRY_SHARES = (1.0, 0.35, 0.2, 0.1)


def _scored(code: str, proof: Proof) -> Scored:
    words = proof.best(MOST_WORDS)
    return Scored(code, saturate(proof.strength), (f"提到{'、'.join(words[:3])}",), words)


class Matcher:
    """Matching over one pack. `fold` makes one spelling of a text (width, case, traditional to simplified)."""

    def __init__(
        self,
        pack: ReferencePack,
        carriers: Iterable[Carrier] = (),
        standing: Standing = NOTHING_KNOWN,
        fold: Callable[[str], str] = fold_text,
        make_finder: FinderMaker = plain_finder,
        sounds: Sounds | None = None,
    ) -> None:
        self.pack = pack
        self._evidence = EvidenceFinder(pack, fold, make_finder, sounds)
        self._parks = ParkRanking(pack, carriers, Weights(**pack.weights), standing)

    def at(self, carriers: Iterable[Carrier], standing: Standing) -> Matcher:
        """The same reading with what is known of parks and districts now: words are not compiled again."""
        later = copy(self)
        later._parks = ParkRanking(self.pack, carriers, Weights(**self.pack.weights), standing)
        return later

    def match(self, given: MatchInput) -> MatchResult:
        evidence = self._evidence.read(given)
        verdict = decide(evidence, bool(given.chain_nodes))
        notes = [verdict.note] if verdict.note else []
        if not verdict.suitable:
            why = verdict.note or "不属本市产业链"
            return MatchResult(False, notes=tuple(notes), explain=partial(self._parks.refuse_all, why))
        nodes = self._nodes(evidence)
        industries = self._industries(evidence)
        ranked = self._parks.rank(given, nodes)
        notes.extend(self._notes(industries, ranked))
        return MatchResult(
            suitable=True,
            unsure=verdict.unsure,
            question=verdict.question,
            industries=industries,
            nodes=nodes,
            parks=ranked.parks,
            districts=rank_districts(given, ranked, self.pack),
            broken=ranked.broken,
            notes=tuple(notes),
            explain=partial(self._parks.explain, given, nodes, ranked),
        )

    def judge(self, given: MatchInput, park: str) -> tuple[Finding, ...]:
        """Every constraint the report sets, against one park: met, broken or unknown."""
        return self._parks.judge(given, park)

    def _nodes(self, evidence: Evidence) -> tuple[Scored, ...]:
        ranked = sorted(evidence.nodes.items(), key=lambda item: (-item[1].strength, item[0]))[:MOST_NODES]
        least = ranked[0][1].strength * LEAST_NODE if ranked else 0.0
        return tuple(_scored(code, proof) for code, proof in ranked if proof.strength >= least)

    def _industries(self, evidence: Evidence) -> tuple[Scored, ...]:
        """An industry is as strong as its strongest nodes together, each further one counting less."""
        strengths: dict[str, list[float]] = {}
        for code, proof in evidence.nodes.items():
            strengths.setdefault(self.pack.nodes[code].industry, []).append(proof.strength)
        total = {
            industry: sum(s * share for s, share in zip(sorted(values, reverse=True), INDUSTRY_SHARES, strict=False))
            for industry, values in strengths.items()
        }
        ranked = sorted(total.items(), key=lambda item: (-item[1], item[0]))
        least = ranked[0][1] * 0.2 if ranked else 0.0
        return tuple(Scored(code, saturate(value)) for code, value in ranked[:6] if value >= least)

    def _notes(self, industries: Sequence[Scored], ranked: Ranked) -> Iterable[str]:
        if not industries:
            return
        top = industries[0].code
        name = self.pack.industries[top].name
        if not self._parks.has_park(top):
            near = "、".join(park.name for park in ranked.parks[:2])
            yield f"{name}暂无专门园区，" + (f"退到相近产业：{near}" if near else "可落园区外载体")
        elif not ranked.parks:
            yield "没有合适园区，可落园区外载体或用地"
        if not ranked.parks and ranked.near:
            yield f"最接近的是{ranked.near[0].park.name}：{ranked.near[0].broken}"
