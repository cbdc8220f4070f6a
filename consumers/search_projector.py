"""The projector: nudges in, documents out. Reads the rows as they are now and writes them at their revision.

An event only says which documents to look at again, so that a lost, doubled or late one does no harm: the index refuses
what is older, and `crm index check` compares revisions at any time.
"""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from crm.bus.port import Delivered
from crm.domain import trace
from crm.domain.errors import Unavailable
from crm.services.documents import build_documents
from crm.services.tools import Tools
from crm.store.unit_of_work import DocumentKey
from schemas import headers
from schemas.topics import DOCUMENTS_RAISED, ENTERPRISES_CHANGED, LEADS_CHANGED, PARKS_CHANGED, PROJECTS_CHANGED
from search.index import SearchIndex, SearchUnavailable

log = structlog.get_logger("search-projector")

NAME = "search-projector"
TOPICS = (LEADS_CHANGED, PROJECTS_CHANGED, ENTERPRISES_CHANGED, PARKS_CHANGED, DOCUMENTS_RAISED)


class SearchProjector:
    """Handler of `consumers/runner.py`; the only regular writer of the index."""

    name = NAME
    most = 2000

    def __init__(self, tools: Tools, index: SearchIndex) -> None:
        self.tools = tools
        self.index = index

    def handle(self, records: Sequence[Delivered]) -> None:
        keys = {key for record in records for key in named_documents(record)}
        if not keys:
            return
        try:
            self.index.upsert(build_documents(self.tools, keys))
        except SearchUnavailable as error:
            raise Unavailable(str(error)) from error
        for record in records:
            travelling = record.headers.get(headers.TRACE)
            if trace.well_formed(travelling) and trace.sampled(str(travelling)):
                named = record.headers.get(headers.DOCUMENTS)
                log.info("documents written", trace=trace.identity(str(travelling)), documents=named)

    def set_aside(self, record: Delivered, error_id: str) -> None:
        """A nudge that cannot be followed needs no dead letter: `crm index check` finds what it left behind."""


def named_documents(record: Delivered) -> list[DocumentKey]:
    """The documents an event tells us to look at."""
    pairs = (name.partition(":") for name in record.headers.get(headers.DOCUMENTS, "").split(",") if name)
    return [(kind, id_) for kind, _, id_ in pairs]
