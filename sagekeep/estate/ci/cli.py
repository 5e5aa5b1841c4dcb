"""`sagekeep estate policies`: what the roles of a CI need."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sagekeep.console import AsIs, Env, Json, Out, print_json, say, synthesis_of
from sagekeep.estate.ci.files import write
from sagekeep.estate.ci.policies import LARGEST
from sagekeep.estate.ci.roles import CiRole, ci_roles

To = Annotated[Path | None, typer.Option("--to", help="Folder to write to: JSON policies, and ci.tf.json")]


def roles_of_ci(
    *, env: Env = "poc", out: Out = None, as_is: AsIs = False, to: To = None, as_json: Json = False
) -> None:
    """Generate the policies of the CI's plan role and deploy role, with their trust policies, as JSON and Terraform."""
    synthesis = synthesis_of(env, out, as_is=as_is)
    roles = ci_roles(synthesis)
    files = write(roles, to, synthesis.environment) if to else []
    if as_json:
        print_json({role.kind: role.document() for role in roles})
        return
    for role in roles:
        _show(role)
    for file in files:
        say(f"wrote {file}")


def _show(role: CiRole) -> None:
    document = role.document()
    sizes = ", ".join(str(size) for size in document["sizes"])
    say(f"{role.kind} role {role.arn}")
    actions = {action for statement in role.statements for action in statement.actions}
    number = len(role.statements)
    say(f"  {len(actions)} actions in {number} statements; policies of {sizes} characters ({LARGEST} at most)")
    if role.trust:
        claims = role.trust["Statement"][0]["Condition"]["StringEquals"]
        say(f"  trusts {next(value for key, value in claims.items() if key.endswith(':sub'))}")
    else:
        say("  trusts nobody: [ci] github_repository is empty")
    for statement in role.statements:
        if "*" in statement.resources:
            say(f"  {statement.sid} is on *: {statement.rows[0].why}")
