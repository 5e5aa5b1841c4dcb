"""`sagekeep settings`: what there is in settings files, and what there may be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sagekeep.console import Json, print_json, say

app = typer.Typer(help="About the settings file.", no_args_is_help=True)


@app.command("schema")
def settings_schema() -> None:
    """Print the JSON Schema of a settings file, for editors."""
    from sagekeep.settings import schema  # noqa: PLC0415

    print_json(schema())


@app.command("list")
def settings_list(
    table: Annotated[Path, typer.Argument(help="A file of many environments, or of one")], *, as_json: Json = False
) -> None:
    """Check every environment of a file, and that none claims what another has; say what there is."""
    from sagekeep import settings_listing  # noqa: PLC0415

    rows = settings_listing.rows(table)
    if as_json:
        print_json(rows)
        return
    for row in rows:
        say(f"{row['env']}  {row['names']}  account {row['account_id']}  {row['region']}  state {row['state']}")
