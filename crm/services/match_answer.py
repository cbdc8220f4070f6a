"""What any way of matching answers, as far as it is measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from crm.domain.match_input import MatchInput
from crm.domain.match_result import MatchResult


@dataclass(frozen=True, slots=True)
class Answer:
    """Codes of industries and nodes, best first."""

    suitable: bool
    unsure: bool
    industries: tuple[str, ...]
    nodes: tuple[str, ...]
    parks: tuple[str, ...] = ()

    @classmethod
    def of(cls, result: MatchResult) -> Answer:
        return cls(
            result.suitable,
            result.unsure,
            tuple(industry.code for industry in result.industries),
            tuple(node.code for node in result.nodes),
            tuple(park.code for park in result.parks),
        )


Answerer = Callable[[MatchInput], Answer]
