"""The registry: every declared event, the way up from old versions, and documents that are never stale."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from schemas import topics
from schemas.events.fact import EventType, a_code, a_text, day
from schemas.faults import SchemaError
from schemas.registry import Registry, default_registry, write_docs

DOCS = Path(__file__).parents[2] / "docs"
FACT: dict[str, Any] = {
    "id": "p-1",
    "version": 2,
    "changed": {"district": "D1"},
    "actor": {"organisation": "BUREAU", "role": "dispatcher", "id": "user:1"},
    "occurred_at": "2026-01-17T09:30:00+08:00",
    "recorded_at": "2026-01-17T09:31:00+08:00",
    "reason": None,
}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return default_registry()


@pytest.fixture
def two_versions() -> Registry:
    first = EventType("project.dispatched", topics.PROJECTS_CHANGED, "旧", own_fields={"district": a_code})
    second = EventType("project.dispatched", topics.PROJECTS_CHANGED, "新", version=2, own_fields={"districts": a_text})
    return Registry((first, second), {first.type: lambda data: {**data, "districts": data["district"]}})


def test_a_fact_is_checked_by_its_type(registry: Registry) -> None:
    loaded = registry.load("project.dispatched.v1", {**FACT, "district": "D1", "later": 1})
    assert loaded.type == "project.dispatched.v1"
    assert loaded.data == {**FACT, "district": "D1", "park": None, "due_on": None}


def test_a_fact_lacks_nothing_of_its_own(registry: Registry) -> None:
    with pytest.raises(SchemaError) as caught:
        registry.load("project.dispatched.v1", {**FACT, "actor": {}})
    assert {field for field, _ in caught.value.errors} == {
        "district", "actor.organisation", "actor.role", "actor.id",
    }  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["project.sold.v1", "project.dispatched.v2", "project.dispatched", "", "x", "project.dispatched.v01", "\x00"],
)
def test_an_unknown_type_or_version_is_refused_on_the_type(registry: Registry, name: str) -> None:
    with pytest.raises(SchemaError) as caught:
        registry.load(name, FACT)
    assert caught.value.field == "type"


def test_a_body_that_is_no_object_is_refused(registry: Registry) -> None:
    with pytest.raises(SchemaError):
        registry.load("project.lost.v1", [])


def test_a_composed_fact_is_a_valid_one(registry: Registry) -> None:
    event = registry.find("project.dispatched.v1")
    recorded = {name: FACT[name] for name in ("version", "actor", "occurred_at", "recorded_at", "reason")}
    data = event.compose("p-1", {"district": "D1", "note": "近"}, **recorded)
    assert registry.load(event.type, data).data["changed"] == {"district": "D1", "note": "近"}


def test_an_old_version_is_raised_to_the_newest(two_versions: Registry) -> None:
    loaded = two_versions.load("project.dispatched.v1", {**FACT, "district": "D1"})
    assert loaded.type == "project.dispatched.v2"
    assert loaded.data["districts"] == "D1"


def test_the_old_version_is_checked_before_it_is_raised(two_versions: Registry) -> None:
    with pytest.raises(SchemaError) as caught:
        two_versions.load("project.dispatched.v1", FACT)
    assert caught.value.field == "district"


def test_an_old_version_without_a_way_up_is_no_registry() -> None:
    events = [EventType("a.done", "t", "", version=number) for number in (1, 2)]
    with pytest.raises(ValueError, match="no way up"):
        Registry(events)
    with pytest.raises(ValueError, match="no such event"):
        Registry(events, {"a.done.v1": dict, "a.done.v2": dict})
    with pytest.raises(ValueError, match="twice"):
        Registry([events[0], events[0]])


def test_every_event_names_a_declared_topic_and_a_past_tense_type(registry: Registry) -> None:
    names = {topic.name for topic in topics.TOPICS}
    for event in registry.events():
        assert event.topic in names
        assert registry.topic_of(event.type) == event.topic
        assert re.fullmatch(r"[a-z]+\.[a-z]+(-[a-z]+)*\.v1", event.type)
        assert event.meaning


def test_the_exported_schemas_are_json_schemas_and_hold_for_a_good_event(registry: Registry) -> None:
    exported = registry.export_json_schema()
    for schema in exported.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    good = {**FACT, "district": "D1", "due_on": None}
    jsonschema.validate(good, exported["project.dispatched.v1"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(FACT, exported["project.dispatched.v1"])


def test_the_documents_are_not_stale(registry: Registry) -> None:
    stored = {f"events/{path.name}": path.read_text("utf-8") for path in (DOCS / "events").glob("*.json")}
    stored["events.md"] = (DOCS / "events.md").read_text("utf-8")
    assert stored == registry.documents(), "run schemas.registry.write_docs('docs')"


def test_documents_of_events_no_longer_declared_are_removed(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "gone.v1.json").write_text("{}")
    write_docs(tmp_path)
    assert not (tmp_path / "events" / "gone.v1.json").exists()
    assert (tmp_path / "events.md").exists()


def test_an_optional_field_may_be_null() -> None:
    assert day().allow_none


def test_a_feed_topic_carries_one_organisation() -> None:
    assert topics.feed_topic("C-SH") == "leads.submitted.from.C-SH"
    assert topics.feed_organisation(topics.feed("C-SH").name) == "C-SH"
    assert topics.feed_organisation(topics.LEADS_SUBMITTED) is None


@pytest.mark.parametrize("code", ["", "a b", "..", "C/SH", "x" * 51, "c-sh"])
def test_a_feed_topic_needs_a_code(code: str) -> None:
    with pytest.raises(SchemaError):
        topics.feed_topic(code)


def test_a_source_is_an_organisation() -> None:
    assert topics.organisation_of(topics.source_of("AG-SH")) == "AG-SH"
    for source in ("AG-SH", "/organisations/", "/organisations/a/b", "https://x/organisations/AG"):
        with pytest.raises(SchemaError) as caught:
            topics.organisation_of(source)
        assert caught.value.field == "source"


def test_topics_with_contacts_are_erased_within_thirty_days() -> None:
    kept = {topic.name: topic.retention_days for topic in topics.TOPICS}
    assert kept[topics.LEADS_SUBMITTED] == kept[topics.LEADS_DEAD] == 30
