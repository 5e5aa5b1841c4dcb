"""What the commands share: options that several of them have, and ways to print."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:  # loaded by the command that needs it, so that --help answers at once
    from rich.console import Console

    from sagekeep.synthesis import Synthesis

Env = Annotated[
    str,
    typer.Option(
        "--env",
        "-e",
        envvar="SAGEKEEP_ENV",
        help="environments/NAME.toml, a path to a .toml file, or FILE.toml#NAME of a table",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON")]
Out = Annotated[Path | None, typer.Option("--out", help="Folder of the synthesized Terraform")]
AsIs = Annotated[bool, typer.Option("--as-synthesized", help="Take the output folder as it is; do not synthesize")]

# C0 without tab and line end, delete, C1: what is printed for somebody else may not steer the reader's terminal.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def synthesis_of(env: str, out: Path | None, *, as_is: bool = False) -> Synthesis:
    """What the options say: the environment synthesized anew, or what its output folder holds."""
    from sagekeep.synthesis import load, project_root, synthesize  # noqa: PLC0415 - takes what --help does not need

    root = project_root()
    return load(root, env, out) if as_is else synthesize(root, env, out)


def console(*, stderr: bool = False) -> Console:
    """Results go to standard output, progress to standard error."""
    from rich.console import Console as RichConsole  # noqa: PLC0415

    return RichConsole(stderr=stderr)


def print_json(document: Any) -> None:
    """The result for a machine."""
    sys.stdout.write(json.dumps(document, indent=2) + "\n")


def print_line(screen: Console, text: str) -> None:
    """A line as it is, however wide the terminal."""
    screen.print(text, markup=False, highlight=False, soft_wrap=True)


def say(text: str) -> None:
    """A line on standard output."""
    print_line(console(), text)


def harmless(text: str) -> str:
    """The text without control characters."""
    return _CONTROL.sub("", text)
