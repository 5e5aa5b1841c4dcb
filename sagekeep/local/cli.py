"""`sagekeep local up / status / env / fault / variant / down`; deploy, run and predict are in runs_cli."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sagekeep.console import print_line
from sagekeep.errors import OperationError
from sagekeep.local import instance as instances
from sagekeep.local import overview
from sagekeep.local.deployment import start
from sagekeep.local.faults import Fault
from sagekeep.local.instance import Instance
from sagekeep.local.runs_cli import Home
from sagekeep.local.runs_cli import app as runs_app
from sagekeep.local.shell import exports
from sagekeep.settings import environment_file, load

app = typer.Typer(
    no_args_is_help=True, help="The embedded AWS: up, deploy, run, predict, status, calls, env, fault, variant, down."
)
app.add_typer(runs_app)

AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON")]


def _running(home: Path) -> Instance:
    found = instances.find(home)
    if found is None:
        raise OperationError(f"no local AWS runs in {home}", hint="start one: sagekeep local up")
    return found


@app.command()
def up(
    env: Annotated[str, typer.Option("--env", "-e", help="Settings with its account, region and deployer")] = "poc",
    home: Home = instances.DEFAULT_HOME,
) -> None:
    """Start the local AWS, or find the one that runs."""
    console = Console(stderr=True)
    found = start(home, load(environment_file(env)), console)
    state = "An empty account" if found.fresh else "Already running"
    console.print(f"{state}: {found.account_id} in {found.region}, as {found.admin}")
    console.print('Lead a terminal to it: eval "$(sagekeep local env)"', highlight=False)


@app.command()
def status(home: Home = instances.DEFAULT_HOME, *, as_json: AsJson = False) -> None:
    """Say whether a local AWS runs here, and what runs on it; exit code 1 if none does."""
    found = instances.find(home)
    facts = {
        "running": found is not None,
        "home": str(home.resolve()),
        **({k: getattr(found, k) for k in ("pid", "proxy_port", "account_id", "region", "admin")} if found else {}),
        "faults": found.faults()["waiting"] if found else [],
    }
    running = overview.overview(found) if found else {}
    console = Console()
    if as_json:
        typer.echo(json.dumps(facts | running))
    elif found is None:
        console.print(f"No local AWS runs in {home}. Start one: sagekeep local up")
    else:
        for name, value in facts.items():
            console.print(f"{name:<11} {value}", highlight=False, soft_wrap=True)
        for line in overview.lines(running):
            print_line(console, line)
    if found is None:
        raise typer.Exit(1)


@app.command()
def calls(home: Home = instances.DEFAULT_HOME, *, as_json: AsJson = False) -> None:
    """Print who did what on the local AWS, from where, how often, and what was denied."""
    found = _running(home).calls()
    if as_json:
        typer.echo(json.dumps(found))
        return
    for seen in found:
        verdict = f"denied {seen['denied']}" if seen["denied"] else "allowed"
        caller = seen["principal"].rpartition(":")[2]
        line = f"{seen['count']:>6}  {caller}  {seen['action']}  from {seen['place']}  {verdict}"
        print_line(Console(), line)


@app.command()
def env(home: Home = instances.DEFAULT_HOME) -> None:
    """Print shell lines that lead aws, terraform and boto3 of a terminal here (for twelve hours)."""
    typer.echo(exports(_running(home)))


@app.command()
def fault(
    action: Annotated[str, typer.Argument(help="IAM action, such as sagemaker:CreatePipeline; * and ? work")] = "",
    code: Annotated[str, typer.Option("--code", help="AWS's error code")] = "ThrottlingException",
    message: Annotated[str, typer.Option("--message", help="AWS's message")] = "Rate exceeded",
    http_status: Annotated[int, typer.Option("--status", help="HTTP status, 400 to 599")] = 400,
    times: Annotated[int, typer.Option("--times", help="How many requests fail; 0: until cleared")] = 1,
    resource: Annotated[str, typer.Option("--resource", help="Only requests for this ARN; * and ? work")] = "*",
    home: Home = instances.DEFAULT_HOME,
    *,
    clear: Annotated[bool, typer.Option("--clear", help="Switch all faults off")] = False,
) -> None:
    """Let the next matching requests fail, to see how a deployment recovers."""
    running = _running(home)
    if clear:
        running.clear_faults()
    if action:
        running.inject(Fault(action, code, message, http_status, times, resource))
    typer.echo(json.dumps(running.faults(), indent=2))


@app.command()
def variant(
    name: Annotated[str, typer.Argument(help="key-names, service-account or grant-flag")] = "",
    value: Annotated[str, typer.Argument(help="One of its values; a wrong one is answered with the list")] = "",
    home: Home = instances.DEFAULT_HOME,
    *,
    reset: Annotated[bool, typer.Option("--reset", help="Answer as usual again")] = False,
) -> None:
    """Answer the other way where AWS's documentation leaves open what requests have, to see whether policies hold."""
    asked = ({"reset": "true"} if reset else {}) | ({name: value} if name else {})
    typer.echo(json.dumps(_running(home).ask("variants", **asked), indent=2))


@app.command()
def down(home: Home = instances.DEFAULT_HOME) -> None:
    """Stop the local AWS; its account is gone for good."""
    stopped = instances.down(home)
    typer.echo("Stopped." if stopped else f"No local AWS ran in {home}.")
