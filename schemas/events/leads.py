"""The lead event's `data`: one report by one organisation, exactly as interface.md lists it.

`LeadData` is the declared contract (documented from here, marshmallow); `load_lead` adds what a schema cannot know: the
city's codes, the names of fields left out, warnings for the receipt. The API, the file feed and
`consumers/lead_batch.py` all read leads through `load_lead`, so that a fault carries the same field everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache
from typing import Any

from marshmallow import ValidationError

from schemas.events.lead_content import content_hash, differing_fields, without_empty
from schemas.faults import SchemaError, dotted_faults, printable
from schemas.fields import (
    Amount,
    Area,
    Choice,
    ClassCode,
    Code,
    Count,
    CreditCode,
    Currency,
    Day,
    Email,
    Energy,
    Flag,
    FreeWord,
    Items,
    Land,
    LongText,
    Money,
    Month,
    Part,
    Phone,
    ShortText,
    ZonedTime,
    credit_code_status,
    lacks_zone,
)
from schemas.quick_reader import NotFaultless, QuickReader
from schemas.shapes import OpenSchema

__all__ = ["Codes", "LeadData", "LoadedLead", "content_hash", "differing_fields", "load_lead"]

ORIGINS = ("mainland", "taiwan", "hkmo", "foreign")
KINDS = ("new", "expansion", "relocation_in_city", "hq", "rd", "team")
SITE_MODES = ("land", "lease", "buy", "office", "undecided")
MONEY_FIELDS = (
    ("enterprise", "registered_capital"),
    *(("project", name) for name in ("investment", "fixed_assets", "annual_output", "annual_tax")),
)


def _names() -> Items:
    return Items(ShortText(allow_none=True), allow_none=True)


class LeadEnterprise(OpenSchema):
    """Who comes. `registered_capital` in 万元."""

    name = ShortText(allow_none=True, filled=True)
    uscc = CreditCode(allow_none=True)
    aliases = _names()
    former_names = _names()
    english_name = ShortText(allow_none=True)
    province = ShortText(allow_none=True)
    city = ShortText(allow_none=True)
    origin = Choice(ORIGINS, allow_none=True)
    country = ShortText(allow_none=True)
    main_business = LongText(allow_none=True)
    business_scope = LongText(allow_none=True)
    gbt4754 = Items(ClassCode(allow_none=True), allow_none=True)
    registered_capital = Money(allow_none=True)
    headcount = Count(allow_none=True)
    parent_name = ShortText(allow_none=True)
    honours = _names()


class SiteNeeds(OpenSchema):
    """Storey, clear height in m, floor load in t/㎡, power in kVA."""

    storey = Count(allow_none=True)
    height_m = Amount(allow_none=True)
    load_t_m2 = Amount(allow_none=True)
    power_kva = Amount(allow_none=True)


class LeadProject(OpenSchema):
    """What they plan. Money in 万元 of `currency`, land 亩, floor area ㎡, energy 吨标煤 a year."""

    title = ShortText(allow_none=True)
    summary = LongText(allow_none=True)
    kind = Choice(KINDS, allow_none=True)
    site_mode = Choice(SITE_MODES, allow_none=True)
    investment = Money(allow_none=True)
    fixed_assets = Money(allow_none=True)
    currency = Currency(allow_none=True)
    land = Land(allow_none=True)
    floor_area = Area(allow_none=True)
    energy = Energy(allow_none=True)
    annual_output = Money(allow_none=True)
    annual_tax = Money(allow_none=True)
    jobs = Count(allow_none=True)
    masters_doctors = Count(allow_none=True)
    process_risks = Items(FreeWord(allow_none=True), allow_none=True)
    site_needs = Part(SiteNeeds, allow_none=True)
    start_month = Month(allow_none=True)
    decision_month = Month(allow_none=True)
    preferred_districts = Items(Code(allow_none=True), allow_none=True)
    chain_nodes = Items(Code(allow_none=True), allow_none=True)
    path = FreeWord(allow_none=True)


class LeadContact(OpenSchema):
    """A person to talk to."""

    name = ShortText(allow_none=True)
    title = ShortText(allow_none=True)
    phone = Phone(allow_none=True)
    email = Email(allow_none=True)


class LastContact(OpenSchema):
    """The last talk: when, with whom."""

    date = Day(allow_none=True)
    with_whom = ShortText(allow_none=True, data_key="with", attribute="with")


class LeadData(OpenSchema):
    """`data` of `lead.submitted.v1` and `lead.amended.v1`. `reported_at` is a claim: the receipt's time counts."""

    source_ref = ShortText(required=True, filled=True)
    enterprise = Part(LeadEnterprise, allow_none=True)
    project = Part(LeadProject, allow_none=True)
    contacts = Items(Part(LeadContact, allow_none=True), allow_none=True)
    last_contact = Part(LastContact, allow_none=True)
    confidential = Flag(allow_none=True)
    reported_at = ZonedTime(allow_none=True)


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of the reference pack a lead may name."""

    districts: AbstractSet[str]
    nodes: AbstractSet[str]
    classes: AbstractSet[str]


@dataclass(frozen=True, slots=True)
class LoadedLead:
    """`data` normalised: names and units of interface.md, JSON values, nothing null, empty or false."""

    data: dict[str, Any]
    warnings: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@cache
def _schema() -> LeadData:
    """One instance a process: building a schema costs more than using it."""
    return LeadData()


@cache
def _quick_reader() -> QuickReader:
    return QuickReader.of(_schema())


def load_lead(data: object, codes: Codes) -> LoadedLead:
    """The lead in `data`. Raises SchemaError with every fault found; warnings and ignored fields go to the receipt."""
    if not isinstance(data, Mapping):
        raise SchemaError(("data", "须为 JSON 对象"))
    faults: list[tuple[str, str]] = []
    ignored: tuple[str, ...] = ()
    try:
        lead, ignored = _quick_reader().load(data)
    except NotFaultless:
        lead = _load_naming_faults(data, faults)
    faults.extend(_code_faults(lead, codes))
    faults.extend(_currency_faults(lead, data))
    if not any(field.startswith(("enterprise.name", "project.summary")) for field, _ in faults):
        faults.extend(_identity_faults(lead))
    if faults:
        raise SchemaError(*faults)
    return LoadedLead(lead, tuple(_warnings(lead, data)), ignored)


def _load_naming_faults(data: Mapping[str, Any], faults: list[tuple[str, str]]) -> dict[str, Any]:
    try:
        return without_empty(_schema().load(data))
    except ValidationError as error:
        faults.extend(dotted_faults(error.messages))
        return without_empty(error.valid_data) if isinstance(error.valid_data, dict) else {}


def _identity_faults(lead: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not lead.get("enterprise", {}).get("name") and not lead.get("project", {}).get("summary"):
        yield "enterprise.name", "企业名称与项目简介至少填一项"


def _code_faults(lead: Mapping[str, Any], codes: Codes) -> Iterator[tuple[str, str]]:
    for part, name, known, kind in (
        ("enterprise", "gbt4754", codes.classes, "国民经济行业"),
        ("project", "preferred_districts", codes.districts, "区镇"),
        ("project", "chain_nodes", codes.nodes, "产业链环节"),
    ):
        strange = [code for code in lead.get(part, {}).get(name, ()) if code not in known]
        if strange:
            yield f"{part}.{name}", f"没有这个{kind}代码：{'、'.join(printable(code, 40) for code in strange[:5])}"


def _written_amounts(data: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Amounts of money written as text with a unit: (object, field, text)."""
    for part, name in MONEY_FIELDS:
        value = (data.get(part) or {}).get(name) if isinstance(data.get(part), Mapping) else None
        if isinstance(value, str) and value.strip():
            yield part, name, value


def _currency_faults(lead: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """`5亿元` of a project in dollars reads two ways."""
    if lead.get("project", {}).get("currency", "CNY") == "CNY":
        return
    for part, name, text in _written_amounts(data):
        if part == "project" and "元" in text:
            yield f"{part}.{name}", "写了“元”而币种不是 CNY，请写数字（万）"


def _warnings(lead: Mapping[str, Any], data: Mapping[str, Any]) -> Iterator[str]:
    code = lead.get("enterprise", {}).get("uscc")
    if code and credit_code_status(code) == "unverified":
        yield "enterprise.uscc：统一社会信用代码校验不符，已按未核实（unverified）保留"
    reported = data.get("reported_at")
    if isinstance(reported, str) and lacks_zone(reported):
        yield "reported_at：未写时区，已按北京时间（Asia/Shanghai）理解"
    for part, name, text in _written_amounts(data):
        yield f"{part}.{name}：“{printable(text.strip(), 40)}”已读作 {lead[part][name]} 万元"
