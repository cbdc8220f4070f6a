"""The adapters that the contract of SearchIndex runs against: each can be opened, closed and opened again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import pytest
from elasticsearch import Elasticsearch

from search.elastic_index import ElasticIndex
from search.embedded_index import EmbeddedIndex
from search.index import SearchIndex
from tests.servers import server_url


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


class ElasticLab:
    """An alias of its own on the shared server; its indexes are deleted afterwards."""

    def __init__(self, _folder: Path) -> None:
        self.url = server_url("elasticsearch")
        self.alias = f"crm-test-{uuid4().hex[:12]}"
        self._index: ElasticIndex | None = None

    def open(self) -> SearchIndex:
        if self._index is not None:
            self._index.close()
        self._index = ElasticIndex(self.url, alias=self.alias)
        self._index.ensure()
        return self._index

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
        with Elasticsearch(self.url) as client:
            names = list(client.indices.get_alias(index=f"{self.alias}-*"))
            if names:
                client.indices.delete(index=names)


LABS: Mapping[str, Callable[[Path], Lab]] = {"embedded": EmbeddedLab, "elasticsearch": ElasticLab}
LAB_PARAMETERS: tuple[Any, ...] = (
    "embedded",
    pytest.param("elasticsearch", marks=pytest.mark.elasticsearch),
)
