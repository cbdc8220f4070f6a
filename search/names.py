"""The Chinese company-name model: 区划 + 字号 + 行业 + 组织形式 (企业名称登记管理规定, article 6).

`name_key` is the normalised full name by which identity is judged, by equality alone: the form of company
is part of it, so 有限公司 and 股份有限公司 stay two. `parse_name` finds the parts for search tokens and
for hints. Called by intake (keys of an enterprise), `search/tokens.py` and `search/ladder.py`.
Pinyin lives in `search/pinyin.py`, since it costs a hundred times more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from search.folding import fold_text
from search.regions import CITIES, COUNTIES, PROVINCES
from search.vocabulary import BRANCHES, FORMS, INDUSTRY_WORDS, LATIN_FORMS, REMARKS

__all__ = ["CompanyName", "fold_name", "is_region", "name_key", "parse_name"]


@dataclass(frozen=True, slots=True)
class CompanyName:
    """Folded parts of a name, each possibly empty. `branch` is what follows the parent's full name (昆山分公司)."""

    region: str
    brand: str
    industry: str
    form: str
    branch: str

    @property
    def core(self) -> str:
        """Place, brand and industry without form, brackets or 省 市 区: what two spellings of one name share."""
        return self.place + self.brand + self.industry

    @property
    def place(self) -> str:
        """The region as people say it: 深圳 for 深圳市."""
        return _DIVISION.sub("", self.region) if len(self.region) > 2 else self.region


_DIVISION = re.compile("(?<=..)(?:省|市|区|县)")
_NOT_IN_KEY = re.compile(r"[^\w+]|_")


def _alternatives(words: frozenset[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_REMARK = re.compile(
    rf"\((?:(?:{_alternatives(REMARKS)})+"
    r"|(?:原名?|曾用名|前身|以下简称|简称|股票代码|证券代码)[^()]*"
    r"|[a-z]{0,2}\d{6}(?:\.[a-z]{2})?)\)$"
)
_REGION = re.compile(
    rf"(?:(?:{_alternatives(PROVINCES)})(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?)?"
    rf"(?:(?:{_alternatives(CITIES)})市?)?(?:(?:{_alternatives(COUNTIES)})(?:新区|区|县))?"
    r"(?:工业园区|高新技术产业开发区|经济技术开发区|高新区|开发区)?"
)
_ONE_REGION = re.compile(rf"(?:{_alternatives(PROVINCES | CITIES | COUNTIES)})(?:省|市|区|县)?")
_BRACKET = re.compile(r"\(([^()]*)\)")
_FORM = re.compile(rf"(?:{_alternatives(FORMS)}|(?<=[a-z0-9 .,])(?:{_alternatives(LATIN_FORMS)}))$")
_BRANCH = re.compile(rf"^(.+?(?:公司|\(有限合伙\)|\(普通合伙\)))(.*(?:{_alternatives(BRANCHES)}))$")
_INDUSTRY = re.compile(_alternatives(INDUSTRY_WORDS))
_REGION_BEFORE_FORM = re.compile(rf"(?<=..)({_alternatives(PROVINCES | CITIES)})$")


def fold_name(text: str) -> str:
    """The name under which spellings meet: folded, brackets unified to ( ), no blanks."""
    return fold_text(text).replace(" ", "")


def _without_remarks(folded: str) -> str:
    """Drop trailing remarks ((扩建), (筹), (原…), a stock code); a remark that is the whole name stays."""
    while (found := _REMARK.search(folded)) and found.start() > 0:
        folded = folded[: found.start()]
    return folded


def name_key(text: str) -> str:
    """The normalised full name: equal keys are one name. Brackets and punctuation go, what stood in them
    stays ((昆山) and (苏州) are two companies), remarks go. Empty when the text holds no letter or digit."""
    return _NOT_IN_KEY.sub("", _without_remarks(fold_name(text)))


def is_region(key: str) -> bool:
    """Whether a folded text is the name of one administrative division."""
    return _ONE_REGION.fullmatch(key) is not None


def _split_branch(name: str) -> tuple[str, str]:
    found = _BRANCH.match(name)
    return (found[1], found[2]) if found else (name, "")


def _split_form(name: str) -> tuple[str, str]:
    """Head and form; a leading 集团 or (集团) belongs to the form."""
    found = _FORM.search(name)
    if not found or found.start() == 0:
        return name, ""
    return name[: found.start()].rstrip(" .,"), found[0].replace("(", "").replace(")", "")


def _take_bracketed_region(head: str) -> tuple[str, str]:
    """(昆山) anywhere in the head is its region; other brackets are text."""
    for found in _BRACKET.finditer(head):
        if _ONE_REGION.fullmatch(found[1]):
            return head[: found.start()] + head[found.end() :], found[1]
    return head, ""


def _split_region(head: str) -> tuple[str, str]:
    head, bracketed = _take_bracketed_region(head)
    found = _REGION.match(head)
    leading = found[0] if found else ""
    if leading and len(head) > len(leading) + 1:  # a brand has two characters at least
        return head[len(leading) :], leading
    if bracketed:
        return head, bracketed
    if trailing := _REGION_BEFORE_FORM.search(head):
        return head[: trailing.start()], trailing[0]
    return head, ""


def _split_industry(rest: str) -> tuple[str, str]:
    """Brand and industry: the first industry word after at least two characters opens the industry."""
    found = _INDUSTRY.search(rest, 2)
    return (rest[: found.start()], rest[found.start() :]) if found else (rest, "")


@lru_cache(maxsize=8192)
def parse_name(text: str) -> CompanyName:
    """The parts of a company name; a name of another kind (a park, a person's team) ends up as its brand."""
    name, branch = _split_branch(_without_remarks(fold_text(text)))
    head, form = _split_form(name)
    rest, region = _split_region(head)
    brand, industry = _split_industry(re.sub(r"[()]", "", rest))
    return CompanyName(*(_NOT_IN_KEY.sub("", part) for part in (region, brand, industry, form, branch)))
