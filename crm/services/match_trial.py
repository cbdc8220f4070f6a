"""What an edit of the chain graph would do to the evaluation cases, told before it goes live.

Called by `crm/services/chain_edits.py` when an edit is proposed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from crm.domain.chain_edits import ChainEdit, laid_over
from crm.domain.matching import Matcher
from crm.services.compiling import compile_matcher
from crm.services.evaluation_cases import Case
from crm.services.match_evaluation import Evaluation, evaluate, matcher_answers

MOST_NAMED = 20


def try_out(matcher: Matcher, edit: ChainEdit, cases: Sequence[Case], day: date) -> dict[str, Any]:
    """Shares before and after, and the cases that would be mended and broken by it (ids, at most MOST_NAMED each).

    Tried as if it held today, whenever it is to begin.
    """
    holding = ChainEdit(edit.id, edit.kind, edit.subject, edit.data, day)
    before = evaluate(cases, matcher_answers(matcher))
    after = evaluate(cases, matcher_answers(compile_matcher(laid_over(matcher.pack, [holding], day))))
    wrong_before, wrong_after = _wrong(before), _wrong(after)
    return {
        "cases": len(cases),
        "mended": sorted(wrong_before - wrong_after)[:MOST_NAMED],
        "broken": sorted(wrong_after - wrong_before)[:MOST_NAMED],
        "before": _shares(before),
        "after": _shares(after),
    }


def _wrong(found: Evaluation) -> set[str]:
    """Doubt where none was needed is no fault: a question costs a minute, a wrong answer a project."""
    return {case for measure, ids in found.wrong.items() if measure != "positives sure" for case in ids}


def _shares(found: Evaluation) -> Mapping[str, float]:
    return {measure: round(share.value, 4) for measure, share in found.shares.items()}
