"""Lines of a report file: bare `data`, a CloudEvent, or `{"organisation", "data"}`; one line's fault is that line's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

from crm.domain.errors import CrmError, Invalid
from crm.services.reports import as_invalid
from crm.services.submission import AMENDED, SUBMITTED
from schemas.envelope import MAX_RECORD_BYTES, parse, read_json
from schemas.faults import SchemaError
from schemas.topics import organisation_of

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class FileLine:
    """A line that can be read as a report. `number` counts from 1, blank lines included."""

    number: int
    organisation: str
    data: Any
    amends: bool = False

    @property
    def source_ref(self) -> str | None:
        return _source_ref(self.data)


@dataclass(frozen=True, slots=True)
class FaultyLine:
    """A line that cannot."""

    number: int
    source_ref: str | None
    error: CrmError


def read_lines(file: BinaryIO, organisation: str | None) -> Iterator[FileLine | FaultyLine]:
    """The lines of a file, at most one record's bytes of each in memory; blank ones are left out."""
    number = 0
    while line := file.readline(MAX_RECORD_BYTES + 2):
        number += 1
        whole = line.endswith(b"\n")
        if len(line) > MAX_RECORD_BYTES:
            while not whole and (rest := file.readline(MAX_RECORD_BYTES)):
                whole = rest.endswith(b"\n")
            message = f"一行超过 {MAX_RECORD_BYTES // 1024} KB"
            yield FaultyLine(number, None, Invalid.of("data", message))
            continue
        text = line.removeprefix(BOM) if number == 1 else line
        if text.strip():
            yield _read(number, text, organisation)


def _read(number: int, line: bytes, organisation: str | None) -> FileLine | FaultyLine:
    content: Any = None
    try:
        content = read_json(line)
        if not isinstance(content, Mapping):
            raise SchemaError(("data", "每行须为一个 JSON 对象"))
        return _report(number, line, content, organisation)
    except SchemaError as error:
        return FaultyLine(number, _source_ref(content), as_invalid(error))


def _report(number: int, line: bytes, content: Mapping[str, Any], given: str | None) -> FileLine:
    amends = False
    if "specversion" in content:
        envelope = parse(line)
        if envelope.type not in (SUBMITTED, AMENDED):
            raise SchemaError(("type", f"不能报送 {envelope.type[:80]}"))
        own, amends = organisation_of(envelope.source), envelope.type == AMENDED
        data: Any = envelope.data
    elif "data" in content and "organisation" in content:
        own, data = str(content["organisation"]), content["data"]
    else:
        own, data = given or "", content
        if given is None:
            raise SchemaError(("organisation", "文件为 data 时须用 --organisation 给出报送单位"))
    if given is not None and own != given:
        raise SchemaError(("organisation", f"该行为 {own[:50]}，与 --organisation {given} 不符"))
    return FileLine(number, own, data, amends)


def _source_ref(content: Any) -> str | None:
    inner = content.get("data", content) if isinstance(content, Mapping) else None
    found = inner.get("source_ref") if isinstance(inner, Mapping) else None
    return found if isinstance(found, str) else None
