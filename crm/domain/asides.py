"""What a statement says besides what the enterprise does: its customers, means, machines, wishes, past, and what it denies.

Patterns of how Chinese business people write and speak, for any trade: no word of a chain is in them. Each alternative has
at most one group: what the aside is about. Called by `crm/domain/clauses.py` with folded text.
"""

from __future__ import annotations

import re

_ASIDES = {
    "premises": (
        r"(?:拟|计划|想|打算|准备|希望|需要?)?(?:在[^,;。\n]{1,6}?)?(?:租赁|租用|租|购置|购买|买|找)(?:约|一栋|一层|整层)?"
        r"[^,;。、\n]{0,8}?(?:厂房|场地|车间|办公楼|办公室|写字楼|仓库|宿舍|土地|地块|载体)"
        r"[^,;。\n]{0,10}?(?=生产|制造|研发|做|用于|[,;。、\n]|$)"
    ),
    "former": (
        r"(?:原先|原来|以前|之前|过去|早年|早期|曾经|曾|本来|起家于|老本行|前身)(?:是|为|做|从事|搞|干|靠)?[^,;。\n]{1,20}"
    ),
    "customers": (
        r"(?:应用于|服务于|适用于|配套于|用于|用在|装在|面向|针对|供货给|供应给|卖给|客户(?:主要)?(?:是|有|为|包括|:)?|终端(?:客户|用户)?(?:是|有|:)"
        r"|投了?(?=[^,;。资入产放])|给|替|(?<!提)供(?!应|热|水|电|气|暖|货|销)|(?<![作成称])为(?!主))"
        r"([^;。,\n]{2,30}?)(?:等(?:行业|领域|客户|厂商|企业)?)?(?=提供|供货|供应|生产|制造|代工|做|研发|设计|配套|上面|的|$)"
    ),
    "use": (
        r"([^,;。、\n ]{1,9}?"
        r"[^,;。、\n 专车医家民商军通使应适采利引常选作费信实食药农公共耐租雇运启征效有可自日我们司都是要靠就])"
        r"用的?(?=$|[,;。、\n ]|(?![于在途户心品法量])[\u4e00-\u9fffa-z])"
    ),
    "means": (
        r"(?:(?:^|(?<=我们)|(?<=公司)|(?<=他们)|(?<=主要)|(?<=都)|(?<=是))用(?![于在的途户])|采用了?|利用|运用|借助|依托|通过)"
        r"([^,;。\n]{2,16}?)(?=来|做|进行|实现|检测|捕捉|制造|生产|加工|制成|制备|提供|为|,|$)"
    ),
    "machines": (
        r"(?:买来的|买的|引进了?|引入了?|设备(?:有|是|:)|建设了?|建成了?|自建|配备了?|装有|部署了?|覆盖)[^,;。\n]{1,14}?(?=的|[,;。\n]|$)"
        r"|[^,;。、\n产销货付]{2,12}?[0-9一二两三四五六七八九十几]{1,3} ?(?:台|条线|条产线|部)(?![/每])"
    ),
    "wishes": (
        r"(?:想要|需要|要(?!做|搞|上|建|生产|扩|研|把|从|在)|需(?!求)|想找|想租|求购?(?!职)|最好|靠近|能不?能?给|有没有|配套要)[^,;。\n]{1,14}|[^,;。\n]{1,8}(?:也|还|都)要"
    ),
}
_ASIDE = re.compile("|".join(_ASIDES.values()))
_DENIED = re.compile(
    r"(?:不|没|未|从不|暂不)(?:再)?(?:做|生产|制造|涉及|从事|是(?:做|搞)?|搞|碰|沾|含|有(?:做|涉及))[^,;。\n]{1,24}"
    r"|(?:跟|和|与|同)[^,;。\n]{1,12}?(?:没(?:有|啥|什么)?关系|无关|不沾边|两码事)"
    r"|(?:早已|已经?|去年|前年|今年)(?:全部|陆续)?(?:停止|停了|停产|剥离|退出|关停|关了|砍掉|卖掉)[^,;。\n]{1,16}"
)


def apart(part: str) -> tuple[str, list[str]]:
    """What is said of the enterprise itself, and every aside."""
    asides: list[str] = []
    own: list[str] = []
    place = 0
    for found in _ASIDE.finditer(part):
        asides.append(found.group(found.lastindex or 0))
        own.append(part[place : found.start()])
        place = found.end()
    if not asides:
        return part, asides
    own.append(part[place:])
    return ";".join(own), asides


def without_denied(text: str) -> str:
    """The text without what it says is not done, has nothing to do with it, or is over."""
    return _DENIED.sub("", text)
