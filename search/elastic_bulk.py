"""Bulk requests to Elasticsearch: documents as lines, and what an answer to one of them means.

The lines are made here and not by the client's helpers, which take as long over a document as the tokens do. Called by
`search/elastic_index.py`, which sends them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import orjson

from search.elastic_generations import GenerationGone
from search.elastic_language import Json, body, key_of
from search.index import SearchError, SearchRefused, SearchUnavailable, VersionedDocument

MOST_DOCUMENTS = 500
MOST_BYTES = 8 << 20  # with one document more: none is larger than a record
SECURITY = "security_exception"
DENIED = "CRM_SEARCH_API_KEY 的权限不足：请用 crm index key 另制一枚"


def requests_of(targets: Sequence[str], documents: Iterable[VersionedDocument]) -> Iterator[list[bytes]]:
    """The lines of one request after the other: an action and the document, for every index that takes it. The tokens of
    a document are made once. An equal revision is written again."""
    lines: list[bytes] = []
    size = 0
    for versioned in documents:
        source = body(versioned)
        named = {"_id": key_of(versioned), "version": versioned.revision, "version_type": "external_gte"}
        for target in targets:
            lines += (orjson.dumps({"index": {"_index": target, **named}}), source)
            size += len(source)
        if len(lines) >= 2 * MOST_DOCUMENTS or size >= MOST_BYTES:
            yield lines
            lines, size = [], 0
    if lines:
        yield lines


def refused(answer: Json) -> bool:
    """True for an older revision. Raises for whatever else kept a document out: GenerationGone where the index was
    swapped, SearchRefused where our key does not suffice, SearchUnavailable where it may be tried again, SearchError,
    naming the document, where it is at fault."""
    status, error = answer["status"], answer.get("error", {})
    if status == 409:
        return True
    if error.get("type") == SECURITY:
        raise SearchRefused(DENIED)
    if status in (403, 404):
        raise GenerationGone("检索索引正在切换")
    if status == 429 or status >= 500:
        raise SearchUnavailable(f"Elasticsearch 暂不接受写入：{error.get('reason', status)}")
    raise SearchError(f"{answer['_id']}：Elasticsearch 不接受这份文档：{error.get('reason', status)}")
