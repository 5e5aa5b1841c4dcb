"""What must hold of the CSV files before a model learns from them; standard library only, read line by line."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

NAMES_SHOWN = 20


class DataError(Exception):
    """The data cannot be used. The message is the one line that its owner reads: which file, where, what to do."""


@dataclass(frozen=True)
class Source:
    """One CSV file that passed the checks.

    Attributes:
        columns: their names, in the file's order.
        rows: how many there are, without the header.
        codes: columns with digits after a leading zero, such as 007: categories that look like numbers.
    """

    path: Path
    columns: tuple[str, ...]
    rows: int
    codes: frozenset[str]


def check_folder(folder: Path, label: str) -> list[Source]:
    """The CSV files below `folder`, sorted by path, read to their ends; raises DataError at the first fault."""
    sources = [_check_file(path) for path in _csv_files(folder)]
    first = sources[0]
    _check_columns(first, label)
    for source in sources[1:]:
        if set(source.columns) != set(first.columns):
            odd = sorted(set(source.columns) ^ set(first.columns))
            raise DataError(
                f"{source.path.name}: its header is not the one of {first.path.name}; not in both: {listing(odd)}"
            )
    if not any(source.rows for source in sources):
        raise DataError(f"{listing(source.path.name for source in sources)}: a header, but no rows")
    return sources


def listing(names: Iterable[str]) -> str:
    """The names in quotes, cut after twenty: messages are kept to one readable line."""
    every = [repr(name) for name in names]
    rest = len(every) - NAMES_SHOWN
    return ", ".join(every[:NAMES_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def _csv_files(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    tables = [path for path in files if path.suffix.lower() == ".csv"]
    if not tables:
        found = f"found only {listing(path.name for path in files)}" if files else "the folder is empty"
        raise DataError(f"no CSV file (*.csv) in the input; {found}")
    return tables


def _check_columns(source: Source, label: str) -> None:
    columns, name = source.columns, source.path.name
    if label not in columns:
        other = next((mark for mark in (";", "\t", "|") if len(columns) == 1 and mark in columns[0]), "")
        hint = f"; its columns seem to be separated by {other!r}: use commas" if other else ""
        raise DataError(f"{name}: no label column {label!r}; its columns are {listing(columns)}{hint}")
    if len(columns) == 1:
        raise DataError(f"{name}: no column beside the label {label!r}, so there is nothing to predict it from")


def _check_file(path: Path) -> Source:
    try:
        return _check_records(path)
    except UnicodeDecodeError:
        raise DataError(_first_bad_byte(path)) from None


def _check_records(path: Path) -> Source:
    csv.field_size_limit(sys.maxsize)  # a long text is no fault
    reader = csv.reader(_lines(path), strict=True, skipinitialspace=True)
    columns: tuple[str, ...] = ()
    codes: set[int] = set()
    rows = line = 0
    try:
        for record in reader:
            if record and not columns:
                columns = _header(path, record)
            elif record:  # blank lines count for nothing, as in pandas
                if len(record) != len(columns):
                    raise DataError(
                        f"{path.name}, line {reader.line_num}: {len(record)} fields, but the header has {len(columns)}"
                    )
                codes.update(place for place, cell in enumerate(record) if cell[:1] == "0" and cell[1:].isdigit())
                rows += 1
            line = reader.line_num
    except csv.Error as error:
        fault = "a quotation mark is opened and never closed" if "unexpected end" in str(error) else str(error)
        raise DataError(f"{path.name}, record starting on line {line + 1}: {fault}") from None
    if not columns:
        raise DataError(f"{path.name}: the file is empty")
    return Source(path, columns, rows, frozenset(columns[place] for place in codes))


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, line in enumerate(file, start=1):
            if "\0" in line:
                raise DataError(f"{path.name}, line {number}: a NUL character; this is not a text file")
            yield line


def _header(path: Path, record: list[str]) -> tuple[str, ...]:
    columns = tuple(name.strip() for name in record)
    if "" in columns:
        position = columns.index("") + 1
        raise DataError(f"{path.name}: column {position} has no name; if it is a row index, save the file without it")
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise DataError(f"{path.name}: the header names a column twice: {listing(twice)}")
    return columns


def _first_bad_byte(path: Path) -> str:
    offset = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):  # no character of UTF-8 spans a line end
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                return (
                    f"{path.name}, line {number}: byte {offset + error.start} (0x{line[error.start]:02x}) "
                    "is not UTF-8; save the file as UTF-8"
                )
            offset += len(line)
    raise AssertionError(f"{path} decodes after all")
