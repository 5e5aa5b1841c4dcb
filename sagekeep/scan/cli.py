"""`sagekeep scan`."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sagekeep.console import AsIs, Env, Json, Out, console, print_json, print_line, say, synthesis_of

if TYPE_CHECKING:  # loaded by the command, so that --help answers at once
    from sagekeep.scan.register import Verdict

app = typer.Typer()


@app.command()
def scan(
    *,
    env: Env = "poc",
    out: Out = None,
    plan: Annotated[
        list[Path] | None, typer.Option("--plan", help="A plan, by `terraform show -json`; may be repeated")
    ] = None,
    as_is: AsIs = False,
    as_json: Json = False,
) -> None:
    """Scan the stacks and their policies; fail on what environments/exceptions.toml does not list, or lists in vain."""
    from sagekeep.scan import plans, register  # noqa: PLC0415
    from sagekeep.scan import scan as scanning  # noqa: PLC0415
    from sagekeep.synthesis import project_root  # noqa: PLC0415

    root = project_root()
    entries = register.load(root / scanning.REGISTER)
    made = synthesis_of(env, out, as_is=as_is)
    today = date.today()  # noqa: DTZ011 - a review date is a day of the reader's calendar
    verdict = scanning.scan(made, entries, today=today, plans=plans.stacks_of(plan or (), made.stacks))
    if as_json:
        print_json(_document(made.environment, verdict))
    else:
        _show(made.environment, verdict, today)
    if not verdict.clean:
        raise typer.Exit(1)


def _document(environment: str, verdict: Verdict) -> dict[str, Any]:
    return {
        "environment": environment,
        "clean": verdict.clean,
        "accepted": [finding.document() for finding in verdict.accepted],
        "unlisted": [finding.document() for finding in verdict.unlisted],
        "stale": [entry.model_dump(mode="json") for entry in verdict.stale],
        "overdue": [entry.model_dump(mode="json") for entry in verdict.overdue],
    }


def _show(environment: str, verdict: Verdict, today: date) -> None:
    """Entries to paste go to standard output with the rest; what they mean, to standard error."""
    from sagekeep.scan.register import as_entry  # noqa: PLC0415
    from sagekeep.scan.scan import REGISTER  # noqa: PLC0415

    aside = console(stderr=True)
    for entry in verdict.overdue:
        print_line(aside, f"warning: review was due on {entry.review}: {entry.line()}")
    for finding in verdict.unlisted:
        print_line(aside, f"error: {environment}: {finding.line()}")
    for entry in verdict.stale:
        print_line(aside, f"error: {environment}: no longer found: {entry.line()}")
    if verdict.unlisted:
        print_line(aside, f"  mend the stack, or add to {REGISTER} with a reason:\n")
        say("\n\n".join(as_entry(finding, today=today) for finding in verdict.unlisted) + "\n")
    if verdict.stale:
        print_line(aside, f"  take these out of {REGISTER}, or {environment} out of their `environments`")
    counts = f"{len(verdict.unlisted)} unlisted, {len(verdict.accepted)} accepted, {len(verdict.stale)} stale"
    say(f"{environment}: {counts}, {len(verdict.overdue)} overdue")
