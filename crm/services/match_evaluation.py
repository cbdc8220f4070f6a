"""`crm match evaluate`: how good matching is, measured on labelled cases; the cases are never part of the product.

Reads `dev_companies.jsonl` of CRM_EVAL_DIR: enterprise text with `expected` industry and node, or `negative` for
none of ours.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from crm.domain.match_input import MatchInput
from crm.domain.matching import Matcher
from crm.domain.reference import ReferencePack
from search.folding import fold_text


@dataclass(slots=True)
class Evaluation:
    """Shares 0–1 over labelled cases, and the cases that went wrong by id."""

    shares: dict[str, float] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=dict)
    per_second: float = 0.0


def evaluate(lines: Iterable[str], pack: ReferencePack) -> Evaluation:
    matcher = Matcher(pack, fold=fold_text)
    cases = [json.loads(line) for line in lines if line.strip()]
    inputs = [_input(case) for case in cases]
    started = time.perf_counter()
    answers = [matcher.match(given).to_dict() for given in inputs]
    spent = time.perf_counter() - started
    outcome = Evaluation(per_second=len(cases) / spent if spent else 0.0)
    judged: dict[str, list[bool]] = {}
    for case, answer in zip(cases, answers, strict=True):
        for measure, right in _judge(case, answer).items():
            judged.setdefault(measure, []).append(right)
            if not right:
                outcome.wrong.setdefault(measure, []).append(str(case["id"]))
    outcome.shares = {measure: sum(values) / len(values) for measure, values in judged.items()}
    return outcome


def _input(case: Mapping[str, Any]) -> MatchInput:
    return MatchInput(
        name=case["name"],
        aliases=tuple(filter(None, [case.get("short_name")])),
        english_name=case.get("english_name") or "",
        main_business=case.get("main_business") or "",
        business_scope=case.get("business_scope") or "",
    )


def _judge(case: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, bool]:
    if case["negative"]:
        return {"negatives refused": not answer["suitable"]}
    expected = case["expected"]
    industries = [item["code"] for item in answer["industries"]]
    nodes = [item["code"] for item in answer["nodes"]]
    right_industries = {expected["industry"], *expected.get("alt_industries", ())}
    right_nodes = {expected["node"], *expected.get("alt_nodes", ())}
    return {
        "positives kept": bool(answer["suitable"]),
        "positives sure": not answer["unsure"],
        "industry first": industries[:1] != [] and industries[0] in right_industries,
        "industry in three": bool(right_industries & set(industries[:3])),
        "main industry first": industries[:1] == [expected["industry"]],
        "node in five": bool(right_nodes & set(nodes[:5])),
        "node first": bool(right_nodes & set(nodes[:1])),
    }
