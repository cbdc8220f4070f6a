"""Whether a report is one of ours at all: yes, not sure (with one question), or none of ours.

Refusing a good enterprise costs more than asking a question, so doubt is an answer of its own and counts as
suitable. Called by `crm/domain/matching.py`.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm.domain.evidence import Evidence, Proof

FAINT = 0.3  # below: no word of a chain worth the name
TRACE = 0.1
HINT_OF_OTHER = 0.15
WEAK = 0.45  # below: suitable, yet a person should ask
PROVEN = 0.4  # what an outside trade must have said for itself before it turns anybody away
# outside trades claim this much of what the chains claim: lost, or a question; who says that he makes things is believed longer
LOST, CONTESTED = 0.75, 0.5
LOST_MAKER, CONTESTED_MAKER = 1.05, 0.7
LOST_IN_SPEECH, CONTESTED_IN_SPEECH = 1.3, 0.8  # a message names much that is not the trade: its writer can be asked
TRADERS_OWN = 2.0  # trade in goods of a chain is a question, whatever it calls itself, up to this much of another trade
TRADES = 0.75  # this much of the proof comes from clauses that only sell


@dataclass(frozen=True, slots=True)
class Suitability:
    suitable: bool
    question: str | None = None
    note: str | None = None

    @property
    def unsure(self) -> bool:
        return self.question is not None


def decide(evidence: Evidence, hinted: bool) -> Suitability:
    """`hinted`: the reporter named a node, which only a person may overrule."""
    ours = _claim(evidence.nodes)
    domain, foreign = _strongest(evidence.outside)
    if hinted:
        return Suitability(True)
    if ours < FAINT and foreign < FAINT:
        return _nothing_known(evidence, ours, foreign)
    lost, contested = _bounds(evidence)
    if evidence.trade_share > TRADES and ours >= FAINT and foreign <= TRADERS_OWN * ours:
        return Suitability(True, question="生产还是贸易？")
    side_line = (
        evidence.says_making and evidence.stated_outside < TRACE
    )  # only its scope or name speaks of another trade
    if foreign > lost * ours and foreign >= PROVEN and not side_line:
        words = "、".join(evidence.outside[domain].best())
        return Suitability(False, note=f"不属本市产业链：主营属{domain}（{words}）")
    if foreign > contested * ours:
        return Suitability(True, question=f"主业是制造研发，还是{domain}？")
    if ours < WEAK:
        return Suitability(True, question="主要生产什么产品？")
    return Suitability(True)


def _bounds(evidence: Evidence) -> tuple[float, float]:
    if not evidence.registered:
        return LOST_IN_SPEECH, CONTESTED_IN_SPEECH
    return (LOST_MAKER, CONTESTED_MAKER) if evidence.says_making else (LOST, CONTESTED)


def _claim(proofs: dict[str, Proof]) -> float:
    """The two strongest: a second line of business counts, a long tail of faint words does not."""
    strengths = sorted((proof.strength for proof in proofs.values()), reverse=True)[:2]
    return sum(strength * share for strength, share in zip(strengths, (1.0, 0.25), strict=False))


def _strongest(outside: dict[str, Proof]) -> tuple[str, float]:
    if not outside:
        return "", 0.0
    domain = max(sorted(outside), key=lambda name: outside[name].strength)
    return domain, _claim(outside)


def _nothing_known(evidence: Evidence, ours: float, foreign: float) -> Suitability:
    """Too faint to place. A maker is asked; who neither makes nor names a product is none of ours."""
    if foreign > max(ours, HINT_OF_OTHER) and not evidence.says_making:
        return Suitability(False, note=f"不属本市产业链：材料只提到{'、'.join(_words(evidence.outside))}")
    if evidence.has_statement and not evidence.says_making and ours < TRACE:
        return Suitability(False, note="不属本市产业链：主营中没有任何产业链环节的产品或工艺")
    return Suitability(True, question="主要生产什么产品？", note="材料不足，尚不能判断产业链环节")


def _words(proofs: dict[str, Proof]) -> tuple[str, ...]:
    return max(proofs.values(), key=lambda proof: proof.strength).best()
