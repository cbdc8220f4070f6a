"""Labelled cases that matching is measured on: never a source of words.

A pack may bring its own (`evaluation_cases.jsonl` beside its CSV files); CRM_EVAL_DIR names a folder with others
(`*.jsonl`). A line is a case when it says what is expected; others (leads, queries, pairs) are passed over.
Read by `crm match evaluate` and by the trial of a new word.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from crm.domain.errors import Invalid
from crm.domain.match_input import MatchInput

OWN_CASES = "evaluation_cases.jsonl"
REGISTRY, SPEECH = "registry", "speech"
DEVELOPMENT, HELD_OUT = "development", "held_out"


@dataclass(frozen=True, slots=True)
class Case:
    """A text and what a person would answer. kind: registry (a registered company's own words) or speech; part: development
    or held_out (never looked at while the matcher was made); empty sets: none of ours."""

    id: str
    kind: str
    part: str
    given: MatchInput
    industry: str | None
    industries: frozenset[str]
    nodes: frozenset[str]
    unsure_ok: bool = False
    trap: str = ""

    @property
    def negative(self) -> bool:
        return self.industry is None


def read_cases(*folders: Path | None) -> list[Case]:
    """The cases of all folders that are there, in order of file and line. Raises Invalid naming file and line."""
    found: list[Case] = []
    for folder in folders:
        for path in sorted(folder.glob("*.jsonl")) if folder is not None else ():
            found.extend(_cases_of(path))
    return found


def _cases_of(path: Path) -> Iterator[Case]:
    with path.open(encoding="utf-8") as lines:
        for number, row in _objects(lines, path.name):
            if "negative" in row:
                try:
                    yield case_of(row)
                except (KeyError, TypeError) as error:
                    raise Invalid.of(path.name, f"第 {number} 行不是完整的用例：{error}") from error


def _objects(lines: Iterable[str], name: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                row = json.loads(line)
            except ValueError as error:
                raise Invalid.of(name, f"第 {number} 行不是 JSON") from error
            if isinstance(row, dict):
                yield number, row


def case_of(row: Mapping[str, Any]) -> Case:
    """One case from its line. Raises KeyError for a positive case without what is expected."""
    expected: Mapping[str, Any] = {} if row["negative"] else row["expected"]
    industry = expected["industry"] if expected else None
    return Case(
        id=str(row["id"]),
        kind=row.get("kind") or REGISTRY,
        part=row.get("part") or DEVELOPMENT,
        given=MatchInput(
            name=row.get("name") or "",
            aliases=tuple(filter(None, [row.get("short_name")])),
            english_name=row.get("english_name") or "",
            main_business=row.get("main_business") or "",
            business_scope=row.get("business_scope") or "",
            summary=row.get("summary") or "",
        ),
        industry=industry,
        industries=frozenset((industry, *expected.get("alt_industries", ()))) if industry else frozenset(),
        nodes=frozenset((expected["node"], *expected.get("alt_nodes", ()))) if industry else frozenset(),
        unsure_ok=bool(row.get("unsure_ok")),
        trap=row.get("trap") or "",
    )
