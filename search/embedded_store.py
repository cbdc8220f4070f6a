"""One generation of the embedded index: a tantivy index in a folder, what a commit of it shows, and its writer.

The only importer of tantivy. Revisions and tombstones live in the index itself, so they survive a restart.
Used by `search/embedded_index.py`, which decides which generation is read and written.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from tantivy import (
    DocAddress,
    Document,
    FieldType,
    Index,
    IndexWriter,
    Occur,
    Order,
    Query,
    Schema,
    SchemaBuilder,
    Searcher,
)

from search.clauses import All, AnyTerm, Clause, Phrase, Prefix, Range, Some, Term
from search.hits import from_payload, to_payload
from search.index import FacetValue, UpsertResult, VersionedDocument
from search.mapping import FIELDS, Field, Kind
from search.ordering import key_hash
from search.plan import EVERYTHING
from search.tokens import document_row

_HEAP_BYTES = 50_000_000
_BATCH = 2000
_FACET_VALUES = 1000
_FEW = 8


def _schema() -> Schema:
    builder = SchemaBuilder()
    for field in FIELDS:
        _add_field(builder, field)
    return builder.build()


def _add_field(builder: SchemaBuilder, field: Field) -> None:
    match field.kind:
        case Kind.WORDS:
            builder.add_text_field(field.name, tokenizer_name="whitespace", index_option="position")
        case Kind.TERMS:
            builder.add_text_field(field.name, tokenizer_name="whitespace", index_option="basic")
        case Kind.KEYWORD | Kind.FACET:
            fast = field.kind is Kind.FACET
            builder.add_text_field(field.name, tokenizer_name="raw", index_option="basic", fast=fast)
        case Kind.NUMBER:
            builder.add_unsigned_field(field.name, fast=True)
        case Kind.STORED:
            builder.add_bytes_field(field.name, stored=True)


def _query(schema: Schema, clause: Clause) -> Query:
    """One clause in tantivy's words."""
    match clause:
        case Term(field, value):
            return Query.term_query(schema, field, value)
        case AnyTerm(field, values):
            if len(values) > _FEW:  # a set reads every document of every value; a sum of terms only where needed
                return Query.term_set_query(schema, field, list(values))
            return _query(schema, Some(tuple(Term(field, value) for value in values)))
        case Prefix(field, value):
            return Query.fuzzy_term_query(schema, field, value, distance=0, prefix=True)
        case Phrase(field, tokens):
            return Query.phrase_query(schema, field, list(tokens))
        case Range(field, low, high):
            return Query.range_query(schema, field, FieldType.Unsigned, low, high)
        case Some((clause,)) | All((clause,), ()):
            return _query(schema, clause)
        case Some(clauses):
            return Query.boolean_query([(Occur.Should, _query(schema, part)) for part in clauses])
        case All(clauses, without):
            must = [(Occur.Must, _query(schema, part)) for part in clauses] or [(Occur.Must, Query.all_query())]
            return Query.boolean_query([*must, *((Occur.MustNot, _query(schema, part)) for part in without)])


def _key(versioned: VersionedDocument) -> str:
    return f"{versioned.type}:{versioned.id}"


class View:
    """What one commit holds; a later commit does not change it."""

    def __init__(self, searcher: Searcher, schema: Schema) -> None:
        self._searcher = searcher
        self._schema = schema

    def first(self, clause: Clause, column: str, limit: int, *, descending: bool) -> list[tuple[int, DocAddress]]:
        order = Order.Desc if descending else Order.Asc
        query = _query(self._schema, clause)
        return list(self._searcher.search(query, limit, count=False, order_by_field=column, order=order).hits)

    def numbers(self, column: str, addresses: list[DocAddress]) -> list[int]:
        return [int(value or 0) for value in self._searcher.fast_field_values(column, addresses)]

    def tally(self, clause: Clause, fields: Sequence[str]) -> tuple[int, Mapping[str, tuple[FacetValue, ...]]]:
        query = _query(self._schema, clause)
        if not fields:
            return int(self._searcher.search(query, 1).count or 0), {}  # type: ignore[attr-defined]
        asked = {field: {"terms": {"field": field, "size": _FACET_VALUES}} for field in fields}
        found = self._searcher.aggregate(query, {**asked, "total": {"value_count": {"field": "hash"}}})
        return int(found["total"]["value"]), {field: _facet_values(found[field]["buckets"]) for field in fields}

    def payload(self, address: DocAddress) -> bytes:
        return bytes(self._searcher.doc(address).get_first("payload") or b"")

    def all(self, clause: Clause = EVERYTHING) -> Iterator[VersionedDocument]:
        """Every document and tombstone of the clause."""
        for _, address in self.first(clause, "hash", max(1, self._searcher.num_docs), descending=False):
            yield from_payload(self.payload(address))

    def revisions(self, keys: list[str]) -> dict[int, int]:
        """Revisions, by the hash of the key, of those keys that are here."""
        found = self.first(AnyTerm("key", tuple(keys)), "hash", max(1, len(keys)), descending=False)
        numbers = self.numbers("revision", [address for _, address in found])
        return dict(zip((key for key, _ in found), numbers, strict=True))


