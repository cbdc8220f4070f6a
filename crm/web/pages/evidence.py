"""What evidence is asked for with each milestone, as form fields; all of it is free text for the record.

The rules that can refuse a claim are `crm/domain/milestones.py`; here only what makes sense to ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from crm.web.pages.forms import text

AGREEMENTS = (("investment_agreement", "投资协议"), ("lease", "租赁合同"), ("purchase", "购置合同"))
VERDICTS = tuple((word, word) for word in ("同意推进", "有条件推进", "暂缓推进", "不予推进"))
PREFIX = "evidence."


@dataclass(frozen=True, slots=True)
class EvidenceField:
    """One thing asked for. `options`: a choice; `unit`: shown behind the field."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    required: bool = False

    @property
    def field(self) -> str:
        return PREFIX + self.name


_NOTE = EvidenceField("note", "说明")
_PAPER = EvidenceField("document", "材料名称或编号")
ASKED: Mapping[str, tuple[EvidenceField, ...]] = {
    "screening": (EvidenceField("verdict", "研判结论", VERDICTS, required=True),),
    "entry_review": (EvidenceField("conclusion", "评审结论"), EvidenceField("conditions", "附带条件")),
    "tenancy_review": (EvidenceField("conclusion", "联审结论"), EvidenceField("conditions", "附带条件")),
    "review": (EvidenceField("conclusion", "评审结论"), EvidenceField("conditions", "附带条件")),
    "signed": (
        EvidenceField("agreement", "协议类型", AGREEMENTS, required=True),
        EvidenceField("parties", "签约各方"),
        EvidenceField("amount", "协议投资额", unit="万元"),
    ),
    "company_registration": (EvidenceField("company", "项目公司名称"), EvidenceField("uscc", "统一社会信用代码")),
    "project_filing": (EvidenceField("filing_no", "备案证号"),),
    "change_filing": (EvidenceField("filing_no", "备案证号"),),
    "land_supply": (EvidenceField("contract_no", "出让合同编号"), EvidenceField("land", "土地面积", unit="亩")),
    "handover": (EvidenceField("carrier", "载体或单元"), EvidenceField("area", "交付面积", unit="㎡")),
    "construction_start": (EvidenceField("permit_no", "施工许可证号"),),
    "completion": (EvidenceField("acceptance_no", "竣工验收文号"),),
    "equipment_in": (EvidenceField("equipment", "主要设备"),),
    "moved_in": (EvidenceField("proof", "社保或发票凭据"),),
    "investment_enrolment": (EvidenceField("enrolment_no", "入库编号"),),
    "enterprise_enrolment": (EvidenceField("enrolment_no", "入统编号"),),
}
LABELS = {field.name: field.label for fields in ASKED.values() for field in fields} | {
    "note": _NOTE.label,
    "document": _PAPER.label,
}
VALUES = dict(AGREEMENTS)


def asked(kind: str) -> tuple[EvidenceField, ...]:
    """The fields of a kind; a paper and a note fit every one."""
    return (*ASKED.get(kind, ()), _PAPER, _NOTE)


def posted_evidence(kind: str) -> dict[str, str]:
    """What the form gave, without what was left empty. Raises Invalid."""
    given = {field.name: text(field.field, longest=2000) for field in asked(kind)}
    return {name: value for name, value in given.items() if value}


def shown(evidence: Mapping[str, object]) -> list[tuple[str, str]]:
    """Evidence in words, whoever gave it (the interface takes any field)."""
    return [(LABELS.get(name, name), VALUES.get(str(value), str(value))) for name, value in evidence.items() if value]
