"""The end of the demo as a reader sees it: what was made, how long it took, what the model can do."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from sagekeep.console import print_line
from sagekeep.demo.rehearsal import Rehearsal
from sagekeep.runs import show


def show_summary(console: Console, rehearsal: Rehearsal) -> None:
    """Prints phases beside stacks and steps, and below them the metric and some predictions, as far as it came."""
    stage = rehearsal.stage
    phases = _table("phase", "seconds", [(name, f"{value:.1f}") for name, value in rehearsal.seconds.items()])
    _total(phases, f"{sum(rehearsal.seconds.values()):.1f}")
    beside: list[RenderableType] = []
    if stage.resources:
        stacks = _table("stack", "resources", [(name, str(count)) for name, count in stage.resources.items()])
        _total(stacks, str(sum(stage.resources.values())))
        beside.append(stacks)
    if stage.outcome:
        steps = stage.outcome.execution.steps
        beside += ["", _table("step", "seconds", [(step.name, f"{step.seconds() or 0:.1f}") for step in steps])]
    page = Table.grid(padding=(0, 4))
    page.add_row(phases, Group(*beside))
    console.print()
    console.print(page)
    if stage.evaluation:
        console.print()
        for line in show.evaluation_lines(stage.evaluation):
            print_line(console, line)


def _table(title: str, measure: str, rows: Iterable[tuple[str, str]]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(title)
    table.add_column(measure, justify="right")
    for name, value in rows:
        table.add_row(name, value)
    return table


def _total(table: Table, value: str) -> None:
    table.add_row(Text("total", style="bold"), Text(value, style="bold"))
