"""What a destroy waits for, said to the person who waits."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from sagekeep.diagnostics import Report

AFTER_SECONDS = 10.0  # what is over sooner needs no comment
# A function may wait for 15 minutes and then says "run the same terraform command again": SageMaker needs up to 15 for
# what it leaves, and more where somebody's job still runs.
MOST_TIMES = 4


class Waits:
    """Notes about one stack's resources that are being destroyed, each once."""

    def __init__(self, stack: str, note: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._stack, self._note, self._clock = stack, note, clock
        self._began: dict[str, float] = {}
        self._said: set[str] = set()

    def watch(self, report: Report) -> None:
        """Looks at what terraform is working on; it says something every ten seconds."""
        for address in report.running:
            began = self._began.setdefault(address, self._clock())
            text = _text(address)
            if text and text not in self._said and self._clock() - began >= AFTER_SECONDS:
                self._said.add(text)
                self._note(f"{self._stack}: {address} {text}")

    def again(self, report: Report) -> bool:
        """Whether nothing failed but that a function's time was over; then says what it still waits for."""
        if not report.errors or not all(error.is_out_of_time for error in report.errors):
            return False
        for error in report.errors:
            self._note(f"{self._stack}: goes on waiting: {error.text()}")
        return True


def _text(address: str) -> str:
    return next((text for start, text in _table().items() if address.startswith(start)), "")


@cache
def _table() -> Mapping[str, str]:
    file = Path(__file__).parent / "data" / "waits.toml"
    return {row["address"]: row["text"] for row in tomllib.loads(file.read_text(encoding="utf-8"))["wait"]}
