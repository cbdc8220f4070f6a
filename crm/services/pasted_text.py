"""Reading what a person pastes: a WeChat message, a business card, a licence → fields of the report form.

Officers leave a system that asks them to type twice. What is understood is a proposal the person looks over; what
is not understood is handed back line by line, so that no word is lost. Pure: called by `crm/web/pages/reporting.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from schemas.amounts import AREA_UNITS, LAND_UNITS, MONEY_UNITS, read_amount, to_half_width
from schemas.credit_codes import credit_code_status, normalise_credit_code

SPOKEN_AREA = {**AREA_UNITS, **dict.fromkeys(("平", "平方", "方"), Decimal(1)), "万平": Decimal(10_000)}
SPOKEN_LAND = {**LAND_UNITS, "亩地": Decimal(1)}
SPOKEN_MONEY = {**MONEY_UNITS, "万人民币": Decimal(1), "亿人民币": Decimal(10_000)}
UNITS_OF = {
    "project.investment": SPOKEN_MONEY,
    "project.fixed_assets": SPOKEN_MONEY,
    "enterprise.registered_capital": SPOKEN_MONEY,
    "project.floor_area": SPOKEN_AREA,
    "project.land": SPOKEN_LAND,
}
SIZES = ("project.floor_area", "project.land")
LABELS: Mapping[str, tuple[str, ...]] = {
    "enterprise.name": ("企业名称", "公司名称", "单位名称", "企业全称", "名称", "企业", "公司"),
    "enterprise.uscc": ("统一社会信用代码", "社会信用代码", "信用代码", "税号"),
    "enterprise.aliases": ("简称", "企业简称"),
    "enterprise.main_business": ("主营业务", "主营产品", "主要产品", "主营", "产品", "做什么"),
    "enterprise.business_scope": ("经营范围",),
    "enterprise.registered_capital": ("注册资本", "注册资金"),
    "project.title": ("项目名称", "项目"),
    "project.summary": ("项目简介", "项目概况", "项目内容", "简介", "需求", "诉求", "备注", "说明"),
    "project.investment": ("计划投资", "投资总额", "总投资", "投资额", "投资"),
    "project.fixed_assets": ("固定资产投资", "固投"),
    "project.floor_area": ("需求面积", "厂房面积", "建筑面积", "面积", "厂房"),
    "project.land": ("用地面积", "土地面积", "需要土地", "用地", "土地"),
    "project.preferred_districts": ("意向区镇", "意向区域", "落户区镇", "区镇"),
    "contacts.0": ("联系人", "联系方式"),
    "contacts.0.title": ("职务", "职位"),
    "contacts.0.phone": ("联系电话", "电话", "手机号", "手机"),
    "contacts.0.email": ("电子邮箱", "电子邮件", "邮箱", "Email", "E-mail"),
    "last_contact.date": ("最近洽谈", "最近联系", "上次洽谈"),
}
FIELD_OF = {label.lower(): name for name, labels in LABELS.items() for label in labels}
_LABEL = "|".join(re.escape(label) for label in sorted(FIELD_OF, key=len, reverse=True))
LABELLED = re.compile(rf"(?:^|(?<=[\s,;，；、。|]))({_LABEL})\s*[:：]\s*", re.IGNORECASE)
PHONE = re.compile(
    r"(?<![\dA-Za-z])(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?![\dA-Za-z])"
    r"|(?<!\d)0\d{2,3}-\d{7,8}(?!\d)"
)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", re.ASCII)
CODE = re.compile(r"(?<![0-9A-Za-z])[0-9A-HJ-NPQRTUWXY]{18}(?![0-9A-Za-z])")
COMPANY = re.compile(r"[\w()（）·&\-]{2,60}(?:公司|集团|研究院|研究所|合伙企业(?:[(（]有限合伙[)）])?|合作社)")
PERSON = re.compile(r"[\u4e00-\u9fff·]{2,4}(?:先生|女士|总)?")
TITLES = re.compile(
    r"[\u4e00-\u9fff]{0,6}(?:董事长|总经理|经理|总监|主任|部长|总裁|主管|厂长|秘书|负责人|CEO|CFO|CTO|COO)",
    re.IGNORECASE,
)
ABOUT = re.compile(r"^(?:约|大约|大概|大致|预计|计划|不少于|不低于)+\s*|\s*(?:左右|上下|以上|以内|人民币)+$")
DAY = re.compile(r"(20\d\d)[-/.年](\d{1,2})[-/.月](\d{1,2})日?")
SAID = {
    "project.investment": re.compile(r"投资(?:额|总额)?\s*(?:约|大概|大约|预计)?\s*([\d,.]+\s*(?:千万|百万|万|亿)元?)"),
    "project.land": re.compile(r"(?<![\d.])([\d,.]+\s*亩)"),
    "project.floor_area": re.compile(r"(?<![\d.,])([\d,.]+\s*(?:万平方米|万平米|万平|平方米|平米|平方|平|㎡))"),
}


@dataclass(slots=True)
class Pasted:
    """Form fields by dotted name, as the form would hold them, and the lines nobody could place."""

    fields: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def keep(self, name: str, value: str) -> bool:
        """Take a value once; a second one for the same field stays with the unread."""
        if not value or self.fields.get(name, value) != value:
            return False
        self.fields[name] = value
        return True


def read_pasted(text: str, districts: Mapping[str, str] | None = None) -> Pasted:
    """The fields in `text`. `districts`: name → code of the city's districts."""
    found = Pasted()
    for line in text.replace("\r", "\n").split("\n"):
        line = line.strip().strip("·•*-—").strip()
        if line:
            _read_line(found, line, districts or {})
    return found


