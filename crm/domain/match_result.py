"""What matching answers: the shape that interface.md promises for `crm match`, kept beside each project.

Built by `crm/domain/matching.py`; written out by `crm match --json`, intake and `/projects/{id}/matches`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import itemgetter
from typing import Any


@dataclass(frozen=True, slots=True)
class Scored:
    """A node, industry or district with its score 0–1 and the reasons for it."""

    code: str
    score: float
    reasons: tuple[str, ...] = ()
    words: tuple[str, ...] = ()  # of the text, that a node rests on, the weightiest first


@dataclass(frozen=True, slots=True)
class ProposedPark:
    code: str
    name: str
    score: float
    reasons: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()  # checks for the operator


@dataclass(frozen=True, slots=True)
class RejectedPark:
    """`reasons` begin with "breaks", "no chain relation", "accepts no projects" or "part of"."""

    code: str
    reasons: tuple[str, ...]


def _none_rejected() -> tuple[RejectedPark, ...]:
    return ()


@dataclass(frozen=True)
class MatchResult:
    """Best first everywhere; every park of the pack is in `parks` or in `rejected`, never in both. `broken`: codes of the
    parks that break a hard constraint. Reasons of the rejected are made when `rejected` is first read."""

    suitable: bool
    unsure: bool = False
    question: str | None = None
    industries: tuple[Scored, ...] = ()
    nodes: tuple[Scored, ...] = ()
    parks: tuple[ProposedPark, ...] = ()
    districts: tuple[Scored, ...] = ()
    broken: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()
    explain: Callable[[], tuple[RejectedPark, ...]] = field(default=_none_rejected, compare=False, repr=False)

    @cached_property
    def rejected(self) -> tuple[RejectedPark, ...]:
        return self.explain()

    def to_dict(self) -> dict[str, Any]:
        """JSON values, exactly the fields of `crm match --json` but `source_ref`; scores to three places."""
        return self._with_rejected([{"code": r.code, "reasons": list(r.reasons)} for r in self.rejected])

    def _with_rejected(self, rejected: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "suitable": self.suitable,
            "unsure": self.unsure,
            "question": self.question,
            "industries": [{"code": i.code, "score": round(i.score, 3)} for i in self.industries],
            "nodes": [
                {"code": n.code, "score": round(n.score, 3), "reasons": list(n.reasons), "words": list(n.words)}
                for n in self.nodes
            ],
            "parks": [
                {
                    "code": p.code,
                    "name": p.name,
                    "score": round(p.score, 3),
                    "reasons": list(p.reasons),
                    "unknown": list(p.unknown),
                }
                for p in self.parks
            ],
            "districts": [
                {"code": d.code, "score": round(d.score, 3), "reasons": list(d.reasons)} for d in self.districts
            ],
            "rejected": rejected,
            "notes": list(self.notes),
        }

    def to_stored(self) -> dict[str, Any]:
        """As `to_dict`, parks rejected alike named together: forty have nothing to do with a report, for one reason."""
        alike: dict[tuple[str, ...], list[str]] = {}
        for park in self.rejected:
            alike.setdefault(park.reasons, []).append(park.code)
        grouped = [{"codes": codes, "reasons": list(reasons)} for reasons, codes in alike.items()]
        return self._with_rejected(grouped)


def from_stored(result: Mapping[str, Any]) -> dict[str, Any]:
    """What `to_dict` gave, from what `to_stored` gave."""
    rejected = [{"code": code, "reasons": park["reasons"]} for park in result["rejected"] for code in _codes(park)]
    return {**result, "rejected": sorted(rejected, key=itemgetter("code"))}


def _codes(park: Mapping[str, Any]) -> list[str]:
    return park["codes"] if "codes" in park else [park["code"]]  # kept one by one by the first version
