"""Folding: the one spelling under which two texts are compared.

NFKC and width, traditional to simplified, case, brackets; marks that do not print (control, bidi, zero
width), emoji and combining marks are dropped, blanks become one space. Done in Python, once, so that both
engines and the identity keys see the same characters. Called by `names`, `tokens`, `query` and `highlight`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from opencc import OpenCC

_OPEN = "([{〔【〖〈《「『﹝⟨"
_CLOSE = ")]}〕】〗〉》」』﹞⟩"
_BRACKETS = {**dict.fromkeys(_OPEN, "("), **dict.fromkeys(_CLOSE, ")")}
# Control, format (bidi, zero width), surrogates, private use, unassigned; emoji; modifiers; combining marks.
_DROPPED = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "So", "Sk", "Mn", "Me"))


@lru_cache(maxsize=1)
def _converter() -> OpenCC:
    return OpenCC("t2s")


class _Table(dict[int, str]):
    """Translation table filled on first sight of a character: categories are looked up once, not per name."""

    def __missing__(self, codepoint: int) -> str:
        folded = self[codepoint] = "".join(map(_plain, unicodedata.normalize("NFKC", chr(codepoint))))
        return folded


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace() or category.startswith("Z"):
        return " "
    return "" if category in _DROPPED else _BRACKETS.get(character, character).lower()


_TABLE = _Table()
_COMPOSING = re.compile(
    "[\u0300-\u036f\u0483-\u1aff\u1d00-\u1dff\u20d0-\u20ff\u3099-\u309c\ua000-\uabff\ud7b0-\ud7ff\uff9e\uff9f]"
)
"""Scripts in which a character may join the one before it: Chinese and Latin texts have none."""
_SHORT = 64  # names come again and again, bodies do not


def fold_text(text: str) -> str:
    """The folded text with single spaces between words."""
    return _fold_short(text) if len(text) <= _SHORT else _fold(text)


@lru_cache(maxsize=65536)
def _fold_short(text: str) -> str:
    return _fold(text)


def _fold(text: str) -> str:
    if _COMPOSING.search(text) or not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFKC", text)
    plain = text.translate(_TABLE)  # without marks that compose NFKC goes character by character
    if not plain.isascii():
        plain = _converter().convert(plain)
    return " ".join(plain.split())


@lru_cache(maxsize=65536)
def fold_character(character: str) -> str:
    """One character folded by itself: keeps offsets into the stored text for the highlight."""
    return fold_text(character)
