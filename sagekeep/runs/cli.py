"""`sagekeep run / status / stop / logs`: executions of the pipeline on whatever account the terminal leads to."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagekeep.console import Env, Json, console, print_json, print_line, say

if TYPE_CHECKING:  # loaded by the command that needs it, so that --help answers at once
    from sagekeep.runs.outcome import Outcome
    from sagekeep.runs.start import Request
    from sagekeep.runs.steps import Execution
    from sagekeep.runs.target import Target

app = typer.Typer()

Data = Annotated[Path | None, typer.Option("--data", help="A CSV file of your own; uploaded, and trained on")]
Label = Annotated[str, typer.Option("--label", help="The column to predict; by default the settings' pipeline.label")]
Params = Annotated[list[str] | None, typer.Option("--param", help="A pipeline parameter, NAME=VALUE; may be repeated")]
Name = Annotated[str, typer.Option("--name", help="The execution's display name")]
Execution_ = Annotated[str, typer.Option("--execution", help="An execution's ARN; by default the latest")]
_FOLLOW_SECONDS = 2


@app.command()
def run(
    *,
    env: Env = "poc",
    data: Data = None,
    label: Label = "",
    param: Params = None,
    name: Name = "",
    detach: Annotated[bool, typer.Option("--detach", help="Start it, and do not follow it")] = False,
    as_json: Json = False,
) -> None:
    """Start the pipeline, on your own data if you like, and follow it to its end."""
    from sagekeep.runs.outcome import conduct  # noqa: PLC0415
    from sagekeep.runs.start import Request, parameters_of, start  # noqa: PLC0415

    request = Request(data, label, parameters_of(param or ()), name)
    target, progress = _target(env, request), console(stderr=True)
    if not detach:
        report(conduct(target, request, progress), target, as_json=as_json)
        return
    arn = start(target, request, partial(print_line, progress))
    if as_json:
        print_json({"execution": arn})
    else:
        say(f"started {arn}\nsee how it goes: {target.command('status', '--execution', arn)}")


def _target(env: str, request: Request | None = None) -> Target:
    """The environment in the account of this terminal; what is wrong with the request is told first."""
    from sagekeep.runs.target import Target as Environment  # noqa: PLC0415

    target = Environment.of(env)
    if request:
        request.check(target.settings)
    target.require_account()
    return target


def report(outcome: Outcome, target: Target, *, as_json: bool) -> None:
    """Prints what became of an execution; the exit code is 1 where it did not succeed."""
    from sagekeep.runs.outcome import show_outcome  # noqa: PLC0415

    if as_json:
        print_json(outcome.document())
        if not outcome.execution.succeeded:
            raise typer.Exit(1)
        return
    show_outcome(console(), outcome)
    outcome.require_success(target)


@app.command()
def status(*, env: Env = "poc", execution: Execution_ = "", as_json: Json = False) -> None:
    """Show the last executions, the steps of the latest one, and the endpoint."""
    from sagekeep.runs import endpoint, steps  # noqa: PLC0415
    from sagekeep.runs.outcome import failures  # noqa: PLC0415

    target = _target(env)
    executions = steps.latest(target)
    arn = steps.chosen(target, execution) if execution or executions else ""
    shown = steps.read(target, arn) if arn else None
    serving = endpoint.describe(target)
    if as_json:
        listed = [item.document() for item in executions]
        print_json({"executions": listed, "execution": shown.document() if shown else None, "endpoint": serving})
        return
    if shown is None:
        say(f"{target.settings.pipeline.name} has never run; start it: {target.command('run')}")
    else:
        _show_status(executions, shown)
        for failure in failures(target, shown):
            say(f"{failure.step}: {failure.reason}")
    say(f"endpoint  {_endpoint_line(serving)}")


def _show_status(executions: list[Execution], shown: Execution) -> None:
    from sagekeep.runs import show  # noqa: PLC0415

    show.listing(console(), executions)
    console().print()
    show.show(console(), shown)
    console().print()


def _endpoint_line(serving: dict[str, str] | None) -> str:
    if serving is None:
        return "none yet: the first run that succeeds makes it"
    reason = f": {serving['reason']}" if serving["reason"] else ""
    return f"{serving['endpoint']} is {serving['status']}{reason}"


@app.command()
def stop(*, env: Env = "poc", execution: Execution_ = "") -> None:
    """Stop an execution that runs."""
    from sagekeep.runs import start, steps  # noqa: PLC0415

    target = _target(env)
    arn = steps.chosen(target, execution)
    start.stop(target, arn)
    say(f"stopping {arn}\nsee how it goes: {target.command('status', '--execution', arn)}")


@app.command()
def logs(
    *,
    env: Env = "poc",
    execution: Execution_ = "",
    step: Annotated[str, typer.Option("--step", help="Only this step")] = "",
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the execution is over")] = False,
    tail: Annotated[int | None, typer.Option("--tail", min=1, help="Only the last lines of each step")] = None,
) -> None:
    """Print what the jobs of an execution log; with --step also what the endpoint logs."""
    from sagekeep.runs import steps  # noqa: PLC0415
    from sagekeep.runs.logs import Logs  # noqa: PLC0415

    target = _target(env)
    arn = steps.chosen(target, execution)
    lines, found_any = Logs(target.client("logs"), step, tail), False
    while True:
        found = steps.read(target, arn)
        if step:
            found.step(step)
        for name, line in lines.new(found):
            found_any = True
            say(line.text if step else f"{name} | {line.text}")
        if found.over or not follow:
            break
        time.sleep(_FOLLOW_SECONDS)
    if not found_any:
        console(stderr=True).print("nothing has been logged", highlight=False)
