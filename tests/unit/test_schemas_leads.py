"""The lead event: every field of interface.md, what is refused where, what is kept, what counts as content."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from schemas.events.lead_content import without_empty
from schemas.events.leads import Codes, LeadData, content_hash, differing_fields, load_lead
from schemas.faults import MAX_FAULTS, SchemaError
from schemas.quick_reader import NotFaultless, QuickReader

CODES = Codes(districts={"D1", "D2"}, nodes={"N01"}, classes={"3974", "39", "C"})
FULL: dict[str, Any] = {
    "source_ref": "A-2026-0117",
    "enterprise": {
        "name": "示例光电股份有限公司", "uscc": "91350100M000100Y43", "aliases": ["示例光电"], "former_names": ["旧名"],
        "english_name": "Example Co., Ltd.", "province": "江苏", "city": "苏州市", "origin": "foreign", "country": "DE",
        "main_business": "面板", "business_scope": "研发\n生产", "gbt4754": ["3974"], "registered_capital": 10000,
        "headcount": 300, "parent_name": "示例集团", "honours": ["高新技术企业"],
    },
    "project": {
        "title": "示例项目", "summary": "建设产线", "kind": "new", "site_mode": "lease", "investment": 50000,
        "fixed_assets": 30000, "currency": "CNY", "land": 30, "floor_area": 20000, "energy": 1500,
        "annual_output": 80000,
        "annual_tax": 4000, "jobs": 200, "masters_doctors": 30, "process_risks": ["涂布"],
        "site_needs": {"storey": 1, "height_m": 8, "load_t_m2": 1.5, "power_kva": 2000}, "start_month": "2026-09",
        "decision_month": "2026-06", "preferred_districts": ["D1"], "chain_nodes": ["N01"], "path": "产业链招商",
    },
    "contacts": [{"name": "张", "title": "经理", "phone": "0512-5700000", "email": "zhang@example.com"}],
    "last_contact": {"date": "2026-01-12", "with": "张"},
    "confidential": True,
    "reported_at": "2026-01-17T09:30:00+08:00",
}  # fmt: skip


def lead(**changes: Any) -> dict[str, Any]:
    """FULL with dotted fields replaced (`project__land=3`)."""
    data = copy.deepcopy(FULL)
    for path, value in changes.items():
        *parents, name = path.split("__")
        place: Any = data
        for parent in parents:
            place = place[int(parent) if parent.isdigit() else parent]
        place[name] = value
    return data


def faults(data: object) -> tuple[str, ...]:
    with pytest.raises(SchemaError) as caught:
        load_lead(data, CODES)
    return tuple(field for field, _ in caught.value.errors)


def test_every_field_of_the_interface_is_kept_as_it_is() -> None:
    loaded = load_lead(FULL, CODES)
    assert loaded.data == FULL
    assert loaded.warnings == loaded.ignored == ()


@pytest.mark.parametrize("part", [FULL, FULL["enterprise"], FULL["project"]])
def test_every_field_but_source_ref_may_be_null(part: Mapping[str, Any]) -> None:
    data = copy.deepcopy(FULL)
    place = data if part is FULL else data["enterprise" if "uscc" in part else "project"]
    for name in part:
        if name not in {"source_ref", "enterprise"}:
            place[name] = None
    data.setdefault("enterprise", {})["name"] = "示例公司"
    assert load_lead(data, CODES).data["source_ref"] == "A-2026-0117"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"source_ref": None}, "source_ref"), ({"source_ref": " "}, "source_ref"), ({"source_ref": 7}, "source_ref"),
        ({"source_ref": "x" * 201}, "source_ref"), ({"enterprise": "公司"}, "enterprise"),
        ({"enterprise": []}, "enterprise"),
        ({"enterprise__name": "　 　"}, "enterprise.name"), ({"enterprise__name": "a\x00b"}, "enterprise.name"),
        ({"enterprise__name": "长" * 201}, "enterprise.name"), ({"enterprise__origin": "mars"}, "enterprise.origin"),
        ({"enterprise__aliases": "简称"}, "enterprise.aliases"),
        ({"enterprise__aliases": ["x" * 201]}, "enterprise.aliases.0"),
        ({"enterprise__gbt4754": ["9999"]}, "enterprise.gbt4754"),
        ({"enterprise__gbt4754": ["电子"]}, "enterprise.gbt4754.0"),
        ({"enterprise__headcount": 1.5}, "enterprise.headcount"),
        ({"enterprise__headcount": True}, "enterprise.headcount"),
        ({"enterprise__registered_capital": -1}, "enterprise.registered_capital"),
        ({"enterprise__business_scope": "x" * 100_001}, "enterprise.business_scope"),
        ({"project": 7}, "project"), ({"project__title": "x" * 201}, "project.title"),
        ({"project__kind": "old"}, "project.kind"),
        ({"project__site_mode": "rent"}, "project.site_mode"), ({"project__investment": 1e308}, "project.investment"),
        ({"project__investment": "约5亿"}, "project.investment"), ({"project__floor_area": -5}, "project.floor_area"),
        ({"project__land": True}, "project.land"), ({"project__energy": [1]}, "project.energy"),
        ({"project__jobs": "许多"}, "project.jobs"), ({"project__start_month": "20226-09"}, "project.start_month"),
        ({"project__decision_month": "2026-13"}, "project.decision_month"),
        ({"project__path": "x" * 51}, "project.path"),
        ({"project__process_risks": ["x" * 51]}, "project.process_risks.0"),
        ({"project__site_needs__height_m": -1}, "project.site_needs.height_m"),
        ({"project__site_needs": []}, "project.site_needs"),
        ({"project__preferred_districts": ["D1", "NOWHERE"]}, "project.preferred_districts"),
        ({"project__preferred_districts": "D1"}, "project.preferred_districts"),
        ({"project__chain_nodes": ["N99"]}, "project.chain_nodes"), ({"project__currency": "元"}, "project.currency"),
        ({"contacts": "张三"}, "contacts"), ({"contacts": {}}, "contacts"), ({"contacts": ["张三"]}, "contacts.0"),
        ({"contacts__0__email": "not-an-address"}, "contacts.0.email"),
        ({"contacts__0__phone": "无"}, "contacts.0.phone"),
        ({"last_contact__date": "昨天"}, "last_contact.date"), ({"last_contact": "昨天"}, "last_contact"),
        ({"confidential": "true"}, "confidential"), ({"reported_at": "昨天"}, "reported_at"),
    ],
)  # fmt: skip
def test_a_fault_is_reported_on_its_field_alone(changes: dict[str, Any], field: str) -> None:
    assert faults(lead(**changes)) == (field,)


def test_all_faults_are_reported_together() -> None:
    data = lead(source_ref=None, project__land=-1, project__chain_nodes=["N99"], contacts__0__email="x")
    assert set(faults(data)) == {"source_ref", "project.land", "project.chain_nodes", "contacts.0.email"}


def test_a_flood_of_faults_is_cut_short() -> None:
    assert len(faults(lead(contacts=["x"] * 500))) == MAX_FAULTS


@pytest.mark.parametrize("data", [None, [], "x", 7, b"{}"])
def test_a_lead_is_an_object(data: object) -> None:
    assert faults(data) == ("data",)


@pytest.mark.parametrize("name", [None, ""])
def test_without_a_name_a_summary_is_needed(name: str | None) -> None:
    assert load_lead(lead(enterprise__name=name), CODES).data["project"]["summary"]
    assert faults(lead(enterprise__name=name, project__summary=None)) == ("enterprise.name",)


def test_without_enterprise_and_project_the_name_is_asked_for() -> None:
    assert faults({"source_ref": "A-1"}) == ("enterprise.name",)


def test_a_wrong_credit_code_is_kept_with_a_warning() -> None:
    loaded = load_lead(lead(enterprise__uscc="91350100m000100y44"), CODES)
    assert loaded.data["enterprise"]["uscc"] == "91350100M000100Y44"
    assert "unverified" in loaded.warnings[0]


def test_a_time_without_zone_is_china_time_with_a_warning() -> None:
    loaded = load_lead(lead(reported_at="2026-01-17T09:30:00"), CODES)
    assert loaded.data["reported_at"] == "2026-01-17T09:30:00+08:00"
    assert "Asia/Shanghai" in loaded.warnings[0]


def test_a_time_in_the_future_is_taken_as_claimed() -> None:
    assert load_lead(lead(reported_at="2099-01-01T00:00:00+08:00"), CODES).warnings == ()


def test_an_amount_written_as_text_is_read_and_said() -> None:
    loaded = load_lead(lead(project__investment="5亿元"), CODES)
    assert loaded.data["project"]["investment"] == 50000
    assert loaded.warnings == ("project.investment：“5亿元”已读作 50000 万元",)


def test_yuan_written_for_a_project_in_dollars_is_refused() -> None:
    assert faults(lead(project__currency="USD", project__investment="5亿元")) == ("project.investment",)
    assert (
        load_lead(lead(project__currency="usd", project__investment="5亿"), CODES).data["project"]["investment"]
        == 50000
    )


def test_unknown_fields_are_left_out_and_named_at_every_level() -> None:
    data = lead(colour=1, enterprise__x=1, project__site_needs__y=2, contacts__0__wechat="w")
    loaded = load_lead(data, CODES)
    assert loaded.data == FULL
    assert set(loaded.ignored) == {"colour", "enterprise.x", "project.site_needs.y", "contacts.0.wechat"}


def test_names_of_unknown_fields_cannot_poison_the_answer() -> None:
    loaded = load_lead({**FULL, "\ud800\x00": 1, "x" * 5000: 2}, CODES)
    assert orjson.dumps(loaded.ignored)
    assert max(map(len, loaded.ignored)) == 100


def test_markup_and_formulas_are_texts() -> None:
    data = lead(project__title="<script>alert(1)</script>", enterprise__name='=HYPERLINK("x")有限公司')
    loaded = load_lead(data, CODES).data
    assert (loaded["project"]["title"], loaded["enterprise"]["name"]) == (
        "<script>alert(1)</script>",
        '=HYPERLINK("x")有限公司',
    )


def test_equal_content_has_an_equal_hash() -> None:
    spelled = lead(project__investment="5亿", project__land=30.0, project__preferred_districts=[" d1 ", None])
    spelled["unknown"] = 1
    assert content_hash(load_lead(spelled, CODES).data) == content_hash(load_lead(FULL, CODES).data)


def test_empty_null_false_and_absent_are_equal_content() -> None:
    small = {"source_ref": "A-1", "enterprise": {"name": "示例公司"}}
    padded = {**small, "contacts": [{}, None], "confidential": False, "project": {"title": " ", "process_risks": []}}
    assert load_lead(padded, CODES).data == small


def test_the_fields_that_differ_are_named() -> None:
    one = load_lead(FULL, CODES).data
    other = load_lead(lead(project__land=31, contacts__0__email="li@example.com", project__path=None), CODES).data
    assert differing_fields(one, other) == ("contacts.0.email", "project.land", "project.path")
    assert differing_fields(one, one) == ()


def test_lists_of_another_length_differ_as_a_whole() -> None:
    one = {"contacts": [{"name": "张"}], "honours": ["甲"]}
    assert differing_fields(one, {"contacts": [], "honours": ["甲", "乙"]}) == ("contacts", "honours")


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=4), below, max_size=3),
    max_leaves=6,
)
keys = st.sampled_from([*FULL, *FULL["enterprise"], *FULL["project"]])


@given(st.dictionaries(st.sampled_from(list(FULL)), st.one_of(anything, st.dictionaries(keys, anything, max_size=6))))
def test_any_object_is_loaded_as_json_or_refused(changes: dict[str, Any]) -> None:
    try:
        loaded = load_lead({**FULL, **changes}, CODES)
    except SchemaError:
        return
    assert load_lead(orjson.loads(orjson.dumps(loaded.data)), CODES).data == loaded.data


@given(st.dictionaries(st.sampled_from(list(FULL)), st.one_of(anything, st.dictionaries(keys, anything, max_size=6))))
def test_the_quick_reader_takes_what_the_schema_takes_and_reads_the_same(changes: dict[str, Any]) -> None:
    data = {**FULL, **changes}
    try:
        expected = without_empty(LeadData().load(data))
    except ValidationError:
        with pytest.raises(NotFaultless):
            QuickReader.of(LeadData()).load(data)
    else:
        assert QuickReader.of(LeadData()).load(data)[0] == expected
