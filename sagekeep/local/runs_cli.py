"""`sagekeep local deploy / run / predict`: an environment and its pipeline on the embedded AWS."""

from __future__ import annotations

import csv
import sys
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sagekeep.console import Env, Json, print_json, say
from sagekeep.errors import OperationError, UsageError
from sagekeep.local import instance as instances
from sagekeep.local import sample
from sagekeep.local.deployment import Deployment, start, target_of
from sagekeep.runs import cli as runs
from sagekeep.runs import endpoint, heldout
from sagekeep.runs.evaluation import Answer
from sagekeep.runs.outcome import conduct, show_outcome
from sagekeep.runs.show import evaluation_lines, predictions
from sagekeep.runs.start import Request, parameters_of
from sagekeep.runs.target import Target
from sagekeep.settings import Settings, environment_file, load
from sagekeep.synthesis import project_root

app = typer.Typer()
Home = Annotated[Path, typer.Option("--home", help="Folder of the instance: its log, certificate and facts")]


@app.command()
def deploy(*, env: Env = "poc", home: Home = instances.DEFAULT_HOME, as_json: Json = False) -> None:
    """Bring the environment onto the local AWS, starting it if need be; quick where nothing has changed."""
    stacks = _deployed(env, home)[1]
    if as_json:
        print_json({"deployed": stacks})
    else:
        say(f"deployed: {', '.join(stacks)}" if stacks else "nothing has changed since the last deployment")


@app.command()
def run(
    *,
    env: Env = "poc",
    data: runs.Data = None,
    label: runs.Label = "",
    param: runs.Params = None,
    name: runs.Name = "",
    home: Home = instances.DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Run the pipeline on the local AWS on your own CSV file, then ask the endpoint about rows it has never seen.

    Without --data it takes scikit-learn's breast-cancer data.
    """
    root = project_root()
    settings = _settings(env)
    sample.require_environments(root, settings)
    if data is None:
        data, label = sample.write(root, home / "samples"), label or sample.LABEL
    request = Request(data, label, parameters_of(param or ()), name)
    request.check(settings)
    target, _ = _deployed(env, home)
    outcome = conduct(target, request, Console(stderr=True))
    if not outcome.execution.succeeded:
        runs.report(outcome, target, as_json=as_json)
        return
    evaluation = heldout.evaluate(target, outcome.execution, request.column(target.settings))
    if as_json:
        print_json({**outcome.document(), "evaluation": evaluation.document()})
        return
    console = Console()
    show_outcome(console, outcome)
    for line in evaluation_lines(evaluation):
        say(line)


@app.command()
def predict(
    file: Annotated[Path, typer.Argument(help="A CSV file with a header; a label column in it is ignored")],
    *,
    env: Env = "poc",
    rows: Annotated[int | None, typer.Option("--rows", min=1, help="Only the first rows")] = None,
    accept: Annotated[str, typer.Option("--accept", help="Print the endpoint's own answers in this type")] = "",
    home: Home = instances.DEFAULT_HOME,
    as_json: Json = False,
) -> None:
    """Send rows to the endpoint on the local AWS: a table on a terminal, CSV elsewhere."""
    header, chosen = _read(file, rows)
    running = instances.find(home)
    if running is None:
        raise OperationError(f"no local AWS runs in {home}", hint="deploy and run first: sagekeep local run")
    target = target_of(running, env)
    if accept:
        _print_raw(target, header, chosen, accept)
        return
    answers = endpoint.ask(target, header, chosen)
    if as_json:
        print_json([{"prediction": a.prediction, "probabilities": dict(a.probabilities)} for a in answers])
    elif sys.stdout.isatty():
        Console().print(predictions(answers))
    else:
        _print_csv(answers)


def _deployed(env: str, home: Path) -> tuple[Target, list[str]]:
    """The environment on its running instance, and the stacks that had to be deployed for it."""
    console = Console(stderr=True)
    instance = start(home, _settings(env), console)
    stacks = Deployment(env, instance, console).ensure()
    return target_of(instance, env), stacks


def _settings(env: str) -> Settings:
    return load(environment_file(env, project_root() / "environments"))


def _read(path: Path, most: int | None) -> tuple[list[str], list[list[str]]]:
    """Header and rows of a CSV file.

    Raises:
        UsageError: it cannot be read as one.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True, skipinitialspace=True)
            header = next(reader, [])
            rows = list(islice(filter(None, reader), most))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    if not header or not rows:
        raise UsageError(f"{path} holds no rows below a header")
    return header, rows


def _print_raw(target: Target, header: list[str], rows: list[list[str]], accept: str) -> None:
    client = target.client("sagemaker-runtime")
    for _, body in endpoint.batches(header, rows):
        sys.stdout.write(endpoint.invoke(client, target, body, accept).decode("utf-8", "replace").rstrip("\n") + "\n")


def _print_csv(answers: list[Answer]) -> None:
    classes = list(answers[0].probabilities)
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["prediction", *(f"probability_{name}" for name in classes)])
    writer.writerows([a.prediction, *(a.probabilities[name] for name in classes)] for a in answers)
