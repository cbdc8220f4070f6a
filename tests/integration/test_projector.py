"""The projector: documents follow the rows, older revisions never win, what is gone stays gone."""

from __future__ import annotations

import dataclasses

from consumers.search_projector import SearchProjector, named_documents
from crm.services.documents import build_documents
from crm.store.unit_of_work import unit_of_work
from schemas import headers
from search.index import SearchQuery, VersionedDocument
from tests.factories.cities import City
from tests.factories.companies import company
from tests.factories.leads import delivered, named

EVERYTHING = ("bureau", "public", "org:AG-BJ")


def found(city: City, text: str, *types: str) -> list[tuple[str, str]]:
    city.tools.index.refresh()
    page = city.tools.index.search(SearchQuery(text=text, access=EVERYTHING, types=types))
    return [(hit.type, hit.id) for hit in page.hits]


def document(city: City, kind: str, id_: str) -> VersionedDocument:
    (built,) = build_documents(city.tools, [(kind, id_)])
    return built


def test_a_report_is_found_as_lead_project_and_enterprise(searchable: City) -> None:
    lead = searchable.report("AG-BJ", named(1))
    expected = {("lead", lead["id"]), ("project", lead["project_id"]), ("enterprise", lead["enterprise_id"])}
    assert expected <= set(found(searchable, company(1).name))


def test_the_event_names_the_documents_to_look_at() -> None:
    record = delivered(b"{}", headers={headers.DOCUMENTS: "project:p1,lead:l1"})
    assert named_documents(record) == [("project", "p1"), ("lead", "l1")]
    assert named_documents(delivered(b"{}")) == []


def test_a_stale_revision_is_refused(searchable: City) -> None:
    lead = searchable.report("AG-BJ", named(1))
    now = document(searchable, "project", lead["project_id"])
    assert now.document is not None
    older = dataclasses.replace(
        now, revision=now.revision - 1, document=dataclasses.replace(now.document, full_names=("旧名称有限公司",))
    )
    assert searchable.tools.index.upsert([older]).stale == 1
    assert found(searchable, "旧名称有限公司", "project") == []


def test_an_equal_revision_counts_as_written(searchable: City) -> None:
    lead = searchable.report("AG-BJ", named(1))
    result = searchable.tools.index.upsert([document(searchable, "lead", lead["id"])])
    assert (result.written, result.stale) == (1, 0)


def test_a_deleted_document_becomes_a_tombstone_and_a_late_upsert_does_not_bring_it_back(searchable: City) -> None:
    lead = searchable.report("AG-BJ", named(1))
    before = document(searchable, "lead", lead["id"])
    with unit_of_work(searchable.tools.database, searchable.clock) as unit:
        unit.raise_documents([("lead", lead["id"])], deleted=True)
    nudge = delivered(b"", headers={headers.DOCUMENTS: f"lead:{lead['id']}"})
    SearchProjector(searchable.tools, searchable.tools.index).handle([nudge])
    assert found(searchable, company(1).name, "lead") == []
    searchable.tools.index.upsert([before])
    assert found(searchable, company(1).name, "lead") == []
    assert any(item.id == lead["id"] and item.deleted for item in searchable.tools.index.revisions())


def test_a_row_that_is_gone_becomes_a_tombstone(searchable: City) -> None:
    with unit_of_work(searchable.tools.database, searchable.clock) as unit:
        unit.raise_documents([("enterprise", "nobody")])
    assert document(searchable, "enterprise", "nobody").document is None


def test_a_nudge_for_a_document_without_revision_writes_nothing(searchable: City) -> None:
    assert build_documents(searchable.tools, [("project", "unknown")]) == []


def test_a_changed_name_is_found_under_the_new_and_on_the_project_too(searchable: City) -> None:
    lead = searchable.report("AG-BJ", named(1, source_ref="R-1"))
    searchable.report(
        "AG-BJ", named(1, source_ref="R-1", enterprise={"former_names": ["无锡旧巢光电有限公司"]}), amends=True
    )
    assert ("project", lead["project_id"]) in found(searchable, "无锡旧巢光电有限公司")


def test_the_same_nudge_again_changes_nothing(searchable: City) -> None:
    lead = searchable.report("AG-BJ", named(1))
    nudge = delivered(b"", headers={headers.DOCUMENTS: f"project:{lead['project_id']}"})
    before = sorted((i.type, i.id, i.revision) for i in searchable.tools.index.revisions())
    SearchProjector(searchable.tools, searchable.tools.index).handle([nudge, nudge])
    assert sorted((i.type, i.id, i.revision) for i in searchable.tools.index.revisions()) == before


def test_every_document_reaches_the_index_at_its_revision(searchable: City) -> None:
    for number in range(1, 6):
        searchable.report("AG-BJ", named(number))
    wanted = {(r["type"], r["id"]): r["revision"] for r in searchable.rows("search_documents")}
    indexed = {(i.type, i.id): i.revision for i in searchable.tools.index.revisions()}
    assert indexed == wanted