def plain_amount(name: str, text: str) -> str:
    """What a person typed into an amount field, in the field's unit; unchanged when it is not one number."""
    units = UNITS_OF.get(name)
    amount = read_amount(ABOUT.sub("", to_half_width(text).strip()), units) if units else None
    if amount is None:
        return text
    return format(amount.normalize(), "f")


def _read_line(found: Pasted, line: str, districts: Mapping[str, str]) -> None:
    before, labelled = _parts(line)
    understood = True
    if before:
        understood = _read_free(found, before)
    for name, value in labelled:
        understood &= _read_value(found, name, value, districts)
    if not understood:
        found.unread.append(line)


def _parts(line: str) -> tuple[str, list[tuple[str, str]]]:
    """What stands before the first label, and each label's field with its value."""
    matches = list(LABELLED.finditer(line))
    if not matches:
        return line, []
    ends = [match.start() for match in matches[1:]] + [len(line)]
    pairs = [
        (FIELD_OF[match[1].lower()], line[match.end() : end].strip(" \t,;，；、|"))
        for match, end in zip(matches, ends, strict=True)
    ]
    return line[: matches[0].start()].strip(" \t,;，；、|"), pairs


def _read_value(found: Pasted, name: str, value: str, districts: Mapping[str, str]) -> bool:
    if not value:
        return True
    if name in UNITS_OF:
        return _read_figure(found, name, value)
    if name.startswith("contacts.0"):
        return _read_person(found, name, value)
    if name == "enterprise.uscc":
        return found.keep(name, normalise_credit_code(value))
    if name == "project.preferred_districts":
        code = _district(value, districts)
        return code is not None and found.keep(name, code)
    if name == "last_contact.date":
        day = _day(value)
        return day is not None and found.keep(name, day)
    return found.keep(name, value)


def _read_figure(found: Pasted, name: str, value: str) -> bool:
    """A figure goes where its unit says: “面积：30亩” is land."""
    bare = ABOUT.sub("", to_half_width(value).strip())
    order = (name, *(other for other in SIZES if other != name)) if name in SIZES else (name,)
    for target in order:
        amount = read_amount(bare, UNITS_OF[target])
        if amount is not None and amount >= 0:
            return found.keep(target, format(amount.normalize(), "f"))
    return False


def _read_person(found: Pasted, name: str, value: str) -> bool:
    """A name, a title, numbers and addresses in any order; anything left over is not understood."""
    rest = _take_numbers(found, value)
    if title := TITLES.search(rest):
        taken = title[0] if title.start() == 0 or name == "contacts.0.title" else title[0].lstrip()
        if found.keep("contacts.0.title", taken):
            rest = rest.replace(taken, " ", 1)
    rest = rest.strip(" \t,;，；、|()（）/")
    if not rest:
        return True
    if name == "contacts.0.title":
        return found.keep(name, rest)
    if name == "contacts.0" and len(rest) <= 30:
        return found.keep("contacts.0.name", rest)
    return False


def _take_numbers(found: Pasted, text: str) -> str:
    """Take telephone and e-mail out of `text`; those that do not fit any more stay in it."""
    for name, pattern in (("contacts.0.email", EMAIL), ("contacts.0.phone", PHONE)):
        for match in list(pattern.finditer(text)):
            value = "".join(part for part in match.groups() if part) if match.groups() and match[1] else match[0]
            if found.keep(name, value):
                text = text.replace(match[0], " ", 1)
    return text


def _read_free(found: Pasted, text: str) -> bool:
    """A line without labels: a code, a company, a card; figures are read from a sentence, which still stays unread."""
    rest = text
    for match in list(CODE.finditer(rest.upper())):
        if credit_code_status(match[0]) == "verified" and found.keep("enterprise.uscc", match[0]):
            rest = rest[: match.start()] + " " + rest[match.end() :]
    rest = _take_numbers(found, rest)
    company = COMPANY.fullmatch(rest.strip())
    if company and found.keep("enterprise.name", rest.strip()):
        return True
    if _is_card(found, rest):
        return True
    for name, value in _figures_in(rest):
        found.keep(name, value)
    return not rest.strip(" \t,;，；、|:：")


def _is_card(found: Pasted, rest: str) -> bool:
    """“张三 总经理” beside a telephone number or an e-mail address."""
    words = rest.split()
    if not words or not {"contacts.0.phone", "contacts.0.email"} & found.fields.keys() or len(words) > 2:
        return False
    if not PERSON.fullmatch(words[0]) or (len(words) == 2 and not TITLES.fullmatch(words[1])):
        return False
    if len(words) == 2 and not found.keep("contacts.0.title", words[1]):
        return False
    return found.keep("contacts.0.name", words[0])


def _figures_in(sentence: str) -> Iterator[tuple[str, str]]:
    """Figures said once: two areas in one sentence are a question, no answer."""
    half = to_half_width(sentence)
    for name, pattern in SAID.items():
        said = pattern.findall(half)
        if len(said) == 1:
            amount = read_amount(re.sub(r"\s+", "", said[0]), UNITS_OF[name])
            if amount is not None:
                yield name, format(amount.normalize(), "f")


def _district(value: str, districts: Mapping[str, str]) -> str | None:
    """By code or name, short forms included (“高新区” for “某市高新区”); None when none or several fit."""
    wanted = value.strip()
    fitting = {code for name, code in districts.items() if wanted.upper() == code or wanted == name}
    fitting = fitting or {code for name, code in districts.items() if len(wanted) >= 2 and wanted in name}
    return fitting.pop() if len(fitting) == 1 else None


def _day(value: str) -> str | None:
    written = DAY.fullmatch(to_half_width(value).strip())
    try:
        return date(*map(int, written.groups())).isoformat() if written else None
    except ValueError:
        return None
