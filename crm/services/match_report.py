"""An evaluation as people and programs read it. Called by `crm match evaluate`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from crm.services.evaluation_cases import HELD_OUT
from crm.services.match_evaluation import Comparison, Evaluation, Share

KINDS = {"registry": "登记文本", "speech": "口语文本"}
PARTS = {"development": "开发用例", "held_out": "留出用例（开发中从未查看）"}
LABELS = {
    "industry first": "产业首位正确",
    "industry in three": "产业前三含正确",
    "node in five": "环节前五含正确",
    "positives kept": "应收的收下",
    "negatives refused": "应拒的拒绝",
    "positives sure": "收下且无疑问",
}
BASELINES = {"substring count": "词数", "BM25": "BM25"}
MOST_CONFUSED = 12


def table(comparison: Comparison, *, wrong: bool = False) -> Iterator[str]:
    """Lines of text: a measure each with its Wilson interval, beside both baselines; then what was confused with what."""
    found = comparison.matcher
    kind, part = KINDS.get(comparison.kind, comparison.kind), PARTS.get(comparison.part, comparison.part)
    yield f"【{kind} · {part}】{found.per_second:.0f} 条/秒"
    for measure, share in found.shares.items():
        beside = "  ".join(
            f"{BASELINES[name]} {other.shares[measure].value:5.1%}" for name, other in comparison.baselines.items()
        )
        yield f"  {LABELS[measure]:　<8} {_interval(share)}   {beside}"
        if wrong and comparison.part != HELD_OUT and found.wrong.get(measure):
            yield f"      未中：{'、'.join(found.wrong[measure])}"
    if found.confused:
        pairs = (f"{a}→{b} {count}" for (a, b), count in found.confused.most_common(MOST_CONFUSED))
        yield f"  混淆（应为→答为）：{'，'.join(pairs)}"


def _interval(share: Share) -> str:
    low, high = share.interval()
    return f"{share.value:6.1%}（{share.right}/{share.count}，95% 区间 {low:.1%}–{high:.1%}）"


def as_row(comparison: Comparison) -> dict[str, Any]:
    return {
        "kind": comparison.kind,
        "part": comparison.part,
        **_values(comparison.matcher),
        "confused": [
            {"expected": a, "answered": b, "count": n} for (a, b), n in comparison.matcher.confused.most_common()
        ],
        "baselines": {name: _values(other) for name, other in comparison.baselines.items()},
    }


def _values(found: Evaluation) -> dict[str, Any]:
    shares = {
        measure: {"right": share.right, "count": share.count, "share": share.value, "interval": share.interval()}
        for measure, share in found.shares.items()
    }
    return {"shares": shares, "per_second": round(found.per_second)}
