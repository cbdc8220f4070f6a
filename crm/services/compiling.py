"""Compiles a matcher with what the domain may not import: folding to one spelling, and an automaton that finds words.

Called wherever a matcher is made: intake, `crm match`, evaluation, trials of words.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ahocorasick_rs import AhoCorasick, MatchKind

from crm.domain.matching import Matcher
from crm.domain.parks import Carrier
from crm.domain.reference import ReferencePack
from crm.domain.vocabulary import Finder
from search.folding import fold_text
from search.pinyin import syllables


def compile_matcher(pack: ReferencePack, carriers: Iterable[Carrier] = ()) -> Matcher:
    return Matcher(pack, carriers, fold=fold_text, make_finder=automaton, sounds=syllables)


def automaton(words: Sequence[str]) -> Finder:
    """Finds the longest word at each place in one pass, however many words there are."""
    return AhoCorasick(words, matchkind=MatchKind.LeftmostLongest).find_matches_as_indexes
