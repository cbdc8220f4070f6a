"""What an enterprise says of itself, cut into weighted clauses before any word is looked for.

A Chinese business scope is mostly registration boilerplate: what is made stands beside what is merely traded,
leased or excluded in brackets. The cuts here are those of the standard scope wording (经营范围规范表述) and
hold for any city. Called by `crm/domain/evidence.py`. Text arrives folded (half width, lower case, simplified).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import NamedTuple

from crm.domain.asides import apart, without_denied

REMEMBERED = 32_768  # clauses of scopes are standard wording: most come again
STANDARD_LENGTH = 64  # longer ones are nobody's standard, and would fill the memory
MAKES = 1.0
SAYS_NOTHING_OF_MAKING = 0.85
ONLY_SELLS = 0.4
SERVES = 0.5
NOW = 1.5  # what is to be done now, whatever the enterprise has been
OTHERS_TRADE = 0.08
SIDE_LINE = 0.25  # 软件开发, 塑料制品销售 …: in every other scope
MARKET = 0.3  # 给…做, 用于…的: whom it serves, not what it makes

_NEGATION = re.compile(
    r"\([^()]{0,300}?(?:不含|除外|不包括|不得|依法|凭许可|除依法|限制|禁止|未取得|国家|许可证|资质|另设分支|涉及|审批)[^()]{0,300}\)"
)
_HEADING = re.compile(
    r"(?:一般|许可)(?:经营)?项目(?:是)?:?|主营业务(?:为|是|包括)?:?|经营范围:?|公司(?:主营业务|主要从事|专注于)"
)
_BOILERPLATE = re.compile(
    r"^(?:无|从?事?(?:货物|技术|商品)?(?:及|和|与)?(?:货物|技术)?(?:的)?进出口(?:业务|代理|贸易)?"
    r"|技术(?:服务|开发|咨询|交流|转让|推广|研发|研究|培训)|.{0,4}(?:信息|经济|商务|企业管理|工程技术)咨询(?:服务)?"
    r"|(?:非居住|自有)?(?:房屋|房产|房地产|物业|厂房|场地|住房)(?:租赁|出租).{0,6}|物业管理(?:服务)?|租赁服务.{0,6}|机械设备租赁|.{0,6}设备租赁"
    r"|国内贸易(?:代理)?|贸易经纪|销售代理|以自有资金从事投资活动|投资(?:管理|咨询|兴办实业|活动)|.{0,8}投资兴办实业"
    r"|劳务(?:派遣|服务).{0,4}|道路(?:普通)?货物运输.{0,6}|普通货运|货物运输|仓储服务|经营本企业.*|自营(?:和|与)代理.*|.*进出口(?:业务|除外|的?商品.*)"
    r"|.*经营进料加工.*|.*三来一补.*|.*批准后方可.*|.*经营活动|.*售后服务|会议及展览服务|广告(?:设计|制作|发布|代理).{0,8}|人力资源服务.{0,8}"
    r"|信息系统集成服务|企业管理|知识产权服务.{0,6}|.*除外\)?|互联网信息服务|普通机械设备安装服务|业务培训.{0,20})$"
)
_NOW = re.compile(r"这次|本次|此次|项目是|新项目|拟建|拟投|转型|现在(?:主要)?(?:做|转)|转做|转产|改做|新上")
_SPACED = re.compile(r"(?:[\u4e00-\u9fff] ){2,}[\u4e00-\u9fff]")  # what a scanner makes of wide lines
_SENTENCE = re.compile(r"[;。\n!?]+")
_CLAUSE = re.compile(r"[;。,\n!?]+")
_MAKING = re.compile(
    r"制造|生产|研发|研制|研究|设计|开发|加工|封装|制备|代工|冶炼|组装|量产|自研|投产|manufactur|produc|develop|design|r&d|make"
)
_MAKING_IN_SPEECH = re.compile(r"做|搞|造|弄|年产|月产|产能|产线")
_SELLING = re.compile(r"销售|批发|零售|代理|贸易|经销|分销|进出口|买卖|代购|sale|trad|distribut|retail|wholesale")
_SERVING = re.compile(r"租赁|维修|安装|咨询|施工|承包|维护|出租|总承包")


def fold_text(text: str) -> str:
    """Half width, lower case. Traditional characters need a table that the standard library lacks: services pass
    a fuller folding to the Matcher."""
    return unicodedata.normalize("NFKC", text).lower()


class Clause(NamedTuple):
    """A piece of text and how much a word in it proves, 0–1. `trade`: it speaks of selling only; `market`: of
    customers, means or the past; `makes`: of making or developing; `side`: anybody registers it."""

    text: str
    weight: float
    trade: bool = False
    market: bool = False
    makes: bool = False
    side: bool = False

    @property
    def outside_weight(self) -> float:
        """Selling and serving is what outside trades do, so verbs lower nothing; a customer's trade is another's."""
        if self.market or self.side:
            return OTHERS_TRADE
        return max(self.weight, SAYS_NOTHING_OF_MAKING)


def statement_clauses(text: str) -> Iterator[Clause]:
    """Clauses of a free statement (main business, summary): the first says most; verbs rule a whole sentence."""
    position = 0
    for sentence in _SENTENCE.split(without_denied(_clean(text))):
        factor = _verb_factor(sentence)
        for part in sentence.split(","):
            if not part:
                continue
            weight = factor * max(0.5, 1.0 - 0.1 * position) * (NOW if _NOW.search(part) else 1.0)
            own, others = apart(part)
            for other in others:
                yield Clause(other, weight * MARKET, market=True)
            yield Clause(own, weight, factor == ONLY_SELLS, makes=bool(_MAKING.search(sentence)))
            position += 1


def scope_clauses(text: str, side_lines: Collection[str] = (), *, alone: bool = True) -> Iterator[Clause]:
    """Clauses of a business scope without its boilerplate; making weighs more than selling, first more than last, and what
    anybody registers beside it (`side_lines`) hardly counts, and not at all where the scope does not stand alone."""
    position = 0
    for part in _CLAUSE.split(_clean(text)):
        factor = _known_scope_factor(part) if len(part) <= STANDARD_LENGTH else _scope_factor(part)
        if factor is None:
            continue
        if part in side_lines:
            if alone:
                yield Clause(part, factor * SIDE_LINE, factor == ONLY_SELLS, side=True)
            continue
        yield Clause(part, factor * max(0.4, 1.0 - 0.05 * position), factor == ONLY_SELLS)
        position += 1


def _clean(text: str) -> str:
    text = _SPACED.sub(lambda spaced: spaced.group().replace(" ", ""), text)
    return _HEADING.sub(";", _NEGATION.sub("", text)).replace("、技术", ";技术")


def _scope_factor(part: str) -> float | None:
    """What the verbs of a clause make of it; None for one that says nothing."""
    return None if not part or _BOILERPLATE.match(part) else _verb_factor(part)


_known_scope_factor = lru_cache(maxsize=REMEMBERED)(_scope_factor)


def _verb_factor(text: str) -> float:
    if _MAKING.search(text):
        return MAKES
    if _SELLING.search(text):
        return ONLY_SELLS
    if _MAKING_IN_SPEECH.search(text):
        return MAKES
    return SERVES if _SERVING.search(text) else SAYS_NOTHING_OF_MAKING
