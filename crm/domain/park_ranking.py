"""Parks and districts for the proposed nodes: ranked with reasons, or rejected with theirs.

Every park comes out once. A reason is a sentence a dispatcher would say aloud; a rejection begins with the stem
that outside systems read ("breaks", "no chain relation", "accepts no projects", "part of"). Of a thousand parks only the few
that can be among the best are weighed, and the reasons of the rejected are made when somebody reads them.
Called by `crm/domain/matching.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crm.domain.chains import ChainGraph
from crm.domain.match_input import MatchInput
from crm.domain.match_result import ProposedPark, RejectedPark, Scored
from crm.domain.match_weights import DEFAULT_WEIGHTS, NOTHING_KNOWN, Standing, Weights
from crm.domain.park_limits import ParkLimits
from crm.domain.parks import Carrier, Finding, Verdict, judge
from crm.domain.reference import Park, ReferencePack

BEST, FURTHER = 0.85, 0.05  # shares of the best relation of any node, and of the next two
LEAST_FIT = 0.25  # below this share of the best park's fit a relation is not worth a visit
MOST_PARKS = 8
FEW_PARKS, MOST_NEAR = 3, 3  # with fewer proposed, the nearest that break something are named too
ENOUGH = 10  # the most that are proposed, and two that may lie inside another
DEPTH, DEEPER = 16, 8  # parks looked at for each node at first; so many times more when too few of them do
NO_RELATION, NO_PROJECTS, PART_OF, BREAKS = "no chain relation", "accepts no projects", "part of", "breaks"
UNRELATED = "园区定位与所判环节没有上下游关系"


@dataclass(slots=True)
class _Candidate:
    park: Park
    fit: float
    findings: tuple[Finding, ...] = ()

    def texts(self, verdict: Verdict) -> list[str]:
        return [finding.text for finding in self.findings if finding.verdict is verdict]


@dataclass(frozen=True, slots=True)
class Ranked:
    """`broken`: codes of all parks that break a hard constraint. `nested`: rejected park → the proposed one it lies in or
    around. `near`: parks that would suit but for what they break, best first: what would have to change."""

    parks: tuple[ProposedPark, ...]
    broken: frozenset[str] = frozenset()
    nested: Mapping[str, str] = field(default_factory=dict)
    near: tuple[NearPark, ...] = ()


@dataclass(frozen=True, slots=True)
class NearPark:
    """A park that breaks something; `broken` says what, and what would mend it."""

    park: Park
    score: float
    broken: str


class ParkRanking:
    """Ranks the parks of one pack; carriers and standing are those known today."""

    def __init__(
        self,
        pack: ReferencePack,
        carriers: Iterable[Carrier] = (),
        weights: Weights = DEFAULT_WEIGHTS,
        standing: Standing = NOTHING_KNOWN,
    ) -> None:
        self._pack = pack
        self._weights = weights
        self._graph = ChainGraph(pack, weights, standing)
        self._carriers: dict[str, list[Carrier]] = {code: [] for code in pack.parks}
        for carrier in carriers:
            for code in _lineage_codes(carrier.park, pack.parks):
                self._carriers[code].append(carrier)
        self._limits = ParkLimits(pack.parks, self._carriers)
        districts = len(pack.districts)
        self._balance = {
            p.code: weights.balance * standing.balance(p.district, districts) if p.district else 0.0
            for p in pack.parks.values()
        }
        self._best_first = {
            node: sorted(fits, key=lambda code, fits=fits: (-fits[code] - self._balance[code], code))  # type: ignore[misc]
            for node, fits in self._graph.fits.items()
        }
        self._unrelated = [
            (
                park.code,
                park,
                RejectedPark(park.code, (f"{NO_RELATION}：{UNRELATED}" if park.accepts_projects else NO_PROJECTS,)),
            )
            for _, park in sorted(pack.parks.items())
        ]
        self._in_district: dict[str, frozenset[str]] = {}

    def has_park(self, industry: str) -> bool:
        return self._graph.has_park(industry)

    def judge(self, given: MatchInput, code: str) -> tuple[Finding, ...]:
        return judge(given, self._pack.parks[code], self._carriers[code], self._pack.parks)

    def rank(self, given: MatchInput, nodes: Sequence[Scored]) -> Ranked:
        broken = self._broken(given)
        depth = DEPTH
        while True:
            kept, nested, exhausted = self._best(given, nodes, broken, depth)
            if exhausted or len(kept) >= MOST_PARKS:
                break
            depth *= DEEPER
        proposed = tuple(self._proposed(given, nodes, candidate) for candidate in kept)
        near = tuple(self._near(given, nodes, broken)) if broken and len(proposed) < FEW_PARKS else ()
        return Ranked(proposed, broken, nested, near)

    def _near(self, given: MatchInput, nodes: Sequence[Scored], broken: frozenset[str]) -> Iterator[NearPark]:
        """The best of the parks that break something, one a district."""
        codes = {code for node in nodes for code in self._best_first[node.code][:DEPTH] if code in broken}
        seen: set[str | None] = set()
        for score, code in sorted((-self._score(given, nodes, code), code) for code in codes):
            park = self._pack.parks[code]
            if park.district not in seen:
                seen.add(park.district)
                broke = next(f.text for f in self.judge(given, code) if f.verdict is Verdict.BREAKS)
                yield NearPark(park, -score, broke)
            if len(seen) == MOST_NEAR:
                return

    def explain(self, given: MatchInput, nodes: Sequence[Scored], ranked: Ranked) -> tuple[RejectedPark, ...]:
        """Every park that is not proposed, with what speaks against it and what would have to change."""
        proposed = {park.code for park in ranked.parks}
        related = ranked.broken.union(*(self._graph.fits[node.code] for node in nodes))
        return tuple(
            RejectedPark(code, tuple(self._against(given, nodes, park, ranked))) if code in related else unrelated
            for code, park, unrelated in self._unrelated
            if code not in proposed
        )

    def refuse_all(self, why: str) -> tuple[RejectedPark, ...]:
        """Every park rejected: none has to do with an enterprise that is none of ours."""
        return tuple(
            RejectedPark(park.code, (f"{NO_RELATION}：{why}" if park.accepts_projects else NO_PROJECTS,))
            for park in self._pack.parks.values()
        )

    def _broken(self, given: MatchInput) -> frozenset[str]:
        """By known figures, and by what operators answered about this project."""
        answered = {answer.park for answer in given.answers if answer.verdict == Verdict.BREAKS}
        return self._limits.broken_by(given) | answered if answered else self._limits.broken_by(given)

    def _best(
        self, given: MatchInput, nodes: Sequence[Scored], broken: frozenset[str], depth: int
    ) -> tuple[list[_Candidate], dict[str, str], bool]:
        """The best parks of those `depth` best of each node; whether there were no more."""
        exhausted = True
        codes: set[str] = set()
        for node in nodes:
            order = self._best_first[node.code]
            codes.update(order[:depth])
            exhausted = exhausted and len(order) <= depth
        for code in self._wished(given):
            codes.update(park for park in self._parks_in(code) if any(park in self._graph.fits[n.code] for n in nodes))
        scored = sorted((-self._score(given, nodes, code), code) for code in codes if code not in broken)
        candidates = []
        least, room = 0.0, self._weights.room if given.sets_constraints else 0.0
        for negative, code in scored:
            if -negative + room < least:
                break
            candidates.append(self._weigh(given, code, -negative))
            if len(candidates) >= ENOUGH:  # none behind can come before, nested ones left out
                least = sorted((c.fit for c in candidates), reverse=True)[ENOUGH - 1]
        kept, nested = _without_nested(candidates)
        return _without_faint(kept), nested, exhausted

    @staticmethod
    def _wished(given: MatchInput) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*given.preferred_districts, *filter(None, (given.first_talk_district,)))))

    def _parks_in(self, district: str) -> frozenset[str]:
        found = self._in_district.get(district)
        if found is None:
            found = frozenset(p.code for p in self._pack.parks.values() if p.district == district)
            self._in_district[district] = found
        return found

    def _score(self, given: MatchInput, nodes: Sequence[Scored], code: str) -> float:
        """The best relation of any node, further ones adding a little, and what is wished."""
        fits = self._graph.fits
        weighed = [node.score * fits[node.code].get(code, 0.0) for node in nodes]
        weighed.sort(reverse=True)
        score = weighed[0] * BEST + sum(weighed[1:3]) * FURTHER + self._balance[code]
        district = self._pack.parks[code].district
        if district is not None:
            if district in given.preferred_districts:
                score += self._weights.preferred
            if district == given.first_talk_district:
                score += self._weights.first_talk
        return score

    def _weigh(self, given: MatchInput, code: str, score: float) -> _Candidate:
        park = self._pack.parks[code]
        if not given.sets_constraints:
            return _Candidate(park, score)
        findings = self.judge(given, code)
        meets = any(finding.verdict is Verdict.MEETS for finding in findings)
        return _Candidate(park, score + self._weights.room if meets else score, findings)

    def _relations(self, nodes: Sequence[Scored], code: str) -> list[str]:
        """The sentences of its two best relations."""
        fits = self._graph.fits
        ranked = sorted(
            (-node.score * fit, node.code) for node in nodes if (fit := fits[node.code].get(code)) is not None
        )
        return list(dict.fromkeys(self._graph.reason(node, code) for _, node in ranked[:2]))

    def _proposed(self, given: MatchInput, nodes: Sequence[Scored], candidate: _Candidate) -> ProposedPark:
        park = candidate.park
        reasons = [*self._relations(nodes, park.code), *candidate.texts(Verdict.MEETS)]
        unknown = candidate.texts(Verdict.UNKNOWN)
        if park.district is None:
            unknown.append("园区所在区镇待核实")
        else:
            reasons.extend(self._wishes(given, park))
        return ProposedPark(park.code, park.name, min(1.0, candidate.fit), tuple(reasons), tuple(unknown))

    def _wishes(self, given: MatchInput, park: Park) -> Iterator[str]:
        name = self._pack.districts[park.district or ""].name
        if park.district in given.preferred_districts:
            yield f"企业首选{name}"
        if park.district == given.first_talk_district:
            yield f"{name}已首谈"
        if self._balance[park.code] > self._weights.balance / 2:
            yield f"{name}在谈项目较少，可均衡布局"

    def _against(self, given: MatchInput, nodes: Sequence[Scored], park: Park, ranked: Ranked) -> Iterator[str]:
        if not park.accepts_projects:
            yield NO_PROJECTS
            return
        related = self._relations(nodes, park.code)
        if park.code in ranked.broken:
            findings = self.judge(given, park.code)
            yield from (f"{BREAKS} {finding.text}" for finding in findings if finding.verdict is Verdict.BREAKS)
        elif park.code in ranked.nested:
            yield self._nested(park, ranked.nested[park.code])
        elif related:
            yield f"{NO_RELATION}：仅有弱关联（{related[0]}），远不如已推荐的园区"
        if not related:
            yield f"{NO_RELATION}：{UNRELATED}"

    def _nested(self, park: Park, proposed: str) -> str:
        if park.part_of == proposed:
            return f"{PART_OF} {proposed}：已推荐所在园区"
        inner = self._pack.parks[proposed]
        return f"{PART_OF} {park.code}：已推荐其中的 {inner.code} {inner.name}，不重复推荐"


def _lineage_codes(code: str | None, parks: Mapping[str, Park]) -> list[str]:
    found: list[str] = []
    while code is not None and code in parks and code not in found:
        found.append(code)
        code = parks[code].part_of
    return found


def _without_nested(ranked: Sequence[_Candidate]) -> tuple[list[_Candidate], dict[str, str]]:
    """Of a park and the one it lies in only the better stays; the outer one at a tie."""
    kept: list[_Candidate] = []
    nested: dict[str, str] = {}
    holds: dict[str, str] = {}  # outer park → the one inside it that stays
    there: set[str] = set()
    for candidate in sorted(ranked, key=lambda c: (-round(c.fit, 3), c.park.part_of is not None, c.park.code)):
        park = candidate.park
        if park.part_of is not None and park.part_of in there:
            nested[park.code] = park.part_of
        elif park.code in holds:
            nested[park.code] = holds[park.code]
        else:
            kept.append(candidate)
            there.add(park.code)
            if park.part_of is not None:
                holds.setdefault(park.part_of, park.code)
    return kept, nested


def _without_faint(kept: Sequence[_Candidate]) -> list[_Candidate]:
    """What is far behind the best is not proposed: a list of twenty parks helps nobody."""
    return [candidate for candidate in kept[:MOST_PARKS] if candidate.fit >= kept[0].fit * LEAST_FIT]
