"""The adapters that the contract of SearchIndex runs against: each can be opened, closed and opened again."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from search.embedded_index import EmbeddedIndex
from search.index import SearchIndex


class Lab(Protocol):
    def open(self) -> SearchIndex:
        """The same index again, after closing whatever was open."""

    def close(self) -> None: ...


class EmbeddedLab:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._index: EmbeddedIndex | None = None

    def open(self) -> SearchIndex:
        self.close()
        self._index = EmbeddedIndex(self._folder, writable=True)
        self._index.ensure()
        return self._index

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None


LABS = {"embedded": EmbeddedLab}
