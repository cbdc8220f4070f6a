"""What to ask an engine, in five words both engines know: term, any term, prefix, phrase, and boolean sums of these.

The ladder (`search/ladder.py`) and the scope (`search/plan.py`) speak these; each adapter translates them
in one function. No clause carries a score: order comes from the ladder's bands and numeric fields.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    field: str
    value: str


@dataclass(frozen=True, slots=True)
class AnyTerm:
    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """A token of the field begins with `value`."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """The tokens stand next to each other, in this order, inside one value of the field."""

    field: str
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """A number of the field lies within the bounds, both inclusive; None is open."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class All:
    """Every clause holds, and none of `without`. All() is everything."""

    clauses: tuple[Clause, ...] = ()
    without: tuple[Clause, ...] = ()


@dataclass(frozen=True, slots=True)
class Some:
    """At least one clause holds. Some() is nothing."""

    clauses: tuple[Clause, ...] = ()


Clause = Term | AnyTerm | Prefix | Phrase | Range | All | Some


def some(*clauses: Clause | None) -> Clause | None:
    """One of those that are there; None when none is."""
    there = tuple(clause for clause in clauses if clause is not None)
    if len(there) < 2:
        return there[0] if there else None
    return Some(there)


def every(*clauses: Clause | None) -> Clause | None:
    """All of them; None when one is missing, because then it cannot hold."""
    there = tuple(clause for clause in clauses if clause is not None)
    return All(there) if len(there) == len(clauses) else None
