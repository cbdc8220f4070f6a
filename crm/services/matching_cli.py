"""`crm match FILE`: lead payloads in, proposals out, a row a line; no database, bus or index.

A faulty line is answered by its fault and does not stop the rest. Called by `crm.cli` and `crm match evaluate`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from crm.domain.match_input import MatchInput
from crm.domain.matching import Matcher
from crm.domain.reference import ReferencePack
from crm.services.compiling import compile_matcher
from schemas.events.leads import Codes, load_lead
from schemas.faults import SchemaError


def match_lines(lines: Iterable[str], pack: ReferencePack) -> Iterator[dict[str, Any]]:
    """One row out for each line in that is not blank: the answer of interface.md, or the line's first fault."""
    matcher = compile_matcher(pack)
    codes = Codes(frozenset(pack.districts), frozenset(pack.nodes), frozenset(pack.classes))
    for line in lines:
        if line.strip():
            yield match_line(line, matcher, codes)


def match_line(line: str, matcher: Matcher, codes: Codes) -> dict[str, Any]:
    source_ref: str | None = None
    try:
        data = json.loads(line)
        source_ref = _source_ref(data)
        lead = load_lead(data, codes)
    except SchemaError as error:
        field, message = error.errors[0]
        return {"source_ref": source_ref, "error": {"field": field, "message": message}}
    except (ValueError, RecursionError):
        return {"source_ref": None, "error": {"field": "data", "message": "不是一行 JSON"}}
    return {"source_ref": source_ref, **matcher.match(MatchInput.from_payload(lead.data)).to_dict()}


def _source_ref(data: object) -> str | None:
    reference = data.get("source_ref") if isinstance(data, Mapping) else None
    return reference if isinstance(reference, str) and _encodable(reference) else None


def _encodable(text: str) -> bool:
    """A lone surrogate is no character: it can be read and not written."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
