"""Who an ARN is to an environment: a deployer, a planner, a data writer, or anybody else of its account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sagekeep.errors import UsageError
from sagekeep.iam import patterns
from sagekeep.prove.operators import SETTINGS

# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
_PRINCIPAL = re.compile(r"arn:(?P<partition>aws[a-z-]*):iam::(?P<account>\d{12}):(root|(role|user)/[\w+=,.@/-]+)")
_SESSION = re.compile(
    r"arn:(?P<partition>aws[a-z-]*):sts::(?P<account>\d{12}):assumed-role/(?P<name>[\w+=,.@-]+)/[\w+=,.@-]+"
)


@dataclass(frozen=True)
class Identity:
    """A principal of the environment's account.

    Attributes:
        arn: of a role (also for a session of it), a user, or the account's root, as aws:PrincipalArn has it.
        kinds: what [deploy] makes of it, of `operators.SETTINGS`; empty for anybody else.
    """

    arn: str
    kinds: frozenset[str]

    @property
    def title(self) -> str:
        """`deployer and planner`, or what it is to those who are named nowhere."""
        named = [kind.replace("-", " ") for kind in SETTINGS if kind in self.kinds]
        return " and ".join(named) or "not named in [deploy]"


def identify(arn: str, settings: Mapping[str, Any]) -> Identity:
    """The identity behind an ARN; a role's session is turned into its role.

    `settings`: as model.json has them.

    Raises:
        UsageError: it is no ARN of a role, a user, a root or a session of a role, or of another account.
    """
    named = named_in(settings)
    session, principal = _SESSION.fullmatch(arn), _PRINCIPAL.fullmatch(arn)
    found = session or principal
    if found is None:
        hint = "such as arn:aws:iam::123456789012:role/deployer, or what `aws sts get-caller-identity` says"
        raise UsageError(f"{arn!r} is no ARN of a role, a user, an account's root or a session of a role", hint=hint)
    if found["account"] != str(settings["account_id"]):
        raise UsageError(f"{arn} is of account {found['account']}, the environment is in {settings['account_id']}")
    if session:
        arn = role_of_session(arn, [pattern for listed in named.values() for pattern in listed])
    kinds = {kind for kind, listed in named.items() if any(_like(arn, pattern) for pattern in listed)}
    return Identity(arn, frozenset(kinds))


def named_in(settings: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Kind -> the ARNs and patterns that [deploy] has for it."""
    deploy = settings.get("deploy", {})
    return {kind: tuple(deploy.get(key, ())) for kind, key in SETTINGS.items()}


def role_of_session(arn: str, named: Sequence[str] = ()) -> str:
    """The ARN of a session's role.

    A session's ARN lacks the role's path. Role names are unique within an account, so the first of the `named` ARNs or
    patterns of roles that has the name says the path; without one there is none.
    """
    session = _SESSION.fullmatch(arn)
    if session is None:
        return arn
    start = f"arn:{session['partition']}:iam::{session['account']}:role"
    candidates = (f"{folder}/{session['name']}" for folder in _folders(named) if folder.startswith(start))
    fitting = (role for role in candidates if any(_like(role, pattern) for pattern in named))
    return next(fitting, f"{start}/{session['name']}")


def _folders(named: Sequence[str]) -> Iterator[str]:
    for pattern in named:
        yield sample(pattern.rpartition("/")[0])


def sample(pattern: str) -> str:
    """An ARN that a pattern of ARNs stands for."""
    return pattern.replace("*", "x").replace("?", "x")


def _like(arn: str, pattern: str) -> bool:
    return patterns.arn_like(arn, pattern, lambda _: None)
