"""The port's words in those of Elasticsearch: clauses as queries, fields as a mapping, documents as bodies.

Plain values only, no client. Nothing here needs a module beyond the server's core: analysers cut at blanks,
the stored source is the payload alone. Called by `search/elastic_pages.py` and `search/elastic_index.py`.
"""

from __future__ import annotations

from typing import Any

import orjson

from search.clauses import All, AnyTerm, Clause, Phrase, Prefix, Range, Some, Term
from search.hits import to_payload
from search.index import VersionedDocument
from search.mapping import FIELDS, Kind
from search.ordering import SORTS, key_hash
from search.tokens import document_row

Json = dict[str, Any]

_WORDS = {"type": "text", "analyzer": "whitespace", "norms": False, "index_options": "positions"}
_TYPES: dict[Kind, Json] = {
    Kind.WORDS: _WORDS,
    Kind.TERMS: {**_WORDS, "index_options": "docs"},
    Kind.KEYWORD: {"type": "keyword", "norms": False, "doc_values": False},
    Kind.FACET: {"type": "keyword", "norms": False},
    Kind.NUMBER: {"type": "long", "index": False},  # doc values sort, and answer the few ranges
    Kind.STORED: {"type": "object", "enabled": False},
}
SETTINGS: Json = {
    "number_of_shards": 1,  # sequence numbers of one shard are one order: a rebuild catches up by them
    "auto_expand_replicas": "0-1",  # a single node stays green, a second one keeps a copy
    "refresh_interval": "500ms",  # said outright: otherwise an index nobody searched for 30 s is not refreshed
}
BUILDING: Json = {**SETTINGS, "refresh_interval": "-1"}
"""Of an index that nobody searches yet: it is made visible once, before the swap."""


def mappings(meta: Json) -> Json:
    """Strict: a field that `search/mapping.py` does not declare is refused, not guessed at."""
    return {
        "dynamic": "strict",
        "_meta": meta,
        "_source": {"includes": ["payload"]},
        "properties": {field.name: _TYPES[field.kind] for field in FIELDS},
    }


def body(versioned: VersionedDocument) -> bytes:
    """The document as the index takes it. A sort value that is missing is left out, so that it sorts last both ways."""
    key = key_of(versioned)
    row: Json = dict(document_row(versioned.document)) if versioned.document else {}
    for order in SORTS.values():
        if order.present and order.present not in row.get("present", ()):
            row.pop(order.columns[0], None)
    row.update(
        key=key,
        hash=key_hash(key),
        revision=versioned.revision,
        deleted=0 if versioned.document else 1,
        payload=orjson.Fragment(to_payload(versioned)),
    )
    return orjson.dumps(row)


def key_of(versioned: VersionedDocument) -> str:
    """Id of the document in the index."""
    return f"{versioned.type}:{versioned.id}"


def query(clause: Clause) -> Json:
    """One clause as a query; it is to stand in filter context, where nothing is scored."""
    match clause:
        case Term(field, value):
            return {"term": {field: value}}
        case AnyTerm(field, values):
            return {"terms": {field: list(values)}}
        case Prefix(field, value):
            return {"prefix": {field: value}}
        case Phrase(field, tokens):
            return {"match_phrase": {field: {"query": " ".join(tokens), "analyzer": "whitespace"}}}
        case Range(field, low, high):
            bounds = {"gte": low, "lte": high}
            return {"range": {field: {name: bound for name, bound in bounds.items() if bound is not None}}}
        case Some((part,)) | All((part,), ()):
            return query(part)
        case Some(()):
            return {"match_none": {}}
        case Some(clauses):
            return {"bool": {"should": [query(part) for part in clauses], "minimum_should_match": 1}}
        case All((), ()):
            return {"match_all": {}}
        case All(clauses, without):
            return {
                "bool": {"filter": [query(part) for part in clauses], "must_not": [query(part) for part in without]}
            }
