"""The tables of `sagekeep prove` on terminals of several widths, and in a pipe."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from proofs import proof
from sagekeep.prove.report import show


def _shown(width: int, *, terminal: bool) -> list[str]:
    written = io.StringIO()
    show(Console(file=written, width=width, force_terminal=terminal, color_system=None), proof("poc"))
    return written.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 140, 200])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    assert [line for line in _shown(width, terminal=True) if len(line) > width] == []


@pytest.mark.parametrize("width", [80, 140])
def test_no_address_is_broken(width: int) -> None:
    def words(lines: list[str]) -> list[str]:
        return " ".join(lines).split()

    assert words(_shown(width, terminal=True)) == words(_shown(width, terminal=False))


def test_in_80_columns_what_is_told_of_a_row_stands_below_it() -> None:
    lines = _shown(80, terminal=True)
    row = next(number for number, line in enumerate(lines) if line.startswith("job-reads-inputs "))
    assert lines[row].endswith(" jobs")
    assert lines[row + 1].startswith("    endpoint_s3, ReadInputsCodeAndModels")


@pytest.mark.parametrize("width", [80, 200])
def test_in_a_pipe_every_row_is_a_line(width: int) -> None:
    lines = _shown(width, terminal=False)
    (line,) = (line for line in lines if line.startswith("data-read-from-outside "))
    assert line.endswith(" 1      storage: data_statements#DenyReadsFromOutsideTheVpc")
