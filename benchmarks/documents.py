"""Synthetic search documents, as intake of the same reports would make them, loaded by raw bulk requests."""

from __future__ import annotations

import http.client
import random
from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from elasticsearch import Elasticsearch

from benchmarks.city_floor import CHUNK, lines_of, send_bulk
from benchmarks.synthetic import Reports, brand
from crm.domain.milestones import STAGES
from crm.domain.reference import ReferencePack
from schemas.documents import SearchDocument
from search.index import VersionedDocument

PATIENCE = 120.0


def load(url: str, alias: str, pack: ReferencePack, count: int) -> None:
    """Into the index behind the alias, which is there and empty."""
    where = urlsplit(url)
    connection = http.client.HTTPConnection(where.hostname or "", where.port, timeout=PATIENCE)
    with Elasticsearch(url, request_timeout=PATIENCE) as client:
        (name,) = client.indices.get_alias(name=alias)
        documents = made(pack, count)
        while chunk := list(islice(documents, CHUNK)):
            send_bulk(connection, name, [lines_of(document) for document in chunk])
        client.indices.refresh(index=name)
    connection.close()


def made(pack: ReferencePack, count: int) -> Iterator[VersionedDocument]:
    """For each report a lead, an enterprise and a project, until there are so many."""
    reports, rng = Reports(pack), random.Random(11)
    districts, industries = sorted(pack.districts), sorted(pack.industries)
    for number in range(-(-count // 3)):
        document = _Document(reports.report(number), number, rng.choice(districts), rng.choice(industries))
        kinds = ("lead", "enterprise", "project")[: min(3, count - 3 * number)]
        for kind in kinds:
            yield VersionedDocument(kind, f"{kind}-{number}", 1, document.of(kind, rng))


class _Document:
    """What one report says, as documents."""

    def __init__(self, report: dict[str, Any], number: int, district: str, industry: str) -> None:
        self.report = report
        self.number = number
        self.district = district
        self.industry = industry

    def of(self, kind: str, rng: random.Random) -> SearchDocument:
        enterprise, project = self.report["enterprise"], self.report["project"]
        placed = kind == "project" and rng.random() < 0.6
        return SearchDocument(
            type=kind,
            id=f"{kind}-{self.number}",
            name=enterprise["name"] if kind == "enterprise" else project["title"],
            access=("bureau", f"district:{self.district}") if placed else ("bureau", "org:AG-SH"),
            uscc=enterprise["uscc"],
            full_names=(enterprise["name"],),
            short_names=(brand(self.number),),
            title="" if kind == "enterprise" else project["title"],
            body="；".join((enterprise["main_business"], enterprise["business_scope"], project["summary"])),
            source_refs=(self.report["source_ref"],),
            industries=(self.industry,),
            district=self.district if placed else None,
            stage=rng.choice(STAGES) if kind == "project" else None,
            light=rng.choice(("green", "green", "yellow", "red")) if kind == "project" else None,
            sources=("AG-SH",),
            province=enterprise["province"],
            investment=project["investment"] * 10_000,
            updated_at=f"2026-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}T08:00:00+00:00",
        )
