"""Live progress of several stacks, on standard error: a table on a terminal, lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console, Group
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sagekeep.diagnostics import Report

WORKING = ("initializing", "planning", "applying", "destroying", "reading", "moving")
_QUIET = ("initializing", "waiting", "reading")  # too short-lived for a line of a log


@dataclass
class Row:
    """One stack's line."""

    state: str = "waiting"
    began: float = field(default_factory=time.monotonic)
    seconds: float = 0.0
    done: int = 0
    total: int = 0
    now: str = ""


class Board:
    """What each stack is doing; safe to use from several threads."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self._rows: dict[str, Row] = {}
        self._notes: list[str] = []
        self._lock = threading.RLock()
        self._live: Live | None = None

    @contextmanager
    def showing(self, names: list[str]) -> Iterator[Board]:
        """Shows these stacks while the block runs."""
        self._rows = {name: Row() for name in names}
        self._notes = []
        if not self.console.is_terminal:
            yield self
            return
        with Live(get_renderable=self._render, console=self.console, refresh_per_second=8, transient=True) as live:
            self._live = live
            try:
                yield self
            finally:
                self._live = None

    def state(self, name: str, state: str) -> None:
        """A stack enters a state: a word of WORKING, or the last word on it."""
        with self._lock:
            row = self._rows.setdefault(name, Row())
            if state in WORKING and row.state not in WORKING:
                row.began = time.monotonic()
            row.seconds = time.monotonic() - row.began
            row.state, row.now = state, ""
            tail = "" if state in WORKING else f" ({row.seconds:.0f} s)"
        if not self.console.is_terminal and state not in _QUIET:
            self._line(f"{name}: {state}{tail}")

    def report(self, name: str, report: Report) -> None:
        """Takes over counts from a running terraform."""
        with self._lock:
            row = self._rows.setdefault(name, Row())
            row.done = report.done
            row.total = report.planned.total if report.planned else 0
            row.now = report.running[0] if report.running else ""

    def note(self, text: str) -> None:
        """Says something about all of them."""
        with self._lock:
            self._notes.append(text)
        if not self.console.is_terminal:
            self._line(text)

    def _line(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def _render(self) -> Group:
        with self._lock:
            table = Table.grid(padding=(0, 2))
            for name, row in self._rows.items():
                working = row.state in WORKING
                seconds = time.monotonic() - row.began if working else row.seconds
                mark = Spinner("dots") if working else Text(_MARKS.get(row.state.split()[0], "·"))
                count = f"{row.done}/{row.total}" if working and row.total else ""
                clock = f"{seconds:.0f} s" if seconds >= 0.5 else ""
                style = "red" if row.state == "failed" else ""
                table.add_row(mark, name, Text(row.state, style=style), count, clock, Text(row.now, style="dim"))
            return Group(table, *(Text(note, style="yellow") for note in self._notes))


_MARKS = {"failed": "✗", "applied": "✓", "unchanged": "✓", "planned": "✓", "destroyed": "✓", "nothing": "✓"}
