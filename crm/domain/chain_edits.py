"""Changes officers make to the chain graph, its words and its weights, each with a day from which it holds.

An edit says one thing about one subject. Live edits are laid over the loaded pack in the order they began; the pack itself
is never changed, so that a newer pack can be loaded beneath them. Called by `crm/services/reference.py`
and `crm/services/chain_edits.py`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from crm.domain.errors import FieldError, Invalid
from crm.domain.match_weights import Weights
from crm.domain.reference import ChainLink, ChainNode, ChainWord, OutsideWord, ReferencePack

WORD_KINDS = {
    "product": "产品",
    "material": "材料",
    "process": "工艺",
    "equipment": "设备",
    "speech": "行话",
    "english": "英文",
}
POSITIONS = ("上游", "中游", "下游", "配套")
RELATIONS = {"supplies": "供给", "complements": "互补"}
LONGEST_WORD, MOST_WEIGHT = 30, 2.0


@dataclass(frozen=True, slots=True)
class ChainEdit:
    """kind: word, outside, industry, weights, node, link or park; `subject`: code of the node, industry, park, name of the
    outside trade, or "weights". `data` by kind, see `_APPLY`."""

    id: str
    kind: str
    subject: str
    data: Mapping[str, Any]
    starts_on: date
    ends_on: date | None = None

    def holds(self, day: date) -> bool:
        return self.starts_on <= day and (self.ends_on is None or day <= self.ends_on)


def about(edit: ChainEdit) -> frozenset[tuple[str, ...]]:
    """What an edit is about: two that wait and are about one thing would be decided twice."""
    things: Iterable[object]
    if edit.kind in ("word", "outside"):
        things = [edit.data.get("word")]
    elif edit.kind == "link":
        things = [f"{edit.data.get('target')} {edit.data.get('relation')}"]
    else:
        things = edit.data if edit.kind == "weights" else [""]
    return frozenset((edit.kind, edit.subject, str(thing)) for thing in things)


def changes_nothing(pack: ReferencePack, edit: ChainEdit) -> bool:
    """Whether the pack is that way already."""
    return replace(_APPLY[edit.kind](pack, edit), version=pack.version) == pack or (
        edit.kind == "word" and edit in _as_it_is(pack, edit)
    )


def _as_it_is(pack: ReferencePack, edit: ChainEdit) -> Iterator[ChainEdit]:
    """The edit that would give a node's word the weight and kind it has."""
    node, word = pack.nodes[edit.subject], str(edit.data["word"]).strip()
    there = [(w.weight, w.kind) for w in pack.words if (w.node, w.word) == (node.code, word)]
    there += [(1.0, "product")] if word in (*node.keywords, *node.products) else []
    for weight, kind in there[:1]:
        if (weight, kind) == (edit.data["weight"], edit.data.get("kind", "product")):
            yield edit


def laid_over(pack: ReferencePack, edits: Iterable[ChainEdit], day: date) -> ReferencePack:
    """The pack as it is on `day`. An edit whose subject the pack no longer has is passed over."""
    holding = sorted((edit for edit in edits if edit.holds(day)), key=lambda edit: (edit.starts_on, edit.id))
    for edit in holding:
        if not list(faults(pack, edit)):
            pack = _APPLY[edit.kind](pack, edit)
    if not holding:
        return pack
    told = json.dumps([[e.id, e.kind, e.subject, e.data] for e in holding], sort_keys=True, ensure_ascii=False)
    return replace(pack, version=f"{pack.version}+{hashlib.sha256(told.encode()).hexdigest()[:8]}")


def check(pack: ReferencePack, edit: ChainEdit) -> None:
    """Raises Invalid naming every field at fault."""
    found = [FieldError(name, message) for name, message in faults(pack, edit)]
    if found:
        raise Invalid(*found)


def faults(pack: ReferencePack, edit: ChainEdit) -> Iterator[tuple[str, str]]:
    if edit.kind not in _FAULTS:
        yield "kind", f"不能修改 {edit.kind}"
        return
    if edit.ends_on is not None and edit.ends_on < edit.starts_on:
        yield "ends_on", "止日早于起日"
    yield from _FAULTS[edit.kind](pack, edit)


def _word_faults(pack: ReferencePack, edit: ChainEdit) -> Iterator[tuple[str, str]]:
    if edit.subject not in pack.nodes:
        yield "subject", f"没有代码为 {edit.subject} 的环节"
    yield from _text_and_weight(edit)
    if edit.data.get("kind", "product") not in WORD_KINDS:
        yield "kind", f"词类可用：{'、'.join(WORD_KINDS.values())}"


def _text_and_weight(edit: ChainEdit) -> Iterator[tuple[str, str]]:
    word, weight = edit.data.get("word"), edit.data.get("weight")
    if not isinstance(word, str) or not 2 <= len(word.strip()) <= LONGEST_WORD:
        yield "word", f"词语为 2 至 {LONGEST_WORD} 个字"
    if not isinstance(weight, int | float) or not 0 <= weight <= MOST_WEIGHT:
        yield "weight", f"权重为 0（停用）至 {MOST_WEIGHT:g}"


def _outside_faults(_: ReferencePack, edit: ChainEdit) -> Iterator[tuple[str, str]]:
    if not edit.subject.strip():
        yield "subject", "请写明行业"
    yield from _text_and_weight(edit)


def _industry_faults(pack: ReferencePack, edit: ChainEdit) -> Iterator[tuple[str, str]]:
    if edit.subject not in pack.industries:
        yield "subject", f"没有代码为 {edit.subject} 的产业"
    if not isinstance(edit.data.get("enabled"), bool):
        yield "enabled", "请写明启用或停用"


