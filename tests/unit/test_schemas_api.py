"""Bodies of the API: strict on the way in, with examples that hold on both ways."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from schemas.api import enterprises, leads, project_requests, projects, search
from schemas.events.leads import LeadData
from schemas.faults import SchemaError
from schemas.shapes import OpenSchema, StrictSchema, load_strictly

MODULES = ("enterprises", "leads", "parks", "problems", "project_requests", "projects", "search")
SHAPES = [
    shape
    for module in (importlib.import_module(f"schemas.api.{name}") for name in MODULES)
    for _, shape in inspect.getmembers(module, inspect.isclass)
    if issubclass(shape, StrictSchema | OpenSchema) and shape.__module__ == module.__name__
]


def faults(schema: type[StrictSchema], data: Any) -> set[str]:
    with pytest.raises(SchemaError) as caught:
        load_strictly(schema(), data)
    return {field for field, _ in caught.value.errors}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_every_example_holds(shape: type[OpenSchema]) -> None:
    assert shape.example
    loaded = load_strictly(shape(), shape.example)
    assert set(shape().dump(loaded)) >= {name for name, value in shape.example.items() if value is not None}


@pytest.mark.parametrize(
    "shape", [shape for shape in SHAPES if issubclass(shape, StrictSchema)], ids=lambda s: s.__name__
)
def test_requests_refuse_unknown_fields(shape: type[StrictSchema]) -> None:
    assert "extra" in faults(shape, {**shape.example, "extra": 1})


@pytest.mark.parametrize(
    ("shape", "body", "fields"),
    [
        (project_requests.Dispatch, {}, {"district"}),
        (project_requests.Dispatch, {"district": 7}, {"district"}),
        (project_requests.Reason, {"reason": "  "}, {"reason"}),
        (project_requests.Reason, {"reason": "a\x00"}, {"reason"}),
        (project_requests.Transfer, {"district": "D1", "reason": "x", "split": {"first_talk": 30, "landing": 60}},
         {"split"}),
        (project_requests.Transfer, {"district": "D1", "reason": "x", "split": {"first_talk": 130, "landing": -30}},
         {"split.first_talk", "split.landing"}),
        (project_requests.MilestoneClaim, {"kind": "party", "occurred_on": "2026-02-30", "evidence": []},
         {"kind", "occurred_on", "evidence"}),
        (project_requests.Activity, {"occurred_on": "2026-02-10"}, {"summary"}),
        (project_requests.Obstacle, {"description": "x"}, {"department"}),
        (project_requests.Shelve, {"reason": "x"}, {"wake_on"}),
        (project_requests.ProjectPatch, {}, {"track"}),
        (project_requests.ProjectPatch, {"grade": "best"}, {"grade"}),
        (project_requests.ProjectPatch, {"track": None}, {"track"}),
        (enterprises.EnterpriseCheck, {}, {"name"}),
        (enterprises.EnterpriseCheck, {"name": "", "uscc": None}, {"name"}),
        (enterprises.EnterpriseCheck, {"name": "——"}, {"name"}),
        (leads.LeadBatch, {"items": {}}, {"items"}),
        (leads.LeadBatch, {"items": [{}] * 1001}, {"items"}),
        (search.SearchArguments, {"page_size": "0"}, {"page_size"}),
        (search.SearchArguments, {"page_size": "many"}, {"page_size"}),
        (search.SearchArguments, {"type": "person"}, {"type"}),
    ],
)  # fmt: skip
def test_a_wrong_body_is_refused_on_its_fields(
    shape: type[StrictSchema], body: dict[str, Any], fields: set[str]
) -> None:
    assert faults(shape, body) == fields


@pytest.mark.parametrize("body", [None, [], "x"])
def test_a_body_is_an_object(body: Any) -> None:
    assert faults(project_requests.Dispatch, body) == {"data"}


def test_a_batch_lets_items_of_any_form_through() -> None:
    assert load_strictly(leads.LeadBatch(), {"items": [{}, 7, None]}) == {"items": [{}, 7, None]}


def test_amounts_are_written_as_the_numbers_they_are() -> None:
    assert projects.Project().dump({"investment": 50000, "land": 30.5, "energy": None}) == {
        "investment": 50000,
        "land": 30.5,
        "energy": None,
    }


def test_openapi_can_describe_every_body() -> None:
    spec = APISpec("x", "1", openapi_version="3.1.0", plugins=[MarshmallowPlugin()])
    spec.components.schema("LeadData", schema=LeadData)
    for shape in SHAPES:
        if shape.__name__ not in spec.components.schemas:
            spec.components.schema(shape.__name__, schema=shape)
    described = spec.to_dict()["components"]["schemas"]
    assert described["LeadData"]["required"] == ["source_ref"]
    assert described["MilestoneClaim"]["properties"]["kind"]["enum"][0] == "negotiating"
