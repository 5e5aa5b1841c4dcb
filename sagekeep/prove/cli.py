"""`sagekeep prove`: what reaches what, what cannot leave, and what nobody needs, from the synthesized files alone."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from sagekeep.console import AsIs, Env, Json, Out, console, print_json, synthesis_of
from sagekeep.errors import UsageError

app = typer.Typer()


@app.callback(invoke_without_command=True)
def prove(
    context: typer.Context, *, env: Env = "poc", out: Out = None, as_is: AsIs = False, as_json: Json = False
) -> None:
    """Prove that calls get through, that attempts to carry data away do not, and that nothing is there for nobody."""
    if context.invoked_subcommand:
        _refuse_options(context)
        return
    from sagekeep.prove import report  # noqa: PLC0415 - what loads only where it is needed, --help does not wait for
    from sagekeep.prove.proof import prove as prove_estate  # noqa: PLC0415
    from sagekeep.prove.reading import read  # noqa: PLC0415
    from sagekeep.prove.terraform import Terraform  # noqa: PLC0415

    synthesis = synthesis_of(env, out, as_is=as_is)
    proof = prove_estate(read(Terraform.of(synthesis)))
    if as_json:
        print_json({"environment": synthesis.environment, **proof.document()})
    else:
        report.show(console(), proof)
    if next(proof.findings(), None):
        raise typer.Exit(1)


class From(StrEnum):
    """Where calls come from."""

    internet = "internet"
    vpc = "vpc"


Identity = Annotated[
    str, typer.Option("--identity", "-i", metavar="ARN", help="Role, user, account root, or a role's session")
]
Place = Annotated[
    From, typer.Option("--from", help="internet: anywhere outside the environment's VPC; vpc: inside, by its endpoints")
]


@app.command()
def lockout(
    *,
    identity: Identity,
    place: Place = From.internet,
    env: Env = "poc",
    out: Out = None,
    as_is: AsIs = False,
    as_json: Json = False,
) -> None:
    """Say which calls of people who look after the environment get through, and which statement stops the others.

    The identity's own policies are taken to allow everything, unless the environment makes it.
    Exit code 1 where a call is stopped that the identity needs: as the settings name it under deploy or, where they do
    not, to change a policy back.
    """
    from sagekeep.prove import lockout_report  # noqa: PLC0415
    from sagekeep.prove.identity import identify  # noqa: PLC0415
    from sagekeep.prove.lockout import judge  # noqa: PLC0415
    from sagekeep.prove.reading import read  # noqa: PLC0415
    from sagekeep.prove.terraform import Terraform  # noqa: PLC0415

    synthesis = synthesis_of(env, out, as_is=as_is)
    terraform = Terraform.of(synthesis)
    who = identify(identity, terraform.settings)
    judgement = judge(read(terraform), who, place.value)
    if as_json:
        print_json({"environment": synthesis.environment, **judgement.document()})
    else:
        lockout_report.show(console(), judgement)
    if next(judgement.lost(), None):
        raise typer.Exit(1)


def _refuse_options(context: typer.Context) -> None:
    """An option before the subcommand would be ignored. Raises UsageError."""
    sources = [context.get_parameter_source(name) for name in context.params]
    if any(source is not None and source.name == "COMMANDLINE" for source in sources):
        command = context.invoked_subcommand
        raise UsageError(f"options of `prove {command}` stand behind its name", hint=f"prove {command} --env NAME ...")
