"""Follows an execution until it is over: a live table on a terminal, lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live

from sagekeep.console import print_line
from sagekeep.errors import OperationError
from sagekeep.runs import show
from sagekeep.runs.refusals import told
from sagekeep.runs.steps import WAITING, Execution, Reader, Step
from sagekeep.runs.target import Target

SLOWEST = 5.0  # seconds between two looks


def watch(target: Target, arn: str) -> Iterator[Execution]:
    """The execution now and again until it is over, every second at first, then less often.

    Raises:
        OperationError: AWS refuses or does not answer; the execution goes on.
    """
    reader, began = Reader(target.client("sagemaker"), arn), time.monotonic()
    hint = f"the execution goes on; see {target.command('status', '--execution', arn)}"
    while True:
        try:
            with told("the execution cannot be followed"):
                found = reader.read()
        except OperationError as error:
            raise OperationError(error.message, hint="; ".join(filter(None, (error.hint, hint)))) from error
        yield found
        if found.over:
            return
        time.sleep(min(SLOWEST, 1.0 + (time.monotonic() - began) / 60))


def follow(target: Target, arn: str, console: Console) -> Execution:
    """Shows on `console` how it goes; the execution once it is over.

    Raises:
        OperationError: AWS refuses or does not answer, or Ctrl-C; the execution goes on.
    """
    try:
        return _live(target, arn, console) if console.is_terminal else _lines(target, arn, console)
    except KeyboardInterrupt:
        raise OperationError(
            "no longer followed: the execution goes on",
            hint=f"stop it: {target.command('stop', '--execution', arn)}",
        ) from None


def _live(target: Target, arn: str, console: Console) -> Execution:
    snapshots = watch(target, arn)
    now = [next(snapshots)]
    live = Live(get_renderable=lambda: show.progress(now[0]), console=console, refresh_per_second=8, transient=True)
    with live:
        live.refresh()
        for found in snapshots:
            now[0] = found
            live.refresh()
    return now[0]


def _lines(target: Target, arn: str, console: Console) -> Execution:
    """One line for each change of a step."""
    before: dict[str, Step] = {}
    for found in watch(target, arn):
        for step in found.steps:
            old = before.get(step.name)
            if step.status != WAITING and (old is None or (old.status, old.attempts) != (step.status, step.attempts)):
                print_line(console, show.line(step))
            before[step.name] = step
    return found
