"""Facts about leads on `leads.changed`, and the two commands on `leads.submitted`, as a table.

A submitted lead is a report (`lead.submitted.v1`); what the city made of it is a fact (`lead.received.v1`). A
correction arrives as `lead.amended.v1`, so the fact that it was taken is called `lead.corrected.v1`.
"""

from __future__ import annotations

from functools import partial

from schemas.events.fact import EventType, a_text, day, facts, text, texts
from schemas.events.leads import LeadData
from schemas.fields import Choice
from schemas.topics import LEADS_CHANGED, LEADS_SUBMITTED

PROTECTION_KINDS = ("none", "unproven", "valid", "lapsed", "existing_local", "opening_balance")
_protection = partial(Choice, PROTECTION_KINDS, required=True)

LEAD_EVENTS = (
    EventType("lead.submitted", LEADS_SUBMITTED, "一家机构报送一条线索。", schema_class=LeadData),
    EventType("lead.amended", LEADS_SUBMITTED, "更正已报线索（data 为全文），回执不变。", schema_class=LeadData),
    *facts(
        LEADS_CHANGED,
        (
            ("lead.received", "线索已收到并给出回执。", {"receipt_no": a_text, "source": a_text, "source_ref": a_text}),
            ("lead.corrected", "线索内容已更正，回执不变。", {"receipt_no": a_text, "fields": texts}),
            ("lead.linked", "线索已关联企业与项目。", {"enterprise": text, "project": text}),
            ("lead.protection-changed", "线索的保护状态改变。", {"kind": _protection, "until": day}),
            ("lead.verdict-given", "已向报送单位反馈研判结论。", {"verdict": a_text}),
            ("lead.withdrawn", "线索被撤回，回执保留。", {"receipt_no": a_text}),
        ),
    ),
)
