"""The words that speak for a chain node, or for none of ours, compiled once from a reference pack.

A dictionary keyed by the first two characters finds the longest word at each place; in Python this beats an
alternation of thousands of words in `re`, and the domain may import no automaton. A word inside a longer
match is not counted ("连接器" inside "汽车连接器"). Called by `crm/domain/evidence.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from crm.domain.clauses import REMEMBERED, STANDARD_LENGTH
from crm.domain.reference import ChainNode, ReferencePack

KEYWORD, PRODUCT, NODE_NAME, CLASS_NAME, STEM = 1.0, 0.9, 0.9, 0.5, 0.5
_LENGTH_HAN = (0.0, 0.3, 0.75, 0.95, 1.05, 1.15)
_LENGTH_LATIN = (0.0, 0.2, 0.7, 0.9, 1.0, 1.0)
_SUFFIX = re.compile(r"(?:专用设备制造|制造设备|设备制造|设备|装置|系统|制造|产品|制品|机|仪)$")
_NAME_PARTS = re.compile(r"[与和及、/()]")


@dataclass(slots=True)
class Entry:
    """What a word proves: weight per node (already lowered for words of many nodes) and per outside trade."""

    word: str
    nodes: dict[str, float] = field(default_factory=dict)
    outside: dict[str, float] = field(default_factory=dict)
    stem: bool = False
    loose: bool = True  # known only as the name of a class: words inside it count too

    def claim(self, node: str, weight: float) -> None:
        self.loose = self.loose and weight == CLASS_NAME
        self.nodes[node] = max(self.nodes.get(node, 0.0), weight)

    def settle(self) -> None:
        """Turn raw weights into proof: a longer word says more, a word of many nodes says less of each."""
        share = _length_factor(self.word) / max(1, len(self.nodes)) ** 0.6
        self.nodes = {node: weight * share for node, weight in self.nodes.items()}
        self.outside = {domain: weight * _length_factor(self.word) for domain, weight in self.outside.items()}


class Vocabulary:
    """Every word of a pack, ready to scan folded text."""

    def __init__(self, pack: ReferencePack, fold: Callable[[str], str]) -> None:
        self._entries: dict[str, Entry] = {}
        self._fold = fold
        for node in sorted(pack.nodes.values(), key=lambda node: node.code):
            if _enabled(pack, node):
                self._learn_node(node, pack)
        for word in sorted(pack.words, key=lambda word: (word.node, word.word)):
            if word.node in pack.nodes and _enabled(pack, pack.nodes[word.node]):
                self._claim(word.word, word.node, word.weight)
        for outside in pack.outside:
            if outside.kind == "word":
                entry = self._entry(outside.word)
                entry.outside[outside.domain] = max(entry.outside.get(outside.domain, 0.0), outside.weight)
        self._learn_stems()
        for entry in self._entries.values():
            entry.settle()
        self._lengths = _lengths_by_head(self._entries)
        self._known_scan = lru_cache(maxsize=REMEMBERED)(self._scan)

    def scan(self, text: str) -> tuple[Entry, ...]:
        """The entries found in folded `text`, left to right, longest first, none inside another."""
        return self._known_scan(text) if len(text) <= STANDARD_LENGTH else self._scan(text)

    def _scan(self, text: str) -> tuple[Entry, ...]:
        return tuple(self._found(text))

    def _found(self, text: str) -> Iterator[Entry]:
        entries, lengths, end, size = self._entries, self._lengths, 0, len(text)
        for start in range(size):
            for length in lengths.get(text[start : start + 2]) or lengths.get(text[start], ()):
                stop = start + length
                if stop > size:
                    continue
                if stop <= end:
                    break
                entry = entries.get(text[start:stop])
                if entry is not None and _stands_alone(text, start, stop):
                    yield entry
                    if not entry.loose:
                        end = stop
                        break

    def _learn_node(self, node: ChainNode, pack: ReferencePack) -> None:
        for word in node.keywords:
            self._claim(word, node.code, KEYWORD)
        for word in node.products:
            self._claim(word, node.code, PRODUCT)
        for word in _NAME_PARTS.split(node.name):
            if len(word) > 2:  # "服务" and "平台" in a name say nothing alone
                self._claim(word, node.code, NODE_NAME)
        for code in node.gbt4754:
            if code in pack.classes and not pack.classes[code].name.startswith("其他"):
                self._claim(pack.classes[code].name, node.code, CLASS_NAME)

    def _learn_stems(self) -> None:
        """ "刻蚀" of "刻蚀设备": people drop the general ending. A stem that is a word already stays as it is."""
        for word, entry in tuple(self._entries.items()):
            stem = _SUFFIX.sub("", word)
            if stem != word and len(stem) > 1 and not stem.isascii() and not self._is_word(stem):
                for node, weight in entry.nodes.items():
                    self._entries.setdefault(stem, Entry(stem, stem=True)).claim(node, weight * STEM)

    def _is_word(self, text: str) -> bool:
        entry = self._entries.get(text)
        return entry is not None and not entry.stem

    def _claim(self, word: str, node: str, weight: float) -> None:
        if word:
            self._entry(word).claim(node, weight)

    def _entry(self, word: str) -> Entry:
        folded = self._fold(word).strip()
        return self._entries.setdefault(folded, Entry(folded))


def _enabled(pack: ReferencePack, node: ChainNode) -> bool:
    industry = pack.industries.get(node.industry)
    return industry is None or industry.enabled


def _length_factor(word: str) -> float:
    table = _LENGTH_LATIN if word.isascii() else _LENGTH_HAN
    return table[min(len(word), len(table) - 1)]


def _lengths_by_head(entries: Mapping[str, Entry]) -> dict[str, tuple[int, ...]]:
    """First two characters → lengths of the words that begin so, longest first; a one-character word by itself."""
    found: dict[str, set[int]] = {}
    for word in entries:
        found.setdefault(word[:2], set()).add(len(word))
    for head, lengths in found.items():
        if head[:1] in found:
            lengths.add(1)
    return {head: tuple(sorted(lengths, reverse=True)) for head, lengths in found.items()}


def _stands_alone(text: str, start: int, stop: int) -> bool:
    """Latin words match whole: `AR` is not in `ARM`. Han words need no border."""
    return not (_goes_on(text[max(0, start - 1) : start + 1]) or _goes_on(text[stop - 1 : stop + 1]))


def _goes_on(pair: str) -> bool:
    """Two characters of one Latin word or number."""
    return len(pair) == 2 and pair.isascii() and pair.isalnum()


def saturate(value: float) -> float:
    """Proof without limit → score 0–1."""
    return 1.0 - math.exp(-value)
