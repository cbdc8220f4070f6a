"""A CSV file of a reference pack, read with its line numbers so that a fault can be found by hand.

UTF-8 with or without BOM, one header line, several values in a cell parted by `；`.
Used by `crm/reference/loader.py` only.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from crm.domain.errors import FieldError, Invalid


@dataclass(frozen=True, slots=True)
class Row:
    """One line: cells by column name, and where it stands."""

    file: str
    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells[column]

    def get(self, column: str) -> str:
        """The cell, empty when the pack has no such column (columns beyond the required ones may be left out)."""
        return self.cells.get(column, "")

    def many(self, column: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.get(column).split("；") if part.strip())

    def fault(self, column: str, message: str) -> FieldError:
        place = f"文件 {self.file} 第 {self.line} 行 {column} 列"
        return FieldError(f"{self.file}:{self.line}:{column}", f"{place}：{message}")

    def number(self, column: str, faults: list[FieldError]) -> float | None:
        """The number in a cell, None for an empty one: unknown is never zero."""
        text = self.get(column)
        if not text:
            return None
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not math.isfinite(value) or value < 0:
            faults.append(self.fault(column, f"应为不小于 0 的数，得到“{text}”"))
            return None
        return value

    def known(self, column: str, codes: Container[str], faults: list[FieldError]) -> None:
        """Every value of the cell must be one of `codes`; an empty cell is fine."""
        faults.extend(self.fault(column, f"没有“{value}”") for value in self.many(column) if value not in codes)

    def one_of(self, column: str, allowed: tuple[str, ...], faults: list[FieldError]) -> None:
        if self.get(column) not in allowed:
            faults.append(self.fault(column, f"应为 {'、'.join(allowed)} 之一，得到“{self.get(column)}”"))


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file; empty for an optional file that is not there."""

    rows: tuple[Row, ...] = ()

    def unique(self, column: str, faults: list[FieldError]) -> Iterator[Row]:
        """Rows whose code is given and not seen before; the others are faults."""
        seen: set[str] = set()
        for row in self.rows:
            code = row[column]
            if not code:
                faults.append(row.fault(column, "不能为空"))
            elif code in seen:
                faults.append(row.fault(column, f"“{code}”重复"))
            else:
                seen.add(code)
                yield row


def read_table(path: Path, columns: tuple[str, ...], *, required: bool) -> Table:
    """The file as a table. Raises Invalid when it is missing, not UTF-8, lacks a column or has a ragged line."""
    if not path.is_file():
        if required:
            raise Invalid.of(path.name, f"资料包缺少文件 {path.name}")
        return Table()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise Invalid.of(path.name, f"文件 {path.name} 不是 UTF-8：第 {error.start} 字节") from error
    reader = csv.reader(text.splitlines(keepends=True))
    header = [name.strip() for name in next(reader, [])]
    missing = [name for name in columns if name not in header]
    if missing:
        raise Invalid.of(f"{path.name}:1:{missing[0]}", f"文件 {path.name} 第 1 行缺少列 {'、'.join(missing)}")
    return Table(tuple(_rows(path.name, reader, header)))


def _rows(file: str, reader: Iterator[list[str]], header: list[str]) -> Iterator[Row]:
    start = 2
    for cells in reader:
        line, start = start, getattr(reader, "line_num", start) + 1
        if not any(cells):
            continue
        if len(cells) != len(header):
            place = f"{file}:{line}:{header[-1]}"
            raise Invalid.of(place, f"文件 {file} 第 {line} 行有 {len(cells)} 格，表头有 {len(header)} 列")
        yield Row(file, line, dict(zip(header, (cell.strip() for cell in cells), strict=True)))
