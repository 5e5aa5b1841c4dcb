"""The command line: `sagekeep COMMAND`. Results go to standard output, progress to standard error."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sagekeep.console import AsIs, Env, Json, Out, console, print_json, say, synthesis_of
from sagekeep.controls.cli import app as controls_app
from sagekeep.errors import OperationError, ToolkitError, UsageError
from sagekeep.prove.cli import app as prove_app
from sagekeep.review.cli import Markdown, Page, review_plans
from sagekeep.review.cli import app as review_app
from sagekeep.runs.cli import app as runs_app
from sagekeep.scan.cli import app as scan_app
from sagekeep.settings_cli import app as settings_app

if TYPE_CHECKING:  # loaded by the command that needs them, so that --help answers at once
    from sagekeep.deploy import Operations
    from sagekeep.stackset import StackResult

app = typer.Typer(
    name="sagekeep",
    help="Sealed machine-learning environments on AWS as Terraform, from one settings file.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
# Groups of commands that load much: module and help.
_GROUPS = {
    "estate": ("sagekeep.estate.cli", "How the environment fits into what is there already."),
    "local": ("sagekeep.local.cli", "The embedded AWS: up, run, predict, status, down and more."),
}
state_app = typer.Typer(help="The place where Terraform's state lives.", no_args_is_help=True)
app.add_typer(settings_app, name="settings")
app.add_typer(state_app, name="state")

AllowLockout = Annotated[
    bool, typer.Option("--allow-lockout", help="Even though the policies lock out whoever deploys them")
]
Stacks = Annotated[list[str] | None, typer.Option("--stack", "-s", help="Only this stack; may be repeated")]
Yes = Annotated[bool, typer.Option("--yes", "-y", "--auto-approve", help="Do not ask")]


@app.command()
def doctor(*, as_json: Json = False) -> None:
    """Say what is missing on this machine, and how to mend it."""
    from sagekeep import doctor as examination  # noqa: PLC0415
    from sagekeep.synthesis import project_root  # noqa: PLC0415

    findings = examination.examine(project_root())
    if as_json:
        print_json([finding.document() for finding in findings])
    else:
        _show_findings(findings)
    if not examination.healthy(findings):
        raise typer.Exit(1)


@app.command()
def synth(*, env: Env = "poc", out: Out = None, as_json: Json = False) -> None:
    """Settings to Terraform: writes cdk.tf.json per stack, manifest.json and model.json."""
    synthesis = synthesis_of(env, out)
    if as_json:
        stacks = {name: {"folder": str(s.folder), "resources": s.resources} for name, s in synthesis.stacks.items()}
        print_json({"environment": synthesis.environment, "out": str(synthesis.out), "stacks": stacks})
        return
    for stack in synthesis.stacks.values():
        say(f"{stack.name:<10} {stack.resources:>4} resources  {stack.folder}")


@state_app.command("bootstrap")
def state_bootstrap(
    *,
    env: Env = "poc",
    out: Out = None,
    as_json: Json = False,
    as_is: AsIs = False,
    quick: Annotated[bool, typer.Option("--quick", help="Leave what takes a minute to the next deploy")] = False,
) -> None:
    """Make the S3 backend and move its own state into it; safe to run again after an interruption."""
    from sagekeep.bootstrap import StateHome  # noqa: PLC0415

    result = StateHome(_operations(env, out, as_is=as_is)).bootstrap(quick=quick)
    if as_json:
        print_json(result.document())
    else:
        say(f"state {result.status}")


@app.command()
def plan(
    *,
    env: Env = "poc",
    stack: Stacks = None,
    out: Out = None,
    as_json: Json = False,
    as_is: AsIs = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit code 2 where changes are pending")
    ] = False,
    review: Annotated[bool, typer.Option("--review", help="Say what the changes mean, as `sagekeep review`")] = False,
    markdown: Markdown = False,
    html: Page = None,
) -> None:
    """Show what would change, stack by stack; changes nothing."""
    operations = _operations(env, out, as_is=as_is)
    if review or markdown or html:
        review_plans(operations, stack or (), markdown=markdown, html=html, as_json=as_json)
    else:
        _finish(operations.plan(stack or ()), as_json=as_json, detailed=detailed_exitcode)


@app.command()
def deploy(
    *,
    env: Env = "poc",
    stack: Stacks = None,
    out: Out = None,
    yes: Yes = False,
    as_json: Json = False,
    as_is: AsIs = False,
    allow_lockout: AllowLockout = False,
) -> None:
    """Apply the stacks in order, independent ones at once; refused where that would lock out whoever does it."""
    operations = _operations(env, out, as_is=as_is, allow_lockout=allow_lockout)
    _confirm("deploy", operations, stack or (), yes=yes)
    _finish(operations.deploy(stack or ()), as_json=as_json)


@app.command()
def destroy(
    *,
    env: Env = "poc",
    stack: Stacks = None,
    out: Out = None,
    yes: Yes = False,
    as_json: Json = False,
    as_is: AsIs = False,
) -> None:
    """Destroy the stacks from the last to the first, the state stack at the very end."""
    from sagekeep.teardown import destroy_all  # noqa: PLC0415

    operations = _operations(env, out, as_is=as_is)
    _confirm("destroy", operations, stack or (), yes=yes)
    _finish(destroy_all(operations, stack or ()), as_json=as_json)


@app.command()
def unlock(
    *,
    lock_id: Annotated[str, typer.Argument(help="The lock's id, from the error of plan or deploy")],
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack whose state is locked")],
    env: Env = "poc",
    out: Out = None,
    force: Annotated[bool, typer.Option("--force", help="Even though terraform runs in the stack's folder")] = False,
    as_is: AsIs = False,
) -> None:
    """Take over the lock of a terraform that is gone."""
    from sagekeep import locks  # noqa: PLC0415

    operations = _operations(env, out, as_is=as_is)
    operations.synthesis.chosen([stack])
    locks.unlock(operations.terraform, operations.synthesis.stacks[stack], lock_id, force=force)
    say(f"{stack}: the lock {lock_id} is released")


app.add_typer(runs_app)
app.add_typer(prove_app, name="prove")
app.add_typer(controls_app)
app.add_typer(scan_app)
app.add_typer(review_app)


@app.command()
def demo(
    *,
    env: Env = "poc",
    as_json: Json = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the local AWS running where the demo failed")] = False,
) -> None:
    """The whole life of an environment on the local AWS: deploy, check, run the pipeline, ask the endpoint, destroy."""
    from sagekeep.demo import run  # noqa: PLC0415
    from sagekeep.demo.summary import show_summary  # noqa: PLC0415
    from sagekeep.synthesis import project_root  # noqa: PLC0415

    rehearsal = run(project_root(), env, keep=keep)
    if as_json:
        print_json(rehearsal.document())
    else:
        show_summary(console(), rehearsal)
    if rehearsal.error:
        raise rehearsal.error


def main() -> None:
    """Entry point: mounts `local`, and turns the toolkit's errors into a message and an exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        _mount(sys.argv[1:])
        app()
    except ToolkitError as error:
        _complain(error)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201
        sys.exit(1)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    """A polite end is the same as Ctrl-C: whatever was started is stopped."""
    raise KeyboardInterrupt


