"""`sagekeep estate`: how the environment fits into what is there already."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagekeep.console import Env, Json, print_json, say
from sagekeep.estate.ci.cli import roles_of_ci

if TYPE_CHECKING:  # loaded by the command that needs it, so that --help answers at once
    from sagekeep.synthesis import Synthesis

app = typer.Typer(help="How the environment fits into what is there already.", no_args_is_help=True)
app.command("policies")(roles_of_ci)

Out = Annotated[Path | None, typer.Option("--out", help="Folder of the synthesized Terraform")]
AsIs = Annotated[bool, typer.Option("--as-synthesized", help="Take the output folder as it is; do not synthesize")]


@app.command()
def check(*, env: Env = "poc", out: Out = None, as_is: AsIs = False, as_json: Json = False) -> None:
    """Say what the things that are brought lack, with the missing statement ready to paste; changes nothing.

    plan and deploy ask the same before terraform starts. Exit code 2 where something is to be mended.
    """
    from sagekeep.estate import preflight  # noqa: PLC0415

    synthesis = _synthesis(env, out, as_is=as_is)
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
    from sagekeep.estate.export import export as write_modules  # noqa: PLC0415

    modules = write_modules(_synthesis(env, out, as_is=as_is), module)
    if as_json:
        print_json({"folder": str(module), "modules": [made.document() for made in modules]})
        return
    for made in modules:
        counts = f"{made.resources:>4} resources  {len(made.variables):>3} inputs  {len(made.outputs):>3} outputs"
        say(f"{made.name:<10} {counts}  {module / made.name}")
    say(f"{'joined':<10} {'':>15} by {module / 'main.tf.json'}; how to call it: {module / 'README.md'}")


def _synthesis(env: str, out: Path | None, *, as_is: bool) -> Synthesis:
    from sagekeep.synthesis import load, project_root, synthesize  # noqa: PLC0415

    root = project_root()
    return load(root, env, out) if as_is else synthesize(root, env, out)