def _facet_values(buckets: list[dict[str, object]]) -> tuple[FacetValue, ...]:
    counted = [FacetValue(str(bucket["key"]), int(str(bucket["doc_count"]))) for bucket in buckets]
    return tuple(sorted(counted, key=lambda value: (-value.count, value.value)))


class Store:
    """One generation: a tantivy index in a folder, and its writer once somebody writes."""

    def __init__(self, folder: Path, *, create: bool = False) -> None:
        self.folder = folder
        self._index = Index(_schema(), str(folder)) if create else Index.open(str(folder))
        self._index.config_reader("manual")
        self._schema = self._index.schema
        self._loaded: tuple[int, int] | None = None
        self._loading = threading.Lock()
        self._writer: IndexWriter | None = None
        self._pending: dict[int, int] = {}  # revisions taken but not committed: no searcher shows them yet

    def view(self) -> View:
        """The last commit, of whichever process."""
        state = (self.folder / "meta.json").stat()
        with self._loading:
            if (state.st_mtime_ns, state.st_ino) != self._loaded:
                self._index.reload()
                self._loaded = (state.st_mtime_ns, state.st_ino)
            return View(self._index.searcher(), self._schema)

    def write(self, documents: Iterable[VersionedDocument]) -> UpsertResult:
        """Take what is not older than what is here. Neither durable nor visible before `commit`."""
        rest = iter(documents)
        written = stale = 0
        while batch := list(islice(rest, _BATCH)):
            result = self._write_batch([(_key(versioned), versioned) for versioned in batch])
            written, stale = written + result.written, stale + result.stale
        return UpsertResult(written, stale)

    def _write_batch(self, batch: list[tuple[str, VersionedDocument]]) -> UpsertResult:
        known = {**self.view().revisions([key for key, _ in batch]), **self._pending}
        present = frozenset(known)
        newest: dict[str, VersionedDocument] = {}
        stale = 0
        for key, versioned in batch:
            if versioned.revision < known.get(key_hash(key), versioned.revision):
                stale += 1
                continue
            newest[key] = versioned
            known[key_hash(key)] = versioned.revision
        for key, versioned in newest.items():
            self._put(key, versioned, replace=key_hash(key) in present)
        return UpsertResult(len(batch) - stale, stale)

    def _put(self, key: str, versioned: VersionedDocument, *, replace: bool) -> None:
        number = key_hash(key)
        row = {
            **(document_row(versioned.document) if versioned.document else {"rank": [0]}),
            "key": [key],
            "hash": [number],
            "revision": [versioned.revision],
            "deleted": [0 if versioned.document else 1],
            "payload": [to_payload(versioned)],
        }
        writer = self._opened_writer()
        if replace:
            writer.delete_documents_by_term("key", key)
        writer.add_document(Document.from_dict(row, self._schema))
        self._pending[number] = versioned.revision

    def _opened_writer(self) -> IndexWriter:
        if self._writer is None:
            self._writer = self._index.writer(_HEAP_BYTES, 1)
        return self._writer

    def commit(self) -> None:
        """Make everything taken durable and visible."""
        if self._pending:
            self._opened_writer().commit()
            self._pending.clear()

    def close(self) -> None:
        """Give up the writer: merges under way are finished, what was not committed is dropped."""
        writer = self.give_up()
        if writer is not None:
            writer.rollback()
            writer.wait_merging_threads()

    def give_up(self) -> IndexWriter | None:
        """Let go of a writer that may be broken; the next write opens another."""
        writer, self._writer = self._writer, None
        self._pending.clear()
        return writer
