"""Districts for a report, by the parks proposed; one without a park can be an answer too. Called by `crm/domain/matching.py`."""

from __future__ import annotations

from collections.abc import Sequence

from crm.domain.match_input import MatchInput
from crm.domain.match_result import ProposedPark, Scored
from crm.domain.park_ranking import Ranked
from crm.domain.reference import ReferencePack

WISHED = 0.3  # of a preferred or first-talk district without a park of the chain
SHARE_NEAR = 0.4  # of a park's score, for a district whose park breaks something
FURTHER_PARK, MOST_FURTHER = 0.03, 3


def rank_districts(given: MatchInput, ranked: Ranked, pack: ReferencePack) -> tuple[Scored, ...]:
    """Districts by their parks; a preferred or first-talk district without one stays a valid answer, and so does one whose
    parks of the chain break something: there are carriers outside parks."""
    by_district: dict[str, list[ProposedPark]] = {}
    for park in ranked.parks:
        district = pack.parks[park.code].district
        if district is not None:
            by_district.setdefault(district, []).append(park)
    found = [_district(code, members) for code, members in by_district.items()]
    there = set(by_district)
    wanted = dict.fromkeys((*given.preferred_districts, *filter(None, (given.first_talk_district,))))
    for code in wanted:
        if code in pack.districts and code not in there:
            why = "企业首选" if code in given.preferred_districts else "已首谈"
            found.append(
                Scored(code, WISHED, (f"{why}{pack.districts[code].name}，暂无对口园区，可落园区外载体或用地",))
            )
            there.add(code)
    for near in ranked.near:
        if near.park.district is not None and near.park.district not in there:
            why = f"产业对口的{near.park.name}条件不符（{near.broken}），可落园区外载体或调整需求"
            found.append(Scored(near.park.district, near.score * SHARE_NEAR, (why,)))
            there.add(near.park.district)
    return tuple(sorted(found, key=lambda d: (-d.score, d.code)))


def _district(code: str, members: Sequence[ProposedPark]) -> Scored:
    score = members[0].score + FURTHER_PARK * min(MOST_FURTHER, len(members) - 1)
    reasons = [f"{members[0].name}：{members[0].reasons[0]}"]
    if len(members) > 1:
        reasons.append(f"另有 {len(members) - 1} 个对口园区")
    return Scored(code, min(1.0, score), tuple(reasons))
