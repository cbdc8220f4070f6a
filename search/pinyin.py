"""Pinyin of company names: syllables and initials, with the readings a person may type for polyphones.

Names break the rules of running text (长 in 长汀 is chang, 曾 in a name is zeng), so a character of
`_NAME_READINGS` contributes every reading used in names, the likeliest first; at most `LIMIT` combinations are kept.
Slow (some 10,000 names a second), hence cached. Called by `tokens`, `asked`, `ordering` and `highlight` of this room.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import chain, groupby, islice, product
from operator import itemgetter

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT

LIMIT = 6
"""Combinations of readings kept for one text."""
_LONGEST_PHRASE = 5

_NAME_READINGS: dict[str, tuple[str, ...]] = {
    character: tuple(readings.split())
    for character, readings in (
        ("长", "chang zhang"), ("乐", "le yue"), ("行", "xing hang"), ("重", "zhong chong"), ("曾", "zeng ceng"),
        ("单", "dan shan"), ("盛", "sheng cheng"), ("朝", "chao zhao"), ("厦", "xia sha"), ("都", "du dou"),
        ("传", "chuan zhuan"), ("藏", "zang cang"), ("会", "hui kuai"), ("柏", "bai bo"), ("翟", "zhai di"),
        ("仇", "qiu chou"), ("区", "qu ou"), ("解", "jie xie"), ("查", "cha zha"), ("朴", "pu piao"), ("贾", "jia gu"),
        ("尉", "wei yu"), ("宿", "su xiu"), ("泊", "bo po"), ("埔", "pu bu"), ("堡", "bao pu bu"), ("弹", "tan dan"),
        ("角", "jiao jue"), ("省", "sheng xing"), ("晟", "sheng cheng"), ("六", "liu lu"), ("校", "xiao jiao"),
        ("绿", "lv lu"), ("律", "lv lu"), ("吕", "lv lu"), ("旅", "lv lu"), ("铝", "lv lu"), ("女", "nv nu"),
        ("蔚", "wei yu"), ("参", "can shen"), ("调", "tiao diao"), ("率", "lv shuai"), ("屏", "ping bing"),
        ("佛", "fo fu"), ("阿", "a e"), ("蛤", "ha ge"),
    )
}  # fmt: skip
_KNOWN_CONTEXT = re.compile(
    "重庆|银行|厦门|长城|长安|长江|长春|长沙|长兴|行业|音乐|乐器|重工|重型|重机|重载|成都|朝阳|会计|西藏|六安"
)
"""Words in which the reading is beyond doubt: there pypinyin's phrase table decides alone."""
UNIT = re.compile(r"[a-z0-9]+|[\u3400-\u4dbf\u4e00-\u9fff]")
_RUN = re.compile(r"[a-z0-9]+|[\u3400-\u4dbf\u4e00-\u9fff]+")


def units(text: str) -> list[str]:
    """The units of folded text that have a sound: one Han character, or a run of Latin letters and digits."""
    return UNIT.findall(text)


def initial(syllable: str, unit: str) -> str:
    """First letter of a syllable; a Latin word keeps its letters (boe stays boe)."""
    return syllable if unit.isascii() else syllable[:1]


def _apart(unknown: str) -> list[str]:
    """Characters pypinyin cannot read stand for themselves, one by one."""
    return list(unknown)


def _spoken(text: str) -> list[str]:
    """One sound per unit: phrases are read as phrases, Latin runs as they stand."""
    sounds: list[str] = []
    for run in _RUN.findall(text):
        if run.isascii():
            sounds.append(run)
            continue
        for in_phrase, stretch in groupby(zip(_inside_phrases(run), run, strict=True), key=itemgetter(0)):
            characters = [character for _, character in stretch]
            sounds += _together("".join(characters)) if in_phrase else map(_alone, characters)
    return sounds


def syllables(text: str) -> list[str]:
    """The likeliest sound of each unit of folded text; a name's rare readings are not asked for."""
    return _spoken(text)


def _inside_phrases(run: str) -> list[bool]:
    """Which characters lie in a phrase of pypinyin's, which may change their reading; those of most brands do not, and
    reading alone is ten times faster."""
    inside = [False] * len(run)
    for start in range(len(run) - 1):
        for stop in range(start + 2, min(start + _LONGEST_PHRASE, len(run)) + 1):
            if run[start:stop] in PHRASES_DICT:
                inside[start:stop] = [True] * (stop - start)
    return inside


@lru_cache(maxsize=16384)
def _together(words: str) -> tuple[str, ...]:
    """Words that touch, as pypinyin cuts them; trades are made of few."""
    return tuple(lazy_pinyin(words, style=Style.NORMAL, errors=_apart))  # type: ignore[arg-type]


@lru_cache(maxsize=16384)
def _alone(character: str) -> str:
    return lazy_pinyin(character, style=Style.NORMAL, errors=_apart)[0]  # type: ignore[arg-type]


def _certain(text: str) -> set[int]:
    """Places of the units whose reading a known word decides."""
    if not _KNOWN_CONTEXT.search(text):
        return set()
    marked = _KNOWN_CONTEXT.sub(lambda found: "\u4e00" * len(found[0]), text.replace("\u4e00", "\u4e8c"))
    return {place for place, unit in enumerate(units(marked)) if unit == "\u4e00"}


@lru_cache(maxsize=16384)
def readings(text: str) -> tuple[tuple[str, ...], ...]:
    """The syllables of folded text, one tuple a reading, the likeliest first, at most `LIMIT`; () without any."""
    certain = _certain(text)
    options = [
        _NAME_READINGS.get(unit, (sound,)) if place not in certain else (sound,)
        for place, (unit, sound) in enumerate(zip(units(text), _spoken(text), strict=True))
    ]
    return tuple(islice(product(*options), LIMIT)) if options else ()


def readings_of(parts: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """The readings of a text whose parts are read apart: a phrase never spans region, brand and industry."""
    spoken = [readings(part) for part in parts if part]
    combined = islice(product(*(reading for reading in spoken if reading)), LIMIT)
    return tuple(found for whole in combined if (found := tuple(chain.from_iterable(whole))))


def pinyin(text: str) -> str:
    """The likeliest reading of folded text, joined: chongqingchangcheng."""
    return "".join(readings(text)[0]) if readings(text) else ""


def initials(text: str) -> str:
    """First letters of the likeliest reading: cqcc."""
    if not readings(text):
        return ""
    return "".join(initial(sound, unit) for sound, unit in zip(readings(text)[0], units(text), strict=True))
