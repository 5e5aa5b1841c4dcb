"""`sagekeep estate`: how the environment fits into what is there already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from sagekeep.console import AsIs, Env, Json, Out, print_json, say, synthesis_of
from sagekeep.estate import preflight
from sagekeep.estate.ci.cli import roles_of_ci
from sagekeep.estate.export import export as write_modules

app = typer.Typer(help="How the environment fits into what is there already.", no_args_is_help=True)
app.command("policies")(roles_of_ci)


@app.command()
def check(*, env: Env = "poc", out: Out = None, as_is: AsIs = False, as_json: Json = False) -> None:
    """Say what the things that are brought lack, with the missing statement ready to paste; changes nothing.

    plan and deploy ask the same before terraform starts. Exit code 2 where something is to be mended.
    """
    synthesis = synthesis_of(env, out, as_is=as_is)
    if as_json:
        faults = preflight.examine(synthesis, os.environ)
        print_json({"environment": synthesis.environment, "faults": [fault.document() for fault in faults]})
        raise typer.Exit(2 if faults else 0)
    preflight.refuse(synthesis, os.environ)
    settings = preflight.settings_of(synthesis)
    say("what is brought is as it must be" if settings else "nothing is brought: [existing] is empty")


@app.command()
def export(
    *,
    module: Annotated[Path, typer.Option("--module", help="Folder to write to; replaced where an export wrote it")],
    env: Env = "poc",
    out: Out = None,
    as_is: AsIs = False,
    as_json: Json = False,
) -> None:
    """Write the stacks as Terraform modules, for roots in HCL: one for each stack, and what joins them."""
    modules = write_modules(synthesis_of(env, out, as_is=as_is), module)
    if as_json:
        print_json({"folder": str(module), "modules": [made.document() for made in modules]})
        return
    for made in modules:
        counts = f"{made.resources:>4} resources  {len(made.variables):>3} inputs  {len(made.outputs):>3} outputs"
        say(f"{made.name:<10} {counts}  {module / made.name}")
    say(f"{'joined':<10} {'':>15} by {module / 'main.tf.json'}; how to call it: {module / 'README.md'}")