def _mount(arguments: list[str]) -> None:
    """The groups that load only where they are asked for."""
    for name, (module, text) in _GROUPS.items():
        if arguments[:1] == [name]:
            app.add_typer(_group(module), name=name)
        else:
            app.add_typer(typer.Typer(), name=name, help=text)
            app.registered_groups[-1].typer_instance.callback()(_nothing)  # type: ignore[union-attr]


def _group(module: str) -> typer.Typer:
    try:
        found: typer.Typer = importlib.import_module(module).app
    except ModuleNotFoundError as error:
        hint = "pip install -r requirements-local.txt"
        raise OperationError(f"{module} needs the package {error.name}", hint=hint) from error
    return found


def _nothing() -> None:
    """Group that is not loaded."""


def _operations(env: str, out: Path | None, *, as_is: bool, allow_lockout: bool = False) -> Operations:
    from sagekeep import lockout  # noqa: PLC0415
    from sagekeep.deploy import Operations as Prepared  # noqa: PLC0415

    environ = lockout.allowed(os.environ) if allow_lockout else None
    return Prepared.of(synthesis_of(env, out, as_is=as_is), environ)


def _confirm(verb: str, operations: Operations, stacks: list[str] | tuple[()], *, yes: bool) -> None:
    """Asks on a terminal; elsewhere --yes must have been given."""
    synthesis = operations.synthesis
    names = synthesis.chosen(stacks)
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"nobody can be asked whether to {verb}", hint="add --yes")
    account, region = synthesis.settings.get("account_id", "?"), synthesis.settings.get("region", "?")
    question = f"{verb} {', '.join(names)} of {synthesis.environment} (account {account}, {region})?"
    if not typer.confirm(question, err=True):
        raise typer.Exit(1)


def _finish(results: Mapping[str, StackResult], *, as_json: bool, detailed: bool = False) -> None:
    from sagekeep import deploy as deployment  # noqa: PLC0415
    from sagekeep import report  # noqa: PLC0415

    code = deployment.exit_code(results, detailed=detailed)
    if as_json:
        print_json({"stacks": [result.document() for result in results.values()], "exit_code": code})
    else:
        report.show(console(), results)
    raise typer.Exit(code)


def _complain(error: ToolkitError) -> None:
    from rich.text import Text  # noqa: PLC0415

    screen = console(stderr=True)
    screen.print(Text.assemble(("error: ", "red"), error.message), soft_wrap=True)
    if error.hint:
        screen.print(Text(f"  {error.hint}"), soft_wrap=True)


def _show_findings(findings: list[Any]) -> None:
    from rich.text import Text  # noqa: PLC0415

    marks = {"ok": ("✓", "green"), "missing": ("✗", "red"), "optional": ("·", "yellow")}
    screen = console()
    for finding in findings:
        mark, style = marks[finding.status]
        screen.print(Text.assemble((mark, style), f" {finding.name:<12} {finding.detail}"), soft_wrap=True)
        if finding.mend:
            screen.print(Text(f"    {finding.mend}"), soft_wrap=True)
