"""The ranking ladder of product.md, once, as data: what makes a hit, what it is called, and what stands above what.

A document is ranked by the highest rung it reaches; a lower rung never outranks a higher one. Both engines
read the same rungs: the embedded adapter asks them one after the other, a server scores them by `weight`.
Called by `search/plan.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from search.asked import Asked, split
from search.clauses import All, AnyTerm, Clause, Phrase, Prefix, Term, some

Match = Callable[[Asked, str], Clause | None]


class When(StrEnum):
    """Which queries a rung answers. LAST: only when nothing else was found."""

    ALWAYS = "always"
    LATIN = "latin"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Rung:
    """`match` builds the clause for each of `fields`; `why` is shown to people. `names`: asked while typing too.
    `by_word`: may be reached by several words, each on this rung or a higher such one. `covers`: rungs whose
    documents this one reaches too, so that they need not be asked beside it."""

    code: str
    why: str
    match: Match
    fields: tuple[str, ...]
    when: When = When.ALWAYS
    names: bool = True
    by_word: bool = False
    covers: frozenset[str] = frozenset()


def _code(asked: Asked, field: str) -> Clause | None:
    return Term(field, asked.joined)


def _code_prefix(asked: Asked, field: str) -> Clause | None:
    """The beginning of a credit code: from six letters and digits on, of which some are digits."""
    fits = asked.joined.isalnum() and asked.joined.isascii() and any(letter.isdigit() for letter in asked.joined)
    return Prefix(field, asked.joined) if fits and len(asked.joined) >= 6 else None


def _key(asked: Asked, field: str) -> Clause | None:
    return Term(field, asked.key)


def _core(asked: Asked, field: str) -> Clause | None:
    return Term(field, asked.core) if asked.core else None


def _prefix(asked: Asked, field: str) -> Clause | None:
    return Prefix(field, asked.key) if len(asked.key) >= 2 or asked.has_han else None


def _phrase(asked: Asked, field: str) -> Clause | None:
    return Phrase(field, asked.tokens) if len(asked.tokens) > 1 else Term(field, asked.tokens[0])


ENGLISH_FORMS = ("co", "company", "corp", "corporation", "group", "holding", "inc", "limited", "llc", "ltd", "plc")


def _word_prefix(asked: Asked, field: str) -> Clause | None:
    """A Latin word is still being typed. One that begins the form of every company (lt…, co…) says nothing."""
    says_nothing = any(form.startswith(asked.key) for form in ENGLISH_FORMS)
    return Prefix(field, asked.key) if asked.is_latin and len(asked.key) >= 2 and not says_nothing else None


def _characters(asked: Asked, field: str) -> Clause | None:
    """All the characters, wherever they stand: 鹤汀能源 in 鹤汀（昆山）能源. Two characters alone say too little."""
    return All(tuple(Term(field, token) for token in asked.distinct)) if len(asked.distinct) >= 3 else None


def _bigrams(asked: Asked, field: str) -> Clause | None:
    """Every pair of neighbours stands somewhere: 半导体封装测试 in 半导体器件的封装、封装测试."""
    pairs = tuple(dict.fromkeys(zip(asked.tokens, asked.tokens[1:], strict=False)))
    return All(tuple(Phrase(field, pair) for pair in pairs)) if len(pairs) >= 2 else None


def _sound(asked: Asked, field: str) -> Clause | None:
    return Term(field, asked.key) if asked.is_latin and len(asked.key) >= 2 else None


def _sound_prefix(asked: Asked, field: str) -> Clause | None:
    return Prefix(field, asked.key) if asked.is_latin and len(asked.key) >= 2 else None


def _mixed(asked: Asked, field: str) -> Clause | None:
    """Han and Latin in one query (鹤汀guangdian, 昆山htgd): the sound must fit, and the Han must stand in the name."""
    if not (asked.has_han and asked.has_latin):
        return None
    han = tuple(Term("names", character) for character in asked.han)
    spoken = asked.letters if field.startswith("initials") else asked.sounds
    sounds = some(*(Prefix(field, sound) for sound in spoken))
    return All((*han, sounds)) if sounds else None


def _one_off(asked: Asked, field: str) -> Clause | None:
    return AnyTerm(field, asked.one_off) if asked.one_off else None


def _same_sound(asked: Asked, field: str) -> Clause | None:
    if not asked.has_han or len(asked.tokens) < 2:
        return None
    return some(*(Prefix(field, sound) for sound in asked.sounds))


def _some_words(asked: Asked, field: str) -> Clause | None:
    """One of the words written apart; a place alone is no hit."""
    words = [word for word in split(asked) if not word.is_region] if " " in asked.text else []
    return some(*(_phrase(word, field) for word in words))


LADDER: tuple[Rung, ...] = (
    Rung("uscc", "信用代码", _code, ("uscc",)),
    Rung("number", "编号", _code, ("numbers",)),
    Rung("full_name", "名称", _key, ("full_keys",)),
    Rung("former_name", "曾用名", _key, ("former_keys",)),
    Rung("short_name", "简称", _key, ("short_keys",)),
    Rung("english_name", "英文名", _key, ("english_keys",)),
    Rung("core", "名称", _core, ("cores",)),
    Rung("brand", "字号", _key, ("brands",)),
    Rung("brand_prefix", "字号", _prefix, ("brands", "short_keys")),
    Rung("shorthand", "简称", _prefix, ("shorthands",)),
    Rung("trade", "名称", _prefix, ("trade",), by_word=True),
    Rung("name_phrase", "名称", _phrase, ("names",), by_word=True),
    Rung("former_phrase", "曾用名", _phrase, ("formers",), by_word=True),
    Rung("title_phrase", "标题", _phrase, ("title",), by_word=True),
    Rung("name_word", "名称", _word_prefix, ("names",), by_word=True),
    Rung("uscc_prefix", "信用代码", _code_prefix, ("uscc",)),
    Rung("place", "地区", _phrase, ("place",), by_word=True),
    Rung("name_characters", "名称", _characters, ("names",)),
    Rung("product", "主营", _phrase, ("body_head",), names=False, by_word=True),
    Rung("scope", "经营范围", _phrase, ("body",), names=False, by_word=True, covers=frozenset({"product"})),
    Rung("pinyin", "拼音", _sound, ("pinyin",), When.LATIN),
    Rung("pinyin_prefix", "拼音", _sound_prefix, ("pinyin",), When.LATIN),
    Rung(
        "pinyin_inner",
        "拼音",
        _sound_prefix,
        ("pinyin_inner",),
        When.LATIN,
        by_word=True,
        covers=frozenset({"pinyin", "pinyin_prefix"}),
    ),
    Rung("initials", "首字母", _sound, ("initials",), When.LATIN),
    Rung("initials_prefix", "首字母", _sound_prefix, ("initials",), When.LATIN),
    Rung(
        "initials_inner",
        "首字母",
        _sound_prefix,
        ("initials_inner",),
        When.LATIN,
        by_word=True,
        covers=frozenset({"initials", "initials_prefix"}),
    ),
    Rung("mixed", "拼音混合", _mixed, ("pinyin_inner", "initials_inner"), When.LATIN),
    Rung("one_off", "近似", _one_off, ("near",), When.LAST),
    Rung("same_sound", "同音", _same_sound, ("pinyin_inner",), When.LAST),
    Rung("scope_pairs", "经营范围", _bigrams, ("body",), When.LAST, names=False),
    Rung("some_words_of_name", "部分匹配", _some_words, ("names",), When.LAST, names=False),
    Rung("some_words", "部分匹配", _some_words, ("body",), When.LAST, names=False),
)


def clause_of(rung: Rung, asked: Asked) -> Clause | None:
    """What reaches the rung, or None where it does not apply to the query."""
    if not asked.tokens or (rung.when is When.LATIN and not asked.has_latin):
        return None
    return some(*(rung.match(asked, field) for field in rung.fields))


def weight(place: int) -> float:
    """Score of the rung at `place` of the ladder: 1 at the top, above 0 at the foot."""
    return round(1 - place / len(LADDER), 4)
