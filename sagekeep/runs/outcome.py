"""What became of an execution: why steps failed, or what the training said of its model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rich.console import Console
from rich.text import Text

from sagekeep.console import harmless, print_line
from sagekeep.errors import OperationError
from sagekeep.runs import logs, show
from sagekeep.runs.follow import follow
from sagekeep.runs.refusals import told
from sagekeep.runs.start import Request, start
from sagekeep.runs.steps import Execution, Step
from sagekeep.runs.target import Target


@dataclass(frozen=True)
class Failure:
    """A step that failed: the reason in the words of whoever knew best, and the end of its log."""

    step: str
    reason: str
    log: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        return {"step": self.step, "reason": self.reason, "log": list(self.log)}


@dataclass(frozen=True)
class Outcome:
    """An execution that is over. `report`: see logs.training_report."""

    execution: Execution
    failures: tuple[Failure, ...] = ()
    report: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """For `--json`."""
        failures = [failure.document() for failure in self.failures]
        return {**self.execution.document(), "failures": failures, "training": dict(self.report)}

    def require_success(self, target: Target) -> None:
        """Raises OperationError with the reasons where the execution did not succeed."""
        if self.execution.succeeded:
            return
        verb = {"Failed": "failed", "Stopped": "was stopped"}.get(self.execution.status, f"is {self.execution.status}")
        reasons = [f"{failure.step}: {failure.reason}" for failure in self.failures]
        why = "; ".join(reasons or filter(None, [self.execution.reason]))
        look = target.command("logs", "--execution", self.execution.arn)
        what = f"{self.execution.name} {verb}"
        raise OperationError(f"{what}: {why}" if why else what, hint=f"all that its jobs said: {look}")


def conduct(target: Target, request: Request, console: Console) -> Outcome:
    """Starts an execution, follows it on `console`, and finds out what became of it.

    Raises:
        UsageError: the request cannot be used; nothing was started.
        OperationError: AWS refuses or does not answer, or Ctrl-C.
    """
    arn = start(target, request, partial(print_line, console))
    print_line(console, f"started {arn}")
    return outcome_of(target, follow(target, arn, console))


def outcome_of(target: Target, execution: Execution) -> Outcome:
    """Reasons and the ends of logs of what failed, or the training's report. What may not be read is left out."""
    try:
        report = logs.training_report(target, execution) if execution.succeeded else {}
    except OperationError:
        report = {}
    return Outcome(execution, failures(target, execution, log=True), report)


def failures(target: Target, execution: Execution, *, log: bool = False) -> tuple[Failure, ...]:
    """The failed steps with their reasons, and with the ends of their logs where `log` is set."""
    failed = [step for step in execution.steps if step.status == "Failed"]
    return tuple(Failure(step.name, _reason(target, step), _tail(target, step) if log else ()) for step in failed)


def show_outcome(console: Console, outcome: Outcome) -> None:
    """Prints the steps, then the ends of failed steps' logs or the metrics of the training."""
    show.show(console, outcome.execution)
    for failure in outcome.failures:
        if failure.log:
            console.print(Text(f"the end of {failure.step}'s log:", style="bold"))
        for line in failure.log:
            console.print(Text(f"  {line}", style="dim"), soft_wrap=True)
    if outcome.report:
        print_line(console, f"training: {training_line(outcome.report)}")


def training_line(report: Mapping[str, Any]) -> str:
    """`roc_auc 0.9912 on 91 validation rows, by WeightedEnsemble_L2`."""
    metric = str(report.get("eval_metric", "metric"))
    value = report.get("validation", {}).get(metric)
    number = f"{value:.4f}" if isinstance(value, int | float) else "?"
    return f"{metric} {number} on {report.get('validation_rows', '?')} validation rows, by {report.get('model', '?')}"


def _reason(target: Target, step: Step) -> str:
    """What the container left for its owner, where it did; else AWS's reason, which then only names an exit code."""
    return harmless(_exit_message(target, step) or step.reason) or "no reason was given"


def _exit_message(target: Target, step: Step) -> str:
    job = step.arn("ProcessingJob").rpartition("/")[2]
    if not job:
        return ""
    try:
        with told("the job cannot be read"):
            found = target.client("sagemaker").describe_processing_job(ProcessingJobName=job)
    except OperationError:
        return ""
    return str(found.get("ExitMessage", ""))


def _tail(target: Target, step: Step) -> tuple[str, ...]:
    try:
        return tuple(logs.tail(target, step))
    except OperationError as error:
        return (str(error),)
