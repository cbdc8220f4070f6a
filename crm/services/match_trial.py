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
from crm.services.evaluation_cases import HELD_OUT, Case
from crm.services.match_evaluation import Evaluation, evaluate, matcher_answers

MOST_NAMED = 20


def try_out(matcher: Matcher, edit: ChainEdit, cases: Sequence[Case], day: date) -> dict[str, Any]:
    """Shares before and after; how many cases would be mended, broken, and proposed other parks. Of those broken only cases
    of the development part are named, MOST_NAMED at most: the others are kept for measuring.

    Tried as if it held today, whenever it is to begin.
    """
    holding = ChainEdit(edit.id, edit.kind, edit.subject, edit.data, day)
    later = compile_matcher(laid_over(matcher.pack, [holding], day))
    before, after = evaluate(cases, matcher_answers(matcher)), evaluate(cases, matcher_answers(later))
    wrong_before, wrong_after = _wrong(before), _wrong(after)
    open_cases = {case.id for case in cases if case.part != HELD_OUT}
    return {
        "cases": len(cases),
        "mended": len(wrong_before - wrong_after),
        "broken": len(wrong_after - wrong_before),
        "broken_cases": sorted((wrong_after - wrong_before) & open_cases)[:MOST_NAMED],
        "other_parks": sum(before.parks[case] != after.parks[case] for case in before.parks),
        "before": _shares(before),
        "after": _shares(after),
    }


def _wrong(found: Evaluation) -> set[str]:
    """Doubt where none was needed is no fault: a question costs a minute, a wrong answer a project."""
    return {case for measure, ids in found.wrong.items() if measure != "positives sure" for case in ids}


def _shares(found: Evaluation) -> Mapping[str, float]:
    return {measure: round(share.value, 4) for measure, share in found.shares.items()}
