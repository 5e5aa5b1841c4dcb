"""Results as a reader sees them: a table, the errors once each, the warnings."""

from __future__ import annotations

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sagekeep.stackset import StackResult

_BAD = ("failed", "interrupted")
FEW = 5


def show(console: Console, results: Mapping[str, StackResult]) -> None:
    """Prints the summary table, then what each stack warned of and why it failed."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("stack")
    table.add_column("result")
    for title in ("add", "change", "destroy", "seconds"):
        table.add_column(title, justify="right")
    for result in results.values():
        style = "red" if result.status in _BAD else "yellow" if result.status.startswith(("waits", "not")) else ""
        counts = [str(n) if n else "-" for n in (result.add, result.change, result.remove)]
        clock = f"{result.seconds:.0f}" if result.seconds else "-"
        table.add_row(result.stack, Text(result.status, style=style), *counts, clock)
    console.print(table)
    for result in results.values():
        _show_changes(console, result)
    for result in results.values():
        for warning in result.warnings:
            console.print(Text.assemble(("warning: ", "yellow"), f"{result.stack}: {warning}"), soft_wrap=True)
    for result in results.values():
        if result.error:
            console.print(Text.assemble(("error: ", "red"), result.error), soft_wrap=True)


def _show_changes(console: Console, result: StackResult) -> None:
    """The planned changes; of a long list of creations only the number is in the table."""
    telling = [change for change in result.changes if not change.startswith("create ")]
    lines = telling or (list(result.changes) if len(result.changes) <= FEW else [])
    for line in lines:
        console.print(Text(f"  {result.stack}: {line}", style="dim"), soft_wrap=True)
