"""Writes the documents that follow from code: docs/events.md and the JSON Schemas beside it."""

from __future__ import annotations

from pathlib import Path

from schemas.registry import write_docs

if __name__ == "__main__":
    write_docs(Path(__file__).parents[1] / "docs")
