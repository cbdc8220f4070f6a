"""Highlight: the stored text that was hit, escaped, with the hit inside <mark>. Never any other markup.

Made by our code over stored text, for both engines alike (an engine's own snippets are bytes of tokens).
Called by `search/hits.py`.
"""

from __future__ import annotations

from html import escape

from schemas.documents import SearchDocument
from search.asked import Asked, split
from search.folding import fold_character
from search.ladder import Rung
from search.pinyin import UNIT, initial, readings

_WINDOW = 80
_BEFORE = 16
Span = tuple[int, int]


class _Text:
    """A stored text folded character by character, so that a hit leads back to where it stands."""

    def __init__(self, stored: str) -> None:
        self.stored = stored
        pairs = [
            (letter, place)
            for place, character in enumerate(stored)
            for letter in fold_character(character)
            if letter.isalnum() or letter == "+"
        ]
        self.folded = "".join(letter for letter, _ in pairs)
        self._places = [place for _, place in pairs]

    def _origin(self, start: int, length: int) -> Span:
        return self._places[start], self._places[start + length - 1] + 1

    def all_of(self, wanted: str) -> list[Span]:
        spans: list[Span] = []
        start = self.folded.find(wanted) if wanted else -1
        while start >= 0:
            spans.append(self._origin(start, len(wanted)))
            start = self.folded.find(wanted, start + len(wanted))
        return spans

    def by_sound(self, wanted: str) -> list[Span]:
        """The shortest run of characters whose pinyin or initials begin with what was typed."""
        found = list(UNIT.finditer(self.folded))
        for reading in readings(self.folded):
            letters = [initial(sound, unit[0]) for sound, unit in zip(reading, found, strict=True)]
            for sounds in (reading, letters):
                for start in range(len(found)):
                    spoken = ""
                    for end in range(start, len(found)):
                        spoken += sounds[end]
                        if spoken.startswith(wanted):
                            return [self._origin(found[start].start(), found[end].end() - found[start].start())]
                        if not wanted.startswith(spoken):
                            break
        return []


def _spans(text: _Text, asked: Asked, *, by_sound: bool) -> list[Span]:
    """The whole query, else its words, else its sound, else its single characters."""
    if spans := text.all_of(asked.key):
        return spans
    words = [text.all_of(word.key) or (_heard(text, word) if by_sound else []) for word in split(asked)]
    if spans := [span for found in words for span in found]:
        return spans
    if by_sound and (spans := _heard(text, asked)):
        return spans
    return [span for token in asked.distinct if not token.isascii() for span in text.all_of(token)]


def _heard(text: _Text, asked: Asked) -> list[Span]:
    wanted = (asked.key,) if asked.is_latin else (*asked.sounds, *asked.letters) if asked.has_han else ()
    return next((spans for sound in wanted if len(sound) > 1 and (spans := text.by_sound(sound))), [])


def _marked(stored: str, spans: list[Span], low: int, high: int) -> str:
    parts: list[str] = []
    place = low
    for start, end in sorted(spans):
        start, end = max(start, place), min(end, high)
        if start >= end:
            continue
        parts += [escape(stored[place:start]), "<mark>", escape(stored[start:end]), "</mark>"]
        place = end
    return "".join([*parts, escape(stored[place:high])]).replace("</mark><mark>", "")


def _window(stored: str, spans: list[Span]) -> str:
    first = min((start for start, _ in spans), default=0)
    low = max(0, first - _BEFORE) if len(stored) > _WINDOW else 0
    high = min(len(stored), low + _WINDOW)
    return ("…" if low else "") + _marked(stored, spans, low, high) + ("…" if high < len(stored) else "")


def _candidates(document: SearchDocument, field: str) -> tuple[str, ...]:
    """The stored texts behind a field of the index, the likeliest first."""
    names = (document.name, *document.full_names, *document.short_names, *document.english_names)
    special: dict[str, tuple[str, ...]] = {
        "uscc": (document.uscc or "",),
        "numbers": (*document.source_refs, document.id),
        "former_keys": document.former_names,
        "formers": document.former_names,
        "short_keys": (*document.short_names, *names),
        "english_keys": document.english_names,
        "title": (document.title,),
        "place": (f"{document.province or ''}{document.city or ''}", *names),
        "body_head": (document.body,),
        "body": (document.body,),
    }
    return tuple(text for text in special.get(field, names) if text) or (document.name,)


def highlight(document: SearchDocument, asked: Asked, rung: Rung) -> str:
    """Escaped HTML of the text that was hit; of the first candidate, unmarked, when nothing in them can be marked."""
    candidates = [_Text(text) for text in dict.fromkeys(_candidates(document, rung.fields[0]))]
    text = next((text for text in candidates if text.all_of(asked.key)), None)
    if text is not None:
        return _window(text.stored, text.all_of(asked.key))
    by_sound = rung.fields[0].startswith(("pinyin", "initials"))
    found = ((text, _spans(text, asked, by_sound=by_sound)) for text in candidates)
    text, spans = next(((text, spans) for text, spans in found if spans), (candidates[0], []))
    return _window(text.stored, spans)
