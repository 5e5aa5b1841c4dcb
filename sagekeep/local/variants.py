"""Where AWS's documentation leaves open what a request has: which way this embedded AWS answers.

The first value of each is the usual one. Tests switch to the others (`sagekeep local variant`), since policies must
hold whichever AWS does (docs/decisions/0035-policies-that-hold-in-every-world.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sagekeep.errors import UsageError
from sagekeep.iam.reference import replaced_by

KEY_NAMES, SERVICE_ACCOUNT, GRANT_FLAG = "key-names", "service-account", "grant-flag"
CHOICES: Mapping[str, tuple[str, ...]] = {
    # SageMaker's condition keys about KMS keys: by their present names, those that AWS replaced, both, or neither.
    KEY_NAMES: ("new", "old", "both", "none"),
    # Whether a service that calls as itself has aws:PrincipalAccount, which is then one of AWS's own.
    SERVICE_ACCOUNT: ("absent", "sent"),
    # kms:GrantIsForAWSResource of the grants that SageMaker asks for.
    GRANT_FLAG: ("true", "false", "absent"),
}
AWS_ACCOUNT = "000000000001"  # stands for an account of AWS's own
_FLAG = "kms:GrantIsForAWSResource"

_chosen: dict[str, str] = {}


def choose(name: str, value: str) -> None:
    """Answer so from now on. Raises UsageError for a name or value that is not there."""
    if name not in CHOICES:
        raise UsageError(f"there is no variant {name!r}; there are {', '.join(CHOICES)}")
    if value not in CHOICES[name]:
        raise UsageError(f"{name} is one of {', '.join(CHOICES[name])} (got {value!r})")
    _chosen[name] = value


def reset() -> None:
    """Answer as usual again."""
    _chosen.clear()


def of(name: str) -> str:
    """The value that is chosen."""
    return _chosen.get(name, CHOICES[name][0])


def report() -> dict[str, str]:
    """Every variant with its value."""
    return {name: of(name) for name in CHOICES}


def answer(body: Mapping[str, str]) -> dict[str, str]:
    """The control verb: chooses what the body names, or resets where it says `reset`; then reports."""
    if "reset" in body:
        reset()
    for name in body.keys() - {"reset"}:
        choose(name, body[name])
    return report()


def service_account() -> str | None:
    """aws:PrincipalAccount of a service that calls as itself."""
    return AWS_ACCOUNT if of(SERVICE_ACCOUNT) == "sent" else None


def of_sagemaker(context: Mapping[str, Any]) -> dict[str, Any]:
    """The condition keys of a request that SageMaker decides about or makes, as the variants have them."""
    found: dict[str, Any] = {}
    for name, value in context.items():
        if name == _FLAG:
            found |= {} if of(GRANT_FLAG) == "absent" else {name: of(GRANT_FLAG)}
        else:
            found |= dict.fromkeys(_names(name), value)
    return found


def _names(key: str) -> tuple[str, ...]:
    old = key.removesuffix("Arn")
    if replaced_by().get(old) != key:
        return (key,)
    return {"new": (key,), "old": (old,), "both": (key, old), "none": ()}[of(KEY_NAMES)]
