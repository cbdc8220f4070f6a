"""Text → tokens, made here once for both engines, so that they give the same answers (architecture, decision 6).

A text becomes single Han characters and Latin or digit words; a name also becomes keys, brand, shorthands,
pinyin and spellings with one character missing. `document_row` gives every field of `search/mapping.py`
but the payload; called by the adapters when they write. The ladder uses the small functions on queries.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, chain

from schemas.documents import FACET_FIELDS, SearchDocument
from search.folding import fold_text
from search.names import CompanyName, fold_name, name_key, parse_name
from search.ordering import sort_numbers
from search.pinyin import readings_of, units

HEAD_CHARACTERS = 120
"""The main business opens `body`; a word found there counts for more than one in the long scope."""
_LONGEST_TERM = 64
_TOKEN = re.compile(r"[a-z0-9]+|[^\W_]")

Row = dict[str, list[str] | list[int]]


def words(folded: str) -> list[str]:
    """Tokens of a folded text: every Han character by itself, Latin words and numbers whole."""
    return _TOKEN.findall(folded)


@lru_cache(maxsize=8192)
def one_off(form: str) -> tuple[str, ...]:
    """Spellings that two texts share when one character differs, is missing, is added or is swapped with its
    neighbour: the form without any one character. Three characters keep the place of the gap; two have none."""
    if len(form) < 3 or len(form) > _LONGEST_TERM:
        return ()
    if len(form) == 3:
        return (form, *(form[:i] + "?" + form[i + 1 :] for i in range(3)))
    return (form, *dict.fromkeys([form[:i] + form[i + 1 :] for i in range(len(form))]))


@dataclass(frozen=True, slots=True)
class _Spoken:
    """Pinyin and initials of the forms of a name: whole, and from each of their units on."""

    pinyin: tuple[str, ...]
    pinyin_inner: tuple[str, ...]
    initials: tuple[str, ...]
    initials_inner: tuple[str, ...]


def _sounds(place: str, brand: str, industry: str) -> _Spoken:
    """One name, read once: its forms are pieces of the same syllables."""
    start = len(units(place))
    marks = units(place + brand + industry)
    pieces = ((start, start + len(units(brand))), (start, len(marks)), (0, len(marks)))
    whole = [unit.isascii() for unit in marks]  # a Latin word is its own initials
    forms: dict[str, list[str]] = {"pinyin": [], "initials": []}
    inner: dict[str, list[str]] = {"pinyin": [], "initials": []}
    for reading in readings_of((place, brand, industry)):
        letters = [sound if latin else sound[:1] for sound, latin in zip(reading, whole, strict=True)]
        spelled: tuple[tuple[str, Sequence[str]], ...] = (("pinyin", reading), ("initials", letters))
        for kind, sounds in spelled:
            joined = "".join(sounds)
            at = list(accumulate(map(len, sounds), initial=0))
            forms[kind] += [joined[at[low] : min(at[high], at[low] + _LONGEST_TERM)] for low, high in pieces]
            inner[kind] += [joined[begin : begin + _LONGEST_TERM] for begin in at[:-1]]
    return _Spoken(tuple(forms["pinyin"]), tuple(inner["pinyin"]), tuple(forms["initials"]), tuple(inner["initials"]))


@dataclass(frozen=True, slots=True)
class _Named:
    """What follows from one full name; kept, because a company's leads and projects carry the same one."""

    key: str
    parts: CompanyName
    shorthands: tuple[str, ...]
    begun: tuple[str, ...]
    spoken: _Spoken
    words: str


@lru_cache(maxsize=8192)
def _named(full: str) -> _Named:
    name = parse_name(full)
    start = name.industry[:2]
    return _Named(
        name_key(full),
        name,
        (name.brand + name.industry, name.place + name.brand, name.core),
        (name.brand + start, name.place + name.brand + start),
        _sounds(name.place, name.brand, name.industry),
        " ".join(words(fold_text(full))),
    )


def _name_fields(full: Iterable[str], short: Iterable[str]) -> dict[str, list[str]]:
    """Fields that follow from the names."""
    named = [_named(name) for name in full]
    nicknames = [key for name in short if (key := name_key(name))]
    brands = [name.parts.brand for name in named if name.parts.brand]
    shorthands = [form for name in named for form in name.shorthands]
    forms = dict.fromkeys((*brands, *shorthands, *(form for name in named for form in name.begun), *nicknames))
    unheard = [form for form in nicknames if form not in shorthands and form not in brands]
    spoken = [*(name.spoken for name in named), *(_sounds("", nickname, "") for nickname in unheard)]
    return {
        "full_keys": _joined(name.key for name in named),
        "short_keys": _joined(nicknames),
        "cores": _joined(name.parts.core for name in named),
        "brands": _joined(brands),
        "shorthands": _joined(shorthands),
        "trade": _joined(name.parts.industry for name in named),
        "near": _joined(chain.from_iterable(map(one_off, forms))),
        "pinyin": _joined(chain.from_iterable(sounds.pinyin for sounds in spoken)),
        "pinyin_inner": _joined(chain.from_iterable(sounds.pinyin_inner for sounds in spoken)),
        "initials": _joined(chain.from_iterable(sounds.initials for sounds in spoken)),
        "initials_inner": _joined(chain.from_iterable(sounds.initials_inner for sounds in spoken)),
        "names": [*(name.words for name in named), *(" ".join(words(fold_text(name))) for name in short)],
    }


def _joined(terms: Iterable[str]) -> list[str]:
    """One whitespace-joined value of distinct terms; engines cut it at the blanks again."""
    return [" ".join(dict.fromkeys(filter(None, terms)))]


def _text_fields(document: SearchDocument) -> dict[str, list[str]]:
    body = words(fold_text(document.body))
    return {
        "names": [" ".join(words(fold_text(name))) for name in document.english_names],
        "formers": [" ".join(words(fold_text(name))) for name in document.former_names],
        "title": [" ".join(words(fold_text(document.title)))],
        "place": [" ".join(words(fold_text(place))) for place in (document.province, document.city) if place],
        "body_head": [" ".join(body[:HEAD_CHARACTERS])],
        "body": [" ".join(body)],
    }


def _code_fields(document: SearchDocument) -> dict[str, list[str]]:
    return {
        "uscc": [fold_name(document.uscc)] if document.uscc else [],
        "numbers": _joined(fold_name(number) for number in (document.id, *document.source_refs)),
        "english_keys": _joined(name_key(name) for name in document.english_names),
        "former_keys": _joined(
            key for name in document.former_names for key in (name_key(name), parse_name(name).core)
        ),
        "access": list(document.access),
    }


def _facet_values(document: SearchDocument, field: str) -> list[str]:
    value: str | tuple[str, ...] | None = getattr(document, field)
    if value is None or value == "":
        return []
    return [value] if isinstance(value, str) else list(dict.fromkeys(value))


def document_row(document: SearchDocument) -> Row:
    """Every searchable field of a document, as the mapping declares them."""
    row: Row = {}
    row.update(_name_fields(dict.fromkeys((document.name, *document.full_names)), document.short_names))
    text = _text_fields(document)
    row["names"] = [*row["names"], *text.pop("names")]
    row.update(text)
    row.update(_code_fields(document))
    row.update({field: _facet_values(document, field) for field in FACET_FIELDS})
    row.update(sort_numbers(document))
    return row
