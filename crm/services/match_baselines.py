"""Two simple ways of matching that the matcher is measured beside: counting words, and BM25 over profiles of the nodes.

They read the pack's shared words alone (names, products, keywords of `chains.csv`), as anybody would begin. Called by
`crm/services/match_evaluation.py`.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping

from crm.domain.match_input import MatchInput
from crm.domain.reference import ChainNode, ReferencePack
from crm.services.match_answer import Answer, Answerer

K1, B = 1.2, 0.75  # the usual values of Okapi BM25
LEAST_BM25 = 8.0  # below: nothing of ours (the best of a few tried on the development cases)


def substring_count(pack: ReferencePack, fold: Callable[[str], str]) -> Answerer:
    """How many of a node's words stand in the text; none at all: none of ours."""
    words = {code: frozenset(map(fold, _shared_words(node))) for code, node in pack.nodes.items()}

    def answer(given: MatchInput) -> Answer:
        text = fold(_text(given))
        scores = {code: float(sum(word in text for word in known)) for code, known in words.items()}
        return _ranked({code: score for code, score in scores.items() if score}, pack)

    return answer


def bm25(pack: ReferencePack, fold: Callable[[str], str]) -> Answerer:
    """Okapi BM25 of the text's pairs of characters against each node's words and description."""
    profiles = {
        code: Counter(_pairs(fold("；".join((*_shared_words(n), n.description))))) for code, n in pack.nodes.items()
    }
    lengths = {code: sum(profile.values()) for code, profile in profiles.items()}
    average = sum(lengths.values()) / max(1, len(lengths))
    having: dict[str, list[str]] = defaultdict(list)
    for code, profile in profiles.items():
        for pair in profile:
            having[pair].append(code)

    def answer(given: MatchInput) -> Answer:
        scores: dict[str, float] = defaultdict(float)
        for pair in set(_pairs(fold(_text(given)))):
            codes = having.get(pair, ())
            weight = math.log(1 + (len(profiles) - len(codes) + 0.5) / (len(codes) + 0.5))
            for code in codes:
                count = profiles[code][pair]
                scores[code] += weight * count * (K1 + 1) / (count + K1 * (1 - B + B * lengths[code] / average))
        return _ranked({code: score for code, score in scores.items() if score >= LEAST_BM25}, pack)

    return answer


def _shared_words(node: ChainNode) -> tuple[str, ...]:
    return (node.name, *node.products, *node.keywords)


def _text(given: MatchInput) -> str:
    return "\n".join((given.name, given.main_business, given.business_scope, given.summary, given.title))


def _pairs(text: str) -> list[str]:
    return [text[at : at + 2] for at in range(len(text) - 1) if text[at : at + 2].isalnum()]


def _ranked(scores: Mapping[str, float], pack: ReferencePack) -> Answer:
    """Nodes by score, industries by the sum of their nodes'."""
    totals: dict[str, float] = defaultdict(float)
    for code, score in scores.items():
        totals[pack.nodes[code].industry] += score
    nodes = sorted(scores, key=lambda code: (-scores[code], code))
    industries = sorted(totals, key=lambda code: (-totals[code], code))
    return Answer(suitable=bool(nodes), unsure=False, industries=tuple(industries), nodes=tuple(nodes))
