"""Which of many parks a report would break, found without asking each: what every park can offer at most, in order.

Says the same as `crm/domain/parks.py:judge`, which also says why and takes longer (a property test holds them together).
Called by `crm/domain/park_ranking.py`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from crm.domain.match_input import MatchInput
from crm.domain.parks import BUILDING_MODES, Carrier, planned_floor_m2, planned_land_mu
from crm.domain.reference import Park


class _Ceilings:
    """What parks offer at most of one thing, by height: those below a need are a slice."""

    def __init__(self, offers: Iterable[tuple[float, str]]) -> None:
        ordered = sorted(offers)
        self._values = [value for value, _ in ordered]
        self._codes = [code for _, code in ordered]

    def below(self, need: float) -> Sequence[str]:
        return self._codes[: bisect_left(self._values, need)]

    def above(self, need: float) -> Sequence[str]:
        return self._codes[bisect_right(self._values, need) :]


class ParkLimits:
    """Compiled once from parks and the carriers known today. Only what is known can break; areas in 亩 and ㎡."""

    def __init__(self, parks: Mapping[str, Park], carriers: Mapping[str, Sequence[Carrier]]) -> None:
        free = {code: [c for c in carriers.get(code, ()) if c.state == "free"] for code in parks}
        land = {code: planned_land_mu(park, parks) for code, park in parks.items()}
        floor = {code: planned_floor_m2(park, parks) for code, park in parks.items()}
        self._land = _Ceilings((limit, code) for code, limit in land.items() if limit is not None)
        self._floor = _Ceilings((limit, code) for code, limit in floor.items() if limit is not None)
        self._vacant = _Ceilings(_known(free, "free_area", sum))
        self._heights = _Ceilings(_known(free, "height_m", max))
        self._loads = _Ceilings(_known(free, "load_t_m2", max))
        self._powers = _Ceilings(_known(free, "power_kva", max))
        self._lowest_storeys = _Ceilings(_known(free, "storey", min))
        self._refused = _refused(free)

    def broken_by(self, given: MatchInput) -> frozenset[str]:
        """Codes of the parks that break at least one need of the report."""
        if not given.sets_constraints:
            return frozenset()
        return frozenset(code for codes in self._slices(given) for code in codes)

    def _slices(self, given: MatchInput) -> Iterator[Iterable[str]]:
        in_buildings, needs = given.site_mode in BUILDING_MODES, given.site_needs
        if given.land_mu and not in_buildings:
            yield self._land.below(given.land_mu)
        if given.floor_area_m2:
            yield self._floor.below(given.floor_area_m2)
            if in_buildings:
                yield self._vacant.below(given.floor_area_m2)
        for need, offers in (
            (needs.height_m, self._heights),
            (needs.load_t_m2, self._loads),
            (needs.power_kva, self._powers),
        ):
            if need:
                yield offers.below(need)
        if needs.storey:
            yield self._lowest_storeys.above(needs.storey)
        for risk in given.process_risks:
            yield self._refused.get(risk, ())


def _known(free: Mapping[str, Sequence[Carrier]], name: str, together: object) -> Iterator[tuple[float, str]]:
    """The parks all of whose free carriers are known in this respect: only there can a need be broken."""
    for code, carriers in free.items():
        offers = [getattr(carrier, name) for carrier in carriers]
        if offers and None not in offers:
            yield together(offers), code  # type: ignore[operator]


def _refused(free: Mapping[str, Sequence[Carrier]]) -> dict[str, list[str]]:
    """Process risk → parks where every free carrier refuses it and none accepts it."""
    found: dict[str, list[str]] = {}
    for code, carriers in free.items():
        if carriers:
            refused = frozenset.intersection(*(frozenset(c.refuses_risks) for c in carriers))
            for risk in refused.difference(*(c.accepts_risks for c in carriers)):
                found.setdefault(risk, []).append(code)
    return found
