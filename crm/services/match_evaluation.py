"""How good matching is on labelled cases: shares with their Wilson intervals by kind of text, confusions, two baselines.

Called by `crm match evaluate` and by the trial of a new word before it goes live.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from crm.domain.matching import Matcher
from crm.domain.reference import ReferencePack
from crm.services.compiling import compile_matcher
from crm.services.evaluation_cases import Case
from crm.services.match_answer import Answer, Answerer
from crm.services.match_baselines import bm25, substring_count
from search.folding import fold_text

FIRST, IN_THREE, NODE_IN_FIVE = "industry first", "industry in three", "node in five"
KEPT, REFUSED, SURE = "positives kept", "negatives refused", "positives sure"
MEASURES = (FIRST, IN_THREE, NODE_IN_FIVE, KEPT, REFUSED, SURE)
Z = 1.96  # 95 %


@dataclass(frozen=True, slots=True)
class Share:
    """`right` of `count` cases."""

    right: int
    count: int

    @property
    def value(self) -> float:
        return self.right / self.count if self.count else 0.0

    def interval(self) -> tuple[float, float]:
        """Wilson's score interval at 95 %."""
        if not self.count:
            return 0.0, 1.0
        n, p = self.count, self.value
        middle, spread = p + Z * Z / (2 * n), Z * math.sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        whole = 1 + Z * Z / n
        return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)


@dataclass(slots=True)
class Evaluation:
    """One way of matching on some cases. `wrong`: ids by measure; `confused`: (expected, answered) industries."""

    shares: dict[str, Share] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    confused: Counter[tuple[str, str]] = field(default_factory=Counter)
    parks: dict[str, tuple[str, ...]] = field(default_factory=dict)  # the first three proposed, by case
    per_second: float = 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The matcher beside its baselines on the cases of one kind and part."""

    kind: str
    part: str
    matcher: Evaluation
    baselines: Mapping[str, Evaluation]


def compare(cases: Sequence[Case], pack: ReferencePack) -> list[Comparison]:
    """By kind and part, in that order."""
    matcher = matcher_answers(compile_matcher(pack))
    others = {"substring count": substring_count(pack, fold_text), "BM25": bm25(pack, fold_text)}
    found = []
    for kind, part in sorted({(case.kind, case.part) for case in cases}):
        some = [case for case in cases if (case.kind, case.part) == (kind, part)]
        beside = {name: evaluate(some, other) for name, other in others.items()}
        found.append(Comparison(kind, part, evaluate(some, matcher), beside))
    return found


def matcher_answers(matcher: Matcher) -> Answerer:
    return lambda given: Answer.of(matcher.match(given))


def evaluate(cases: Iterable[Case], answer: Answerer) -> Evaluation:
    outcome = Evaluation()
    judged: dict[str, list[bool]] = {}
    spent, count = 0.0, 0
    for case in cases:
        started = time.perf_counter()
        answered = answer(case.given)
        spent, count = spent + time.perf_counter() - started, count + 1
        outcome.parks[case.id] = answered.parks[:3]
        for measure, right in _judge(case, answered).items():
            judged.setdefault(measure, []).append(right)
            if not right:
                outcome.wrong.setdefault(measure, []).append(case.id)
        if case.industry and answered.industries[:1] and answered.industries[0] not in case.industries:
            outcome.confused[case.industry, answered.industries[0]] += 1
    outcome.per_second = count / spent if spent else 0.0
    outcome.shares = {name: Share(sum(judged[name]), len(judged[name])) for name in MEASURES if name in judged}
    return outcome


def _judge(case: Case, answer: Answer) -> dict[str, bool]:
    """Doubt is right where a person would have to ask too."""
    if case.negative:
        return {REFUSED: not answer.suitable or (case.unsure_ok and answer.unsure)}
    return {
        FIRST: answer.industries[:1] != () and answer.industries[0] in case.industries,
        IN_THREE: bool(case.industries & set(answer.industries[:3])),
        NODE_IN_FIVE: bool(case.nodes & set(answer.nodes[:5])),
        KEPT: answer.suitable,
        SURE: not answer.unsure,
    }
