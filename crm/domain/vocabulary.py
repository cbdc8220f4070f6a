"""The words that speak for a chain node, or for none of ours, compiled once from a reference pack.

Which of them stand in a text is found by a `Finder`: the longest word at each place, none inside another ("连接器" inside
"汽车连接器" is not counted). The domain imports no automaton; `crm/services/compiling.py` passes one in.
Called by `crm/domain/evidence.py`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from crm.domain.reference import ChainNode, ReferencePack

Finder = Callable[[str], Iterable[tuple[int, int, int]]]
"""Text → (number of the word, start, end) of each word found, left to right."""
FinderMaker = Callable[[Sequence[str]], Finder]
Sounds = Callable[[str], Sequence[str]]
"""Folded text → the sound of each character or Latin word."""

KEYWORD, PRODUCT, NODE_NAME, CLASS_NAME, STEM = 1.0, 0.9, 0.9, 0.5, 0.5
_LENGTH_HAN = (0.0, 0.3, 0.75, 0.95, 1.05, 1.15)
_LENGTH_LATIN = (0.0, 0.2, 0.7, 0.9, 1.0, 1.0)
_SUFFIX = re.compile(r"(?:专用设备制造|制造设备|设备制造|设备|装置|系统|制造|产品|制品|机|仪)$")
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_NAME_PARTS = re.compile(r"[与和及、/()]")


@dataclass(slots=True)
class Entry:
    """What a word proves: weight per node (already lowered for words of many nodes) and per outside trade."""

    word: str
    nodes: dict[str, float] = field(default_factory=dict)
    outside: dict[str, float] = field(default_factory=dict)
    stem: bool = False
    loose: bool = True  # known only as the name of a class: words inside it count too
    inside: tuple[Entry, ...] = ()
    strongest: float = 0.0  # for one node
    strongest_outside: float = 0.0

    def claim(self, node: str, weight: float) -> None:
        self.loose = self.loose and weight == CLASS_NAME
        self.nodes[node] = max(self.nodes.get(node, 0.0), weight)

    def settle(self) -> None:
        """Turn raw weights into proof: a longer word says more, a word of many nodes says less of each."""
        length = _length_factor(self.word)
        share = length / max(1.0, sum(self.nodes.values()) / max(self.nodes.values(), default=1.0)) ** 0.6
        self.nodes = {node: weight * share for node, weight in self.nodes.items()}
        self.outside = {domain: weight * length for domain, weight in self.outside.items()}
        self.strongest = max(self.nodes.values(), default=0.0)
        self.strongest_outside = max(self.outside.values(), default=0.0)


class Found(NamedTuple):
    """A word at its place in a text."""

    entry: Entry
    start: int
    end: int


class Vocabulary:
    """Every word of a pack, ready to scan folded text."""

    def __init__(
        self, pack: ReferencePack, fold: Callable[[str], str], make_finder: FinderMaker, sounds: Sounds | None = None
    ) -> None:
        self._fold = fold
        self._make_finder = make_finder
        self._sounds = sounds
        self._heard: tuple[Finder, list[Entry]] | None = None
        self._by_word: dict[str, Entry] = {}
        for node in sorted(pack.nodes.values(), key=lambda node: node.code):
            if _enabled(pack, node):
                self._learn_node(node, pack)
        for word in sorted(pack.words, key=lambda word: (word.node, word.word)):
            if word.node in pack.nodes and _enabled(pack, pack.nodes[word.node]):
                self._claim(word.word, word.node, word.weight)
        for outside in pack.outside:
            if outside.kind == "word" and (entry := self._entry(outside.word)) is not None:
                entry.outside[outside.domain] = max(entry.outside.get(outside.domain, 0.0), outside.weight)
        self._learn_stems()
        self.entries = [entry for _, entry in sorted(self._by_word.items())]
        for entry in self.entries:
            entry.settle()
        self._find = make_finder([entry.word for entry in self.entries])
        self._look_inside()

    def scan(self, text: str) -> list[Found]:
        """The words found in folded `text`, left to right, longest first, none inside another."""
        entries = self.entries
        return [
            Found(entries[number], start, end)
            for number, start, end in self._find(text)
            if _stands_alone(text, start, end)
        ]

    def hear(self, text: str) -> list[Entry]:
        """The words that folded `text` sounds like (鸭力传感器 for 压力传感器): what dictation and typing make of them. Only
        words of three characters and more; they are too many of two that sound alike."""
        if self._sounds is None:
            return []
        if self._heard is None:
            self._heard = self._learn_sounds(self._sounds)
        find, entries = self._heard
        rest = list(text)
        for found in self.scan(text):  # what was read is not heard as something else
            rest[found.start : found.end] = "," * (found.end - found.start)
        return [
            entries[number]
            for run in _HAN.findall("".join(rest))
            if len(run) > 2
            for number, _, _ in find(_spelled(self._sounds(run)))
        ]

    def _learn_sounds(self, sounds: Sounds) -> tuple[Finder, list[Entry]]:
        by_sound: dict[str, Entry] = {}
        for entry in self.entries:
            if len(entry.word) > 2 and not entry.loose and _HAN.fullmatch(entry.word):
                by_sound.setdefault(_spelled(sounds(entry.word)), entry)
        return self._make_finder(list(by_sound)), list(by_sound.values())

    def _look_inside(self) -> None:
        """The name of a class is long and says little: the words it is made of speak too."""
        for entry in self.entries:
            if entry.loose and len(entry.word) > 2:
                inner = [n for part in (entry.word[:-1], entry.word[1:]) for n, _, _ in self._find(part)]
                entry.inside = tuple(self.entries[n] for n in dict.fromkeys(inner) if not self.entries[n].loose)

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
        for word, entry in tuple(self._by_word.items()):
            stem = _SUFFIX.sub("", word)
            if stem != word and len(stem) > 1 and not stem.isascii() and not self._is_word(stem):
                for node, weight in entry.nodes.items():
                    self._by_word.setdefault(stem, Entry(stem, stem=True)).claim(node, weight * STEM)

    def _is_word(self, text: str) -> bool:
        entry = self._by_word.get(text)
        return entry is not None and not entry.stem

    def _claim(self, word: str, node: str, weight: float) -> None:
        entry = self._entry(word)
        if entry is not None:
            entry.claim(node, weight)

    def _entry(self, word: str) -> Entry | None:
        folded = self._fold(word).strip()
        return self._by_word.setdefault(folded, Entry(folded)) if folded else None


def _enabled(pack: ReferencePack, node: ChainNode) -> bool:
    industry = pack.industries.get(node.industry)
    return industry is None or industry.enabled


def _spelled(sounds: Sequence[str]) -> str:
    """Syllables between blanks, so that `an` is not found in `san`."""
    return f" {'  '.join(sounds)} "


def _length_factor(word: str) -> float:
    table = _LENGTH_LATIN if word.isascii() else _LENGTH_HAN
    return table[min(len(word), len(table) - 1)]


def _stands_alone(text: str, start: int, stop: int) -> bool:
    """Latin words match whole: `AR` is not in `ARM`. Han words need no border."""
    if text[start] > "z" and text[stop - 1] > "z":  # the quick answer for Han words
        return True
    return not (_goes_on(text[max(0, start - 1) : start + 1]) or _goes_on(text[stop - 1 : stop + 1]))


def _goes_on(pair: str) -> bool:
    """Two characters of one Latin word or number."""
    return len(pair) == 2 and pair.isascii() and pair.isalnum()


def saturate(value: float) -> float:
    """Proof without limit → score 0–1."""
    return 1.0 - math.exp(-value)


def plain_finder(words: Sequence[str]) -> Finder:
    """A Finder of the standard library: fast enough for a few words, and what tests of this module use."""
    numbers = {word: number for number, word in enumerate(words)}
    longest_first = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    pattern = re.compile(longest_first) if words else None

    def find(text: str) -> Iterator[tuple[int, int, int]]:
        for match in pattern.finditer(text) if pattern else ():
            yield numbers[match.group()], match.start(), match.end()

    return find