def _weights_faults(_: ReferencePack, edit: ChainEdit) -> Iterator[tuple[str, str]]:
    if not edit.data:
        yield "data", "请至少写一项权重"
    for name, value in edit.data.items():
        if name not in Weights.names():
            yield name, "没有这项权重"
        elif not isinstance(value, int | float) or not 0 <= value <= MOST_WEIGHT:
            yield name, f"权重为 0 至 {MOST_WEIGHT:g}"


def _node_faults(pack: ReferencePack, edit: ChainEdit) -> Iterator[tuple[str, str]]:
    if edit.data.get("industry") not in pack.industries:
        yield "industry", "请选择产业"
    if not str(edit.data.get("name") or "").strip():
        yield "name", "请写环节名称"
    if edit.data.get("position") not in POSITIONS:
        yield "position", f"位置可用：{'、'.join(POSITIONS)}"


def _link_faults(pack: ReferencePack, edit: ChainEdit) -> Iterator[tuple[str, str]]:
    if edit.subject not in pack.nodes:
        yield "subject", f"没有代码为 {edit.subject} 的环节"
    if edit.data.get("target") not in pack.nodes or edit.data.get("target") == edit.subject:
        yield "target", "请选择另一环节"
    if edit.data.get("relation") not in RELATIONS:
        yield "relation", f"关系可用：{'、'.join(RELATIONS.values())}"
    if not isinstance(edit.data.get("present"), bool):
        yield "present", "请写明建立或解除"


def _park_faults(pack: ReferencePack, edit: ChainEdit) -> Iterator[tuple[str, str]]:
    if edit.subject not in pack.parks:
        yield "subject", f"没有代码为 {edit.subject} 的园区"
    for code in edit.data.get("nodes", ()):
        if code not in pack.nodes:
            yield "nodes", f"没有代码为 {code} 的环节"
    if not isinstance(edit.data.get("accepts_projects", True), bool):
        yield "accepts_projects", "请写明承接或不承接"


def _apply_word(pack: ReferencePack, edit: ChainEdit) -> ReferencePack:
    """A word of a node with the weight it has from now on; 0 mutes it wherever the node had it."""
    word, node = str(edit.data["word"]).strip(), pack.nodes[edit.subject]
    kept = replace(
        node,
        keywords=tuple(known for known in node.keywords if known != word),
        products=tuple(known for known in node.products if known != word),
    )
    words = tuple(known for known in pack.words if (known.node, known.word) != (node.code, word))
    if edit.data["weight"]:
        words = (*words, ChainWord(node.code, word, float(edit.data["weight"]), edit.data.get("kind", "product")))
    return replace(pack, nodes={**pack.nodes, node.code: kept}, words=words)


def _apply_outside(pack: ReferencePack, edit: ChainEdit) -> ReferencePack:
    word = str(edit.data["word"]).strip()
    outside = tuple(known for known in pack.outside if (known.domain, known.word) != (edit.subject, word))
    if edit.data["weight"]:
        outside = (*outside, OutsideWord(edit.subject, word, float(edit.data["weight"])))
    return replace(pack, outside=outside)


def _apply_industry(pack: ReferencePack, edit: ChainEdit) -> ReferencePack:
    industry = replace(pack.industries[edit.subject], enabled=edit.data["enabled"])
    return replace(pack, industries={**pack.industries, edit.subject: industry})


def _apply_weights(pack: ReferencePack, edit: ChainEdit) -> ReferencePack:
    return replace(pack, weights={**pack.weights, **edit.data})


def _apply_node(pack: ReferencePack, edit: ChainEdit) -> ReferencePack:
    """A new node, or other name, place and description of one there is; its words stay."""
    said = {name: edit.data[name] for name in ("industry", "name", "position", "description") if name in edit.data}
    there = pack.nodes.get(edit.subject)
    node = replace(there, **said) if there else ChainNode(code=edit.subject, **said)
    return replace(pack, nodes={**pack.nodes, edit.subject: node})


def _apply_link(pack: ReferencePack, edit: ChainEdit) -> ReferencePack:
    link = ChainLink(edit.subject, edit.data["target"], edit.data["relation"])
    links = tuple(known for known in pack.links if known != link)
    return replace(pack, links=(*links, link) if edit.data["present"] else links)


def _apply_park(pack: ReferencePack, edit: ChainEdit) -> ReferencePack:
    said = dict(edit.data)
    if "nodes" in said:
        said["nodes"] = tuple(said["nodes"])
    park = replace(pack.parks[edit.subject], **said)
    return replace(pack, parks={**pack.parks, edit.subject: park})


_FAULTS: Mapping[str, Callable[[ReferencePack, ChainEdit], Iterator[tuple[str, str]]]] = {
    "word": _word_faults,
    "outside": _outside_faults,
    "industry": _industry_faults,
    "weights": _weights_faults,
    "node": _node_faults,
    "link": _link_faults,
    "park": _park_faults,
}
_APPLY: Mapping[str, Callable[[ReferencePack, ChainEdit], ReferencePack]] = {
    "word": _apply_word,  # word, weight (0 mutes), kind
    "outside": _apply_outside,  # word, weight
    "industry": _apply_industry,  # enabled
    "weights": _apply_weights,  # name → value
    "node": _apply_node,  # industry, name, position, description
    "link": _apply_link,  # target, relation, present
    "park": _apply_park,  # nodes, accepts_projects
}
