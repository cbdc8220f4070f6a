"""How much each consideration weighs when parks are ranked, and what stands in the parks today.

Weights are settings with an effective date (`crm/services/chain_edits.py`); these are the defaults. Fits are 0–1, bonuses are
added to them. Called by `crm/domain/chains.py` and `crm/domain/park_ranking.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Weights:
    """The first five say how well a park suits a node by their relation, the others are added to it."""

    same_node: float = 1.0  # 集聚
    fills_hole: float = 0.62  # 补链
    linked: float = 0.5  # 强链 延链
    same_industry: float = 0.4
    near_industry: float = 0.3
    focus: float = 0.06  # 一园一品: a park of one industry is meant for it
    elsewhere: float = 0.03  # 错位竞争: taken from a park of the same industry when others have the very node
    preferred: float = 0.1
    first_talk: float = 0.08
    room: float = 0.04  # a known free carrier that does
    balance: float = 0.03  # most for a district with no open project, none for one with the average

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(one.name for one in fields(cls))


@dataclass(frozen=True, slots=True)
class Standing:
    """What matching knows of the city today. `residents`: nodes of the projects landed in each park, by park code;
    `open_projects`: projects dispatched and not yet landed, by district code."""

    residents: Mapping[str, frozenset[str]] = field(default_factory=dict)
    open_projects: Mapping[str, int] = field(default_factory=dict)

    def balance(self, district: str, districts: int) -> float:
        """1 for a district without an open project, 0 for one with the average or more."""
        total = sum(self.open_projects.values())
        if not total or not districts:
            return 0.0
        return max(0.0, 1.0 - self.open_projects.get(district, 0) * districts / total)


DEFAULT_WEIGHTS = Weights()
NOTHING_KNOWN = Standing()
