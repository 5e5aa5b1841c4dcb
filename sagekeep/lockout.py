"""Refuses to put policies in force that lock out whoever deploys them, or everybody, before terraform starts.

Terraform alone asks the same of the buckets in the plan (stacks/parts/lockout.py), where the variable `allow_lockout`
says that it is meant. Here that variable counts too: `--allow-lockout` sets it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sagekeep import aws
from sagekeep.errors import OperationError
from sagekeep.prove.estate import Estate
from sagekeep.prove.identity import Identity, identify
from sagekeep.prove.lockout import Stop, beyond_repair, judge
from sagekeep.prove.operators import DEPLOYER
from sagekeep.prove.reading import read
from sagekeep.prove.terraform import Terraform
from sagekeep.synthesis import Synthesis

VARIABLE = "TF_VAR_allow_lockout"
# What roles may do is not asked here: a policy of theirs that cannot be read must not keep anybody from deploying.
_OF_ROLES = ("aws_iam_policy", "aws_iam_role", "aws_iam_role_policy", "aws_iam_role_policy_attachment")
_MOST_TOLD = 6  # statements; the command that lists all is named


def allowed(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment in which locking oneself out is meant."""
    return {**environ, VARIABLE: "true"}


def refuse(
    synthesis: Synthesis, environ: Mapping[str, str], stacks: Collection[str], *, even_if_meant: bool = False
) -> None:
    """Asks who these credentials are, and whether the policies of the stacks would stop what they need to deploy.

    Whoever deploys is taken to work outside the VPC. That nobody could change a policy back, neither those who deploy
    nor the account's root, cannot be meant.

    Raises:
        OperationError: they would, and the variable does not say that it is meant; nobody could; a policy cannot be
            read; or AWS does not say who asks.
        UsageError: the credentials are of another account.
    """
    if not any(synthesis.stacks[name].document().get("provider", {}).get("aws") for name in stacks):
        return
    meant = environ.get(VARIABLE, "") in {"true", "1"}
    estate = _estate(synthesis, meant=meant)
    if estate is None:
        return
    final = _of(stacks, beyond_repair(estate))
    if final:
        hint = "let the account's root or those of [deploy] roles change every policy"
        raise OperationError(f"nobody could change these policies back:\n{_told(final)}", hint=hint)
    if meant and not even_if_meant:
        return
    who = identify(aws.caller(synthesis.settings["region"], environ), synthesis.settings)
    judgement = judge(estate, Identity(who.arn, frozenset({DEPLOYER})), "internet")
    stops = _of(stacks, (stop for outcome in judgement.lost() for stop in outcome.stops))
    if stops:
        hint = _hint(synthesis, who, meant="" if even_if_meant else ", or say --allow-lockout if it is meant")
        raise OperationError(f"this would lock out {who.arn}, who is deploying:\n{_told(stops)}", hint=hint)


def _estate(synthesis: Synthesis, *, meant: bool) -> Estate | None:
    """What the stacks hold but roles; None where a policy cannot be read, and to lock out is meant."""
    try:
        return read(Terraform.of(synthesis, without=_OF_ROLES))
    except OperationError as error:
        if meant:
            return None
        hint = f"{error.hint}; --allow-lockout deploys all the same".removeprefix("; ")
        raise OperationError(f"nobody can tell whom this would lock out: {error.message}", hint=hint) from error


def _of(stacks: Collection[str], stops: Iterable[Stop]) -> list[Stop]:
    """The stops by statements of some stacks, each statement once."""
    found = {stop.what: stop for stop in reversed(list(stops)) if stop.stack in stacks}
    return list(reversed(found.values()))


def _told(stops: list[Stop]) -> str:
    lines = [f"  {stop.what}\n    stops {stop.at}" for stop in stops[:_MOST_TOLD]]
    more = len(stops) - _MOST_TOLD
    return "\n".join(lines + ([f"  and {more} more"] if more > 0 else []))


def _hint(synthesis: Synthesis, who: Identity, meant: str) -> str:
    file = synthesis.settings_file or f"environments/{synthesis.environment}.toml"
    mend = f"add that ARN to [deploy] roles in {file}"
    if DEPLOYER in who.kinds:
        mend = f"{file} names that ARN in [deploy] roles, so mend the statements"
    every = synthesis.command("prove", "lockout", "--identity", who.arn)
    return f"{mend}{meant}\n  every call: {every}"
