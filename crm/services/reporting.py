"""Reports over the API: counted, answered blind, stored, several in the same few statements.

Requests that come at the same moment share a transaction (`together.py`); alone, each of its messages to the database
cost as much as the rest of the request. Called by `crm/web/api/leads.py`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm.domain.actors import Actor
from crm.domain.errors import CrmError
from crm.services.duplicate_check import Asked, BlindAnswer, admit_reports
from crm.services.submission import Incoming, Submitted, submit_each
from crm.services.together import Together
from crm.services.tools import Tools

API = "api"  # the channel
Reported = tuple[Submitted, BlindAnswer | None]
Desk = Together[tuple[Actor, Incoming], Reported | CrmError]


@dataclass(frozen=True, slots=True)
class _Group:
    tools: Tools

    def take(self, reports: Sequence[tuple[Actor, Incoming]]) -> list[Reported | CrmError]:
        """Asked before any of the group is there: a blind answer is about others."""
        answers = admit_reports(self.tools, [Asked(actor, *_named(report.data)) for actor, report in reports])
        admitted = [place for place, answer in enumerate(answers) if not isinstance(answer, CrmError)]
        stored = submit_each(self.tools, [reports[place] for place in admitted], API) if admitted else []
        outcomes: dict[int, Submitted | CrmError] = dict(zip(admitted, stored, strict=True))
        return [_outcome(outcomes.get(place), answer) for place, answer in enumerate(answers)]


def desk(tools: Tools) -> Desk:
    """Where the threads of a process hand in their reports; it answers each with its receipt or its fault."""
    return Together(_Group(tools).take)


def _outcome(stored: Submitted | CrmError | None, answer: BlindAnswer | CrmError | None) -> Reported | CrmError:
    if isinstance(answer, CrmError):
        return answer
    if isinstance(stored, Submitted):
        return stored, answer
    assert stored is not None  # noqa: S101 (what was admitted has an outcome)
    return stored


def _named(data: Any) -> tuple[str | None, str | None]:
    """Name and code in `data`, whatever its shape: faults are named when it is checked."""
    part = data.get("enterprise") if isinstance(data, Mapping) else None
    name, uscc = (part.get("name"), part.get("uscc")) if isinstance(part, Mapping) else (None, None)
    return name if isinstance(name, str) else None, uscc if isinstance(uscc, str) else None
