"""Executions as a reader sees them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from rich.console import Console, Group, RenderableType
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from sagekeep.console import harmless
from sagekeep.runs.evaluation import Answer
from sagekeep.runs.heldout import Evaluation, Sample
from sagekeep.runs.steps import OVER, WAITING, Execution, Step

_MARKS = {"Succeeded": ("✓", "green"), "Failed": ("✗", "red"), "Stopped": ("■", "yellow"), WAITING: ("·", "dim")}
_SPINNER = Spinner("dots")  # one for all: each counts its frames from its own first one
_STYLES = {"Failed": "red", "Stopped": "yellow", "Stopping": "yellow", WAITING: "dim"}


def clock(seconds: float | None) -> str:
    """`7 s`, `12 min 3 s`, `1 h 2 min`; "" for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def notes(step: Step) -> str:
    """What is remarkable about a step beside its status: taken from the cache, tried again."""
    said = ["cached"] if step.cached else []
    return ", ".join([*said, f"attempt {step.attempts}"] if step.attempts > 1 else said)


def line(step: Step) -> str:
    """`Train: Failed (3 s, attempt 2): reason`."""
    told = ", ".join(filter(None, (clock(step.seconds()) if step.status in OVER else "", notes(step))))
    reason = f": {harmless(step.reason)}" if step.reason else ""
    return f"{step.name}: {step.status}{f' ({told})' if told else ''}{reason}"


def table(steps: Sequence[Step], *, live: bool = False) -> Table:
    """The steps, one a row."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    rows.add_column("")
    rows.add_column("step")
    rows.add_column("status")
    rows.add_column("time", justify="right")
    rows.add_column("")
    for step in steps:
        status = Text(step.status, style=_STYLES.get(step.status, ""))
        rows.add_row(_mark(step, live=live), step.name, status, clock(step.seconds()), Text(notes(step), style="dim"))
    return rows


def _mark(step: Step, *, live: bool) -> RenderableType:
    if live and step.status not in _MARKS:
        return _SPINNER
    return Text(*_MARKS.get(step.status, ("…", "")))


def progress(execution: Execution) -> Group:
    """For a live display."""
    title = Text.assemble((execution.name, "bold"), f"  {execution.status}  {clock(execution.seconds)}")
    return Group(title, table(execution.steps, live=True))


def show(console: Console, execution: Execution) -> None:
    """Prints how an execution stands or ended, step by step."""
    style = _STYLES.get(execution.status, "")
    head = Text.assemble((execution.name, "bold"), "  ", (execution.status, style), f"  {clock(execution.seconds)}")
    console.print(head, soft_wrap=True)
    console.print(Text(execution.arn, style="dim"), soft_wrap=True)
    if execution.steps:
        console.print(table(execution.steps))


def listing(console: Console, executions: Sequence[Execution]) -> None:
    """Prints executions, one a row."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("execution", "status", "started", "id"):
        rows.add_column(title)
    for execution in executions:
        started = datetime.fromtimestamp(execution.began).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        status = Text(execution.status, style=_STYLES.get(execution.status, ""))
        rows.add_row(execution.name, status, started, execution.id)
    console.print(rows)


def evaluation_lines(evaluation: Evaluation) -> list[str]:
    """How the endpoint did on the held-out rows, and some of its predictions beside their labels."""
    sent = f"{evaluation.rows} of {evaluation.held_out}" if evaluation.rows < evaluation.held_out else evaluation.rows
    seen = f"; {evaluation.seen} of them are in the training input too" if evaluation.seen else ""
    measured = f"{evaluation.score.metric} {evaluation.score.value:.4f} on {sent} rows that training never saw{seen}"
    return [f"endpoint: {measured}", *(f"  {line}" for line in map(sample_line, evaluation.samples))]


def sample_line(sample: Sample) -> str:
    """`malignant: predicted malignant (0.98)`."""
    sure = "" if sample.probability is None else f" ({sample.probability:.2f})"
    return f"{harmless(sample.label)}: predicted {harmless(sample.prediction)}{sure}"


def predictions(answers: Sequence[Answer]) -> Table:
    """Predictions, one a row, with the probability of each class."""
    rows = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    classes = list(answers[0].probabilities)
    for title in ("row", "prediction", *classes):
        rows.add_column(Text(title), justify="left" if title == "prediction" else "right")
    for number, answer in enumerate(answers, start=1):
        chances = [f"{answer.probabilities[name]:.3f}" for name in classes]
        rows.add_row(str(number), Text(harmless(str(answer.prediction))), *chances)
    return rows
