"""`sagekeep review`: what Terraform plans mean, and whether they may pass."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sagekeep.console import Json, console, print_json
from sagekeep.errors import UsageError

if TYPE_CHECKING:  # loaded by the command, so that --help answers at once
    from sagekeep.deploy import Operations
    from sagekeep.review.session import Reviewed

app = typer.Typer()

Markdown = Annotated[bool, typer.Option("--markdown", help="Print a comment for a pull request")]
Page = Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write one page for a browser, too")]
All = Annotated[bool, typer.Option("--all", help="Print every finding, detail and harmless change")]
Rules = Annotated[
    Path | None, typer.Option("--rules", metavar="FILE", help="The gate's rules; environments/review.toml by default")
]


@app.command()
def review(
    *,
    plans: Annotated[list[Path], typer.Argument(metavar="PLAN...", help="What `terraform show -json` printed")],
    env: Annotated[str, typer.Option("--env", "-e", help="Whose plans they are; by default as their tags say")] = "",
    rules: Rules = None,
    model: Annotated[
        list[Path] | None,
        typer.Option("--model", metavar="FILE", help="model.json or cdk.tf.json, for construct paths"),
    ] = None,
    archives: Annotated[
        list[Path] | None,
        typer.Option("--archives", metavar="DIR", help="Where archives of functions lie, old and new"),
    ] = None,
    since: Annotated[
        list[Path] | None, typer.Option("--since", metavar="PLAN", help="An earlier plan, to compare versions with")
    ] = None,
    checkov: Annotated[
        bool, typer.Option("--checkov/--no-checkov", help="Merge checkov's findings in, where it is installed")
    ] = True,
    markdown: Markdown = False,
    html: Page = None,
    everything: All = False,
    as_json: Json = False,
) -> None:
    """Say what plans mean: lost data, outages, wider access, what to do; exit code 1 where the gate lets them not pass.

    Plans of one environment, of any Terraform or OpenTofu project: terraform plan -out=FILE, then
    terraform show -json FILE > plan.json.
    """
    from sagekeep.review.session import Session  # noqa: PLC0415

    if markdown and as_json:
        raise UsageError("--markdown and --json both print", hint="ask for one of them; --html FILE goes with either")
    session = Session.of(
        env=env, rules=rules, models=model or (), archives=archives or (), checkov=checkov, earlier=since or ()
    )
    reviewed = session.files(plans)
    finish(reviewed, markdown=markdown, html=html, everything=everything, as_json=as_json)


def finish(
    reviewed: Reviewed, *, markdown: bool, html: Path | None, everything: bool = False, as_json: bool = False
) -> None:
    """Prints and writes the reports; raises Exit where the gate does not let the plans pass."""
    from sagekeep.review.reports import markdown as comment  # noqa: PLC0415
    from sagekeep.review.reports import outline, page, terminal  # noqa: PLC0415

    told = outline.outline(reviewed.review, reviewed.decision)
    if html:
        _write(html, page.render(told))
    if as_json:
        print_json(outline.document(reviewed.review, reviewed.decision))
    elif markdown:
        typer.echo(comment.render(told), nl=False)
    else:
        terminal.show(console(), told, everything=everything)
    if not reviewed.decision.passes:
        raise typer.Exit(1)


def review_plans(
    operations: Operations, stacks: Sequence[str], *, markdown: bool, html: Path | None, as_json: bool
) -> None:
    """`sagekeep plan --review`; exit code 1 where a stack cannot be planned, or the gate does not let it pass."""
    from sagekeep import report  # noqa: PLC0415
    from sagekeep.deploy import exit_code  # noqa: PLC0415
    from sagekeep.review.planning import plan_and_review  # noqa: PLC0415

    results, reviewed = plan_and_review(operations, stacks)
    if reviewed is None or exit_code(results):
        report.show(console(stderr=as_json or markdown), results)
    if reviewed:
        finish(reviewed, markdown=markdown, html=html, as_json=as_json)
    raise typer.Exit(exit_code(results))


def _write(file: Path, text: str) -> None:
    """Whole, or not at all."""
    partial = file.with_name(f"{file.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(file)
    except OSError as error:
        raise UsageError(f"{file}: cannot be written: {error.strerror}") from error
