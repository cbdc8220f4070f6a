"""Parks and districts for the proposed nodes: ranked with reasons, or rejected with theirs.

Every park comes out once. A reason is a sentence a dispatcher would say aloud; a rejection begins with the stem
that outside systems read ("breaks", "no chain relation", "accepts no projects", "part of").
Called by `crm/domain/matching.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crm.domain.chains import ChainGraph
from crm.domain.match_input import MatchInput
from crm.domain.match_result import ProposedPark, RejectedPark, Scored
from crm.domain.parks import Carrier, Finding, Verdict, judge, limits_of
from crm.domain.reference import Park, ReferencePack

PREFERRED, FIRST_TALK, ROOM_FREE = 0.1, 0.08, 0.04
LEAST_FIT = 0.25  # below this share of the best park's fit a relation is not worth a visit
MOST_PARKS = 8
NO_RELATION, NO_PROJECTS, PART_OF, BREAKS = "no chain relation", "accepts no projects", "part of", "breaks"


@dataclass(slots=True)
class _Candidate:
    park: Park
    fit: float
    reasons: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


class ParkRanking:
    """Ranks the parks of one pack; carriers are those known today."""

    def __init__(self, pack: ReferencePack, carriers: Iterable[Carrier]) -> None:
        self._pack = pack
        self._graph = ChainGraph(pack)
        self._carriers: dict[str, list[Carrier]] = {code: [] for code in pack.parks}
        for carrier in carriers:
            for code in _lineage_codes(carrier.park, pack.parks):
                self._carriers[code].append(carrier)
        self._limits = {p.code: limits_of(p, self._carriers[p.code], pack.parks) for p in pack.parks.values()}
        self._turned_down = {p.code: _turned_down(p, "园区定位与所判环节没有上下游关系") for p in pack.parks.values()}

    def rank(
        self, given: MatchInput, nodes: Sequence[Scored]
    ) -> tuple[tuple[ProposedPark, ...], tuple[RejectedPark, ...]]:
        rejected = dict(self._turned_down)
        self._name_broken(given, rejected)
        candidates = []
        for code, relations in self._related(nodes).items():
            candidate = self._weigh(given, self._pack.parks[code], relations, rejected)
            if candidate is not None:
                candidates.append(candidate)
                del rejected[code]
        kept = _without_faint(_without_nested(candidates, rejected), rejected)
        proposed = tuple(
            ProposedPark(c.park.code, c.park.name, min(1.0, c.fit), tuple(c.reasons), tuple(c.unknown)) for c in kept
        )
        return proposed, tuple(rejected[code] for code in sorted(rejected))

    def refuse_all(self, why: str) -> tuple[RejectedPark, ...]:
        """Every park rejected: none has to do with an enterprise that is none of ours."""
        return tuple(_turned_down(park, why) for park in self._pack.parks.values())

    def _name_broken(self, given: MatchInput, rejected: dict[str, RejectedPark]) -> None:
        """An unrelated park that would break a constraint too says so: relation alone would not mend it."""
        if not given.sets_constraints:
            return
        for park in self._pack.parks.values():
            if park.accepts_projects and self._limits[park.code].may_break(given):
                broken = self._broken(judge(given, park, self._carriers[park.code], self._pack.parks))
                if broken:
                    rejected[park.code] = RejectedPark(park.code, broken + rejected[park.code].reasons)

    @staticmethod
    def _broken(findings: Iterable[Finding]) -> tuple[str, ...]:
        return tuple(f"{BREAKS} {f.text}" for f in findings if f.verdict is Verdict.BREAKS)

    def _related(self, nodes: Sequence[Scored]) -> dict[str, list[tuple[float, str]]]:
        """Park → its fit and sentence for each node it has to do with; closed parks are left out."""
        found: dict[str, list[tuple[float, str]]] = {}
        for node in nodes:
            for code, relation in self._graph.relations[node.code].items():
                if self._pack.parks[code].accepts_projects:
                    found.setdefault(code, []).append((-node.score * relation.fit, relation.reason))
        return found

    def _weigh(
        self,
        given: MatchInput,
        park: Park,
        relations: list[tuple[float, str]],
        rejected: dict[str, RejectedPark],
    ) -> _Candidate | None:
        """The best relation of any node, further ones adding a little; None when a constraint is broken."""
        relations.sort()
        fit = -relations[0][0] * 0.85 - sum(relation[0] for relation in relations[1:3]) * 0.05
        candidate = _Candidate(park, fit, list(dict.fromkeys(relation[1] for relation in relations[:2])))
        findings = judge(given, park, self._carriers[park.code], self._pack.parks)
        broken = self._broken(findings)
        if broken:
            rejected[park.code] = RejectedPark(park.code, broken)
            return None
        candidate.unknown = [f.text for f in findings if f.verdict is Verdict.UNKNOWN]
        met = [f.text for f in findings if f.verdict is Verdict.MEETS]
        if met:
            candidate.fit += ROOM_FREE
            candidate.reasons.extend(met)
        self._prefer(given, candidate)
        return candidate

    def _prefer(self, given: MatchInput, candidate: _Candidate) -> None:
        district = candidate.park.district
        if district is None:
            candidate.unknown.append("园区所在区镇待核实")
            return
        name = self._pack.districts[district].name
        if district in given.preferred_districts:
            candidate.fit += PREFERRED
            candidate.reasons.append(f"企业首选{name}")
        if district == given.first_talk_district:
            candidate.fit += FIRST_TALK
            candidate.reasons.append(f"{name}已首谈")


def _turned_down(park: Park, why: str) -> RejectedPark:
    return _rejected(park, f"{NO_RELATION}：{why}" if park.accepts_projects else NO_PROJECTS)


def _rejected(park: Park, why: str) -> RejectedPark:
    return RejectedPark(park.code, (why,))


def _lineage_codes(code: str | None, parks: Mapping[str, Park]) -> list[str]:
    found: list[str] = []
    while code is not None and code in parks and code not in found:
        found.append(code)
        code = parks[code].part_of
    return found


def _without_nested(ranked: Sequence[_Candidate], rejected: dict[str, RejectedPark]) -> list[_Candidate]:
    """Of a park and the one it lies in only the better stays; the outer one at a tie."""
    kept: list[_Candidate] = []
    outer_first = sorted(ranked, key=lambda c: (-round(c.fit, 3), c.park.part_of is not None, c.park.code))
    for candidate in outer_first:
        park = candidate.park
        inner = next((k.park for k in kept if k.park.part_of == park.code), None)
        if park.part_of is not None and any(k.park.code == park.part_of for k in kept):
            rejected[park.code] = _rejected(park, f"{PART_OF} {park.part_of}：已推荐所在园区")
        elif inner is not None:
            why = f"{PART_OF} {park.code}：已推荐其中的 {inner.code} {inner.name}，不重复推荐"
            rejected[park.code] = _rejected(park, why)
        else:
            kept.append(candidate)
    return kept


def _without_faint(kept: Sequence[_Candidate], rejected: dict[str, RejectedPark]) -> list[_Candidate]:
    """What is far behind the best is not proposed: a list of twenty parks helps nobody."""
    if not kept:
        return []
    least = kept[0].fit * LEAST_FIT
    for place, candidate in enumerate(kept):
        if candidate.fit < least or place >= MOST_PARKS:
            why = f"{NO_RELATION}：仅有弱关联（{candidate.reasons[0]}），远不如已推荐的园区"
            rejected[candidate.park.code] = _rejected(candidate.park, why)
    return [c for c in kept if c.park.code not in rejected]


def rank_districts(given: MatchInput, parks: Sequence[ProposedPark], pack: ReferencePack) -> tuple[Scored, ...]:
    """Districts by their parks; a preferred or first-talk district without one stays a valid answer."""
    by_district: dict[str, list[ProposedPark]] = {}
    for park in parks:
        district = pack.parks[park.code].district
        if district is not None:
            by_district.setdefault(district, []).append(park)
    found = [_district(code, members) for code, members in by_district.items()]
    wanted = dict.fromkeys((*given.preferred_districts, *filter(None, (given.first_talk_district,))))
    for code in wanted:
        if code in pack.districts and code not in by_district:
            why = "企业首选" if code in given.preferred_districts else "已首谈"
            found.append(Scored(code, 0.3, (f"{why}{pack.districts[code].name}，暂无对口园区，可落园区外载体或用地",)))
    return tuple(sorted(found, key=lambda d: (-d.score, d.code)))


def _district(code: str, members: Sequence[ProposedPark]) -> Scored:
    score = members[0].score + 0.03 * min(3, len(members) - 1)
    reasons = [f"{members[0].name}：{members[0].reasons[0]}"]
    if len(members) > 1:
        reasons.append(f"另有 {len(members) - 1} 个对口园区")
    return Scored(code, min(1.0, score), tuple(reasons))
