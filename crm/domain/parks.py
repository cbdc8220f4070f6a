"""Whether a park can take a project: hard constraints with three values.

A need above what a park is planned or has free breaks; what nobody measured is unknown, becomes a check for the
operator and never rejects. Areas: 亩 for land, ㎡ for floors. Called by `crm/domain/matching.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from crm.domain.match_input import MatchInput
from crm.domain.reference import Park

M2_PER_WAN = 10_000
BUILDING_MODES = ("lease", "buy", "office")


class Verdict(StrEnum):
    MEETS = "meets"
    BREAKS = "breaks"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Carrier:
    """A building or unit as matching sees it. free_area: ㎡; None is unknown, never zero; state: free, held, let."""

    code: str
    name: str = ""
    park: str | None = None
    district: str | None = None
    free_area: float | None = None
    storey: int | None = None
    height_m: float | None = None
    load_t_m2: float | None = None
    power_kva: float | None = None
    accepts_risks: tuple[str, ...] = ()
    refuses_risks: tuple[str, ...] = ()
    state: str = "free"


@dataclass(frozen=True, slots=True)
class Finding:
    """One constraint judged. `text`: for a broken one the numbers and what would mend it, else what to check."""

    constraint: str
    verdict: Verdict
    text: str


def planned_land_mu(park: Park, parks: Mapping[str, Park]) -> float | None:
    """Planned land, 亩: that of the smallest park it lies in; None when nobody planned any."""
    return min((p.planned_area_mu for p in _lineage(park, parks) if p.planned_area_mu is not None), default=None)


def planned_floor_m2(park: Park, parks: Mapping[str, Park]) -> float | None:
    """Planned floor, ㎡, in the same way."""
    planned = (p.planned_floor_area_wan_m2 for p in _lineage(park, parks))
    return min((wan * M2_PER_WAN for wan in planned if wan is not None), default=None)


def judge(given: MatchInput, park: Park, carriers: Sequence[Carrier], parks: Mapping[str, Park]) -> tuple[Finding, ...]:
    """Every constraint the report sets, against this park and its free carriers (those of parks inside it included)."""
    if not given.sets_constraints:
        return ()
    free = [c for c in carriers if c.state == "free"]
    return tuple(
        _answered(finding, given, park)
        for finding in (
            _land(given, park, parks),
            _floor(given, park, free, parks),
            *_site(given, free),
            _energy(given),
            *_risks(given, free),
        )
        if finding is not None
    )


def _answered(finding: Finding, given: MatchInput, park: Park) -> Finding:
    """An unknown that the operator has answered for this project is known now."""
    if finding.verdict is Verdict.UNKNOWN:
        for answer in given.answers:
            if answer.park == park.code and answer.constraint == finding.constraint:
                said = f"园区答复{'可以' if answer.verdict == Verdict.MEETS else '不行'}"
                text = f"{finding.text.split('：')[0]}：{said}{f'，{answer.note}' if answer.note else ''}"
                return Finding(finding.constraint, Verdict(answer.verdict), text)
    return finding


def _lineage(park: Park, parks: Mapping[str, Park]) -> Iterator[Park]:
    """The park and those it lies in: none of them can give more than it has."""
    seen: set[str] = set()
    step: Park | None = park
    while step is not None and step.code not in seen:
        seen.add(step.code)
        yield step
        step = parks.get(step.part_of) if step.part_of else None


def _land(given: MatchInput, park: Park, parks: Mapping[str, Park]) -> Finding | None:
    need = given.land_mu
    if not need or given.site_mode in BUILDING_MODES:
        return None
    planned = planned_land_mu(park, parks)
    if planned is not None and need > planned:
        limit = number(planned)
        text = f"用地：需 {number(need)} 亩，园区规划 {limit} 亩；降到 {limit} 亩以内才可再议"
        return Finding("land", Verdict.BREAKS, text)
    known = f"园区规划 {number(planned)} 亩，" if planned is not None else ""
    return Finding("land", Verdict.UNKNOWN, f"用地 {number(need)} 亩：{known}剩余可供用地待园区核实")


def _floor(given: MatchInput, park: Park, free: Sequence[Carrier], parks: Mapping[str, Park]) -> Finding | None:
    need = given.floor_area_m2
    if not need:
        return None
    planned = planned_floor_m2(park, parks)
    if planned is not None and need > planned:
        limit = number(planned)
        text = f"建筑面积：需 {number(need)} ㎡，园区规划 {limit} ㎡；降到 {limit} ㎡以内才可再议"
        return Finding("floor_area", Verdict.BREAKS, text)
    if given.site_mode in BUILDING_MODES and free and all(c.free_area is not None for c in free):
        return _free_floor(need, [c.free_area or 0.0 for c in free])
    known = f"园区规划 {number(planned)} ㎡，" if planned is not None else ""
    return Finding("floor_area", Verdict.UNKNOWN, f"建筑面积 {number(need)} ㎡：{known}空置载体待园区核实")


def _free_floor(need: float, areas: Sequence[float]) -> Finding:
    if need <= max(areas):
        return Finding("floor_area", Verdict.MEETS, f"有 {number(max(areas))} ㎡空置载体，够用 {number(need)} ㎡")
    if need <= sum(areas):
        text = f"建筑面积 {number(need)} ㎡：单处最大空置 {number(max(areas))} ㎡，能否几处拼合待园区核实"
        return Finding("floor_area", Verdict.UNKNOWN, text)
    total = number(sum(areas))
    text = f"建筑面积：需 {number(need)} ㎡，空置载体合计 {total} ㎡；降到 {total} ㎡以内或腾出载体才可再议"
    return Finding("floor_area", Verdict.BREAKS, text)


def _site(given: MatchInput, free: Sequence[Carrier]) -> Iterator[Finding]:
    """Each need of the building by itself: broken only when every free carrier is known to fall short."""
    needs = given.site_needs
    for name, label, unit, need, offers in (
        ("height_m", "层高", "m", needs.height_m, [c.height_m for c in free]),
        ("load_t_m2", "楼面荷载", "t/㎡", needs.load_t_m2, [c.load_t_m2 for c in free]),
        ("power_kva", "用电容量", "kVA", needs.power_kva, [c.power_kva for c in free]),
    ):
        if need:
            yield _at_least(name, label, unit, need, offers)
    if needs.storey:
        yield _storey(needs.storey, [c.storey for c in free])


def _at_least(name: str, label: str, unit: str, need: float, offers: Sequence[float | None]) -> Finding:
    known = [offer for offer in offers if offer is not None]
    if known and max(known) >= need:
        return Finding(name, Verdict.MEETS, f"{label}够 {number(need)} {unit}")
    if known and len(known) == len(offers):
        best = number(max(known))
        text = f"{label}：需 {number(need)} {unit}，空置载体最高 {best} {unit}；改造或降到 {best} {unit} 才可再议"
        return Finding(name, Verdict.BREAKS, text)
    return Finding(name, Verdict.UNKNOWN, f"{label} {number(need)} {unit}：待园区核实")


def _storey(need: int, offers: Sequence[int | None]) -> Finding:
    """`storey` is the highest floor that will do: 1 asks for the ground floor."""
    known = [offer for offer in offers if offer is not None]
    if known and min(known) <= need:
        return Finding("storey", Verdict.MEETS, f"有 {min(known)} 层载体")
    if known and len(known) == len(offers):
        text = f"楼层：需 {need} 层以下，空置载体最低在 {min(known)} 层；可上楼才可再议"
        return Finding("storey", Verdict.BREAKS, text)
    return Finding("storey", Verdict.UNKNOWN, f"楼层 {need} 层以下：待园区核实")


def _energy(given: MatchInput) -> Finding | None:
    if not given.energy_tce:
        return None
    return Finding("energy", Verdict.UNKNOWN, f"能耗 {number(given.energy_tce)} 吨标煤/年：指标待园区核实")


def _risks(given: MatchInput, free: Sequence[Carrier]) -> Iterator[Finding]:
    """A process risk (电镀 危化 甲类 …) is broken only when every free carrier says no to it."""
    for risk in given.process_risks:
        if any(risk in c.accepts_risks for c in free):
            yield Finding("process_risks", Verdict.MEETS, f"有载体可承接{risk}")
        elif free and all(risk in c.refuses_risks for c in free):
            text = f"工艺：含{risk}，园区空置载体均不承接；取消或外协{risk}才可再议"
            yield Finding("process_risks", Verdict.BREAKS, text)
        else:
            yield Finding("process_risks", Verdict.UNKNOWN, f"工艺含{risk}：环评、安全准入待园区核实")


def number(value: float) -> str:
    """A number as a person writes it: no trailing zero, no exponent."""
    return f"{value:.0f}" if value == int(value) else f"{value:.2f}".rstrip("0").rstrip(".")
