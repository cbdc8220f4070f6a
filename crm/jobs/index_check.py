"""Nightly job: index against database, for the figure that should be 0. It repairs nothing: whoever reads it may want to look
first. Revisions only are compared, and at an hour when nobody searches: a million take some seconds."""

from __future__ import annotations

import structlog

from crm.domain.errors import Unavailable
from crm.services.indexing import check
from crm.services.measures import INDEX_DIFFERENCES
from crm.wiring import Deployment
from search.index import SearchUnavailable

log = structlog.get_logger("index-check")


def compare_index(deployment: Deployment) -> int:
    """How many documents differ; those on their way do too."""
    try:
        found = check(deployment.tools, deployment.tools.index)
    except SearchUnavailable as error:
        raise Unavailable(str(error)) from error
    kinds = {"missing": len(found.missing), "stale": len(found.stale), "extra": len(found.extra)}
    for kind, count in kinds.items():
        INDEX_DIFFERENCES.labels(kind).set(count)
    if found.count:
        log.warning("index differs", **kinds)
    return found.count
