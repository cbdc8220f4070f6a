"""Generations of the embedded index: one folder each, a pointer file that names the one in force, one owner.

folder/current holds the name of the generation; it is replaced atomically, so a reader in another process
sees the old index or the new one, never half of either. folder/owner.lock is held by the one process that
writes; the system releases it when that process dies. Used by `search/embedded_index.py` alone.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from filelock import FileLock, Timeout

from search.index import SearchUnavailable
from search.mapping import digest


class Generations:
    """The folder's book-keeping; knows nothing of the engine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pointer = folder / "current"
        # Not tied to a thread: the server closes the index from another thread than the one that opened it.
        self._lock = FileLock(folder / "owner.lock", thread_local=False)

    def own(self) -> None:
        """Become the writer. Raises SearchUnavailable when another process, or another index here, is."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self._lock.is_locked:
            return
        try:
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise SearchUnavailable("检索索引正由另一个进程写入") from error

    def disown(self) -> None:
        self._lock.release()

    @property
    def owned(self) -> bool:
        return self._lock.is_locked

    def current(self) -> Path | None:
        """The generation in force; None before there is one."""
        try:
            return self._folder / self._pointer.read_text("utf-8").strip()
        except FileNotFoundError:
            return None

    @staticmethod
    def readable(generation: Path) -> bool:
        """Whether it was written with today's fields and tokens."""
        return generation.name.endswith(digest())

    def create(self) -> Path:
        """An empty folder for the next generation."""
        numbers = [int(entry.name.split("-")[1]) for entry in self._folder.glob("generation-*-*")]
        fresh = self._folder / f"generation-{max(numbers, default=0) + 1:06d}-{digest()}"
        fresh.mkdir()
        return fresh

    def switch(self, generation: Path) -> None:
        """Put the generation in force, durably: file and folder are flushed."""
        draft = self._pointer.with_suffix(".new")
        with draft.open("w", encoding="utf-8") as file:
            file.write(generation.name)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._pointer)
        directory = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def discard(self, generation: Path) -> None:
        """Delete it; a reader that has it open keeps the files it reads until it looks at the pointer again."""
        shutil.rmtree(generation, ignore_errors=True)

    def sweep(self) -> None:
        """Delete what an interrupted rebuild left behind."""
        current = self.current()
        for entry in self._folder.glob("generation-*-*"):
            if entry != current:
                self.discard(entry)
