"""The words of a text that a match rests on, marked where they stand. Called by the page of a project.

Words are those the proposal kept, so that what is shown is what ranked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from search.folding import fold_character, fold_text

MOST_SHOWN = 1200  # characters of one text
Piece = tuple[str, bool]
"""A stretch of text, and whether it is marked."""


def marked(text: str, words: Iterable[str]) -> list[Piece]:
    """The text in pieces, those that are one of the (folded) words marked, wherever they stand in it."""
    shown = text[:MOST_SHOWN] + ("…" if len(text) > MOST_SHOWN else "")
    spans = sorted(_spans(shown, {fold_text(word) for word in words}))
    pieces: list[Piece] = []
    place = 0
    for start, end in spans:
        if end <= place:
            continue
        start = max(start, place)
        if start > place:
            pieces.append((shown[place:start], False))
        pieces.append((shown[start:end], True))
        place = end
    if place < len(shown):
        pieces.append((shown[place:], False))
    return pieces


def words_of(result: Mapping[str, Any], most_nodes: int = 4) -> list[str]:
    """The words behind the first nodes of a stored proposal."""
    return [word for node in result["nodes"][:most_nodes] for word in node.get("words", ())]


def _spans(text: str, words: Iterable[str]) -> Iterator[tuple[int, int]]:
    """Places in the stored text: folded character by character, each letter knows where it came from."""
    pairs = [(letter, place) for place, character in enumerate(text) for letter in fold_character(character)]
    folded = "".join(letter for letter, _ in pairs)
    for word in words:
        at = folded.find(word) if word else -1
        while at >= 0:
            yield pairs[at][1], pairs[at + len(word) - 1][1] + 1
            at = folded.find(word, at + len(word))
