"""What was asked: the text of a query, read once in every way a rung may need.

Called by `search/plan.py` (which hands it to the rungs) and `search/highlight.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from search.folding import fold_text
from search.names import is_region, name_key, parse_name
from search.pinyin import initial, readings, units
from search.tokens import one_off, words

LONGEST = 200
"""Characters of a query that are read; names are no longer."""
_WORDS = 6
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True)
class Asked:
    """One text to look for, folded; `text` may hold blanks."""

    text: str

    @cached_property
    def joined(self) -> str:
        return self.text.replace(" ", "")

    @cached_property
    def key(self) -> str:
        return name_key(self.text)

    @cached_property
    def core(self) -> str:
        """The name asked for without its form; empty when it is nothing but a brand."""
        parsed = parse_name(self.joined)
        return parsed.core if parsed.core != parsed.brand or parsed.form else ""

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """Words and characters; without blanks between Han, so that 昆山 鹤汀 is also asked as 昆山鹤汀."""
        return tuple(words(self.text)) if self.key else ()

    @cached_property
    def distinct(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self.tokens))

    @cached_property
    def han(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_HAN.findall(self.text)))

    @cached_property
    def is_region(self) -> bool:
        """A place and nothing else: too common to be what was looked for."""
        return is_region(self.key)

    @property
    def has_han(self) -> bool:
        return bool(self.han)

    @cached_property
    def has_latin(self) -> bool:
        return any(letter.isascii() and letter.isalpha() for letter in self.key)

    @property
    def is_latin(self) -> bool:
        """Letters and digits only, with at least one letter: may be pinyin or initials."""
        return self.has_latin and self.key.isascii()

    @cached_property
    def one_off(self) -> tuple[str, ...]:
        """Spellings of the asked name, whole and without its form, that a name one character away shares."""
        parsed = parse_name(self.joined)
        forms = (self.key, parsed.core, parsed.brand + parsed.industry, parsed.brand)
        return tuple(dict.fromkeys(variant for form in forms for variant in one_off(form)))

    @cached_property
    def sounds(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys("".join(reading) for reading in readings(self.joined)))

    @cached_property
    def letters(self) -> tuple[str, ...]:
        marks = units(self.joined)
        spelled = (
            "".join(initial(sound, unit) for sound, unit in zip(reading, marks, strict=True))
            for reading in readings(self.joined)
        )
        return tuple(dict.fromkeys(spelled))


def read(text: str) -> Asked:
    return Asked(fold_text(text[:LONGEST]))


@lru_cache(maxsize=256)
def split(asked: Asked) -> tuple[Asked, ...]:
    """The words of a query: as written (昆山 鹤汀); written in one, a region and what follows (苏州连接器).
    One word has no parts: ()."""
    written = asked.text.split()[:_WORDS]
    if len(written) > 1:
        return tuple(word for part in written if (word := Asked(part)).tokens)
    parsed = parse_name(asked.joined)
    rest = asked.joined[len(parsed.region) :]
    if parsed.region and asked.joined.startswith(parsed.region) and len(rest) >= 2:
        return Asked(parsed.place), Asked(rest)
    return ()
