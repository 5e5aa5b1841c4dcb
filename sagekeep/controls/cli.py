"""`sagekeep evidence`: every control of the matrix checked on one environment, written down for a reviewer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from sagekeep.console import AsIs, Env, Json, Out, console, print_json, print_line, synthesis_of

app = typer.Typer()

To = Annotated[Path | None, typer.Option("--to", help="Folder to write to; by default .sagekeep/<environment>")]


@app.command()
def evidence(*, env: Env = "poc", out: Out = None, as_is: AsIs = False, to: To = None, as_json: Json = False) -> None:
    """Check every control, and write evidence.json and evidence.md: control, address, construct, test, result."""
    from sagekeep.controls.evidence import Evidence, outcomes  # noqa: PLC0415 - loads only where it is needed
    from sagekeep.controls.report import markdown, summary  # noqa: PLC0415
    from sagekeep.controls.view import View  # noqa: PLC0415
    from sagekeep.prove.proof import prove  # noqa: PLC0415
    from sagekeep.scan.register import load as exceptions  # noqa: PLC0415

    synthesis = synthesis_of(env, out, as_is=as_is)
    view = View.of(synthesis)
    register = exceptions(synthesis.root / "environments" / "exceptions.toml")
    here = [entry for entry in register if not entry.environments or synthesis.environment in entry.environments]
    found = Evidence(view, list(outcomes(view)), prove(view.estate), here)
    document = found.document()
    folder = to or synthesis.work
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "evidence.json").write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    (folder / "evidence.md").write_text(markdown(document), encoding="utf-8")
    screen = console(stderr=as_json)
    if as_json:
        print_json(document)
    for broken in found.broken:
        for fact in broken.faults:
            print_line(screen, f"{broken.control.id}: {fact.address} {fact.fault}")
    print_line(screen, f"{summary(document)}; written to {folder}/evidence.json and evidence.md")
    if found.broken or document["findings"]:
        raise typer.Exit(1)
