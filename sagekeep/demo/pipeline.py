"""Phases about the pipeline: it runs on real data, and the endpoint is asked about rows that training never saw."""

from __future__ import annotations

from sagekeep.demo.stage import Stage
from sagekeep.errors import OperationError
from sagekeep.runs import heldout, show
from sagekeep.runs.outcome import conduct, show_outcome
from sagekeep.runs.start import Request
from sagekeep.runs.target import Target

LEAST_ROC_AUC = 0.97  # of AutoGluon on this data; below it, something has gone wrong on the way


def run_pipeline(stage: Stage) -> None:
    """Trains on scikit-learn's breast-cancer data and serves the model."""
    from sagekeep.local import sample  # noqa: PLC0415 - needs the packages of the local AWS

    data = sample.write(stage.root, stage.home / "samples")
    target = _target(stage)
    stage.outcome = conduct(target, Request(data, sample.LABEL, name="demo"), stage.console)
    show_outcome(stage.console, stage.outcome)
    stage.outcome.require_success(target)


def ask_endpoint(stage: Stage) -> None:
    """The held-out rows: none may be in the training input, and the predictions must be good."""
    from sagekeep.local import sample  # noqa: PLC0415

    if stage.outcome is None:
        raise OperationError("the pipeline has not run yet")
    stage.evaluation = found = heldout.evaluate(_target(stage), stage.outcome.execution, sample.LABEL)
    for line in show.evaluation_lines(found):
        stage.say(line)
    if found.seen:
        raise OperationError(f"{found.seen} held-out rows are in the training input")
    if found.score.metric != "ROC AUC" or found.score.value < LEAST_ROC_AUC:
        raise OperationError(
            f"{found.score.metric} is {found.score.value:.4f}; ROC AUC must be at least {LEAST_ROC_AUC}"
        )


def _target(stage: Stage) -> Target:
    from sagekeep.local.deployment import target_of  # noqa: PLC0415

    return target_of(stage.instance, stage.env)
