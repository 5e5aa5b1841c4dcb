"""What became of a live request: allowed, denied and by which layer, without a way, or not decided at all."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError, ProxyConnectionError

REHEARSED = "DryRunOperation"
_DENIED = re.compile(r"AccessDenied|Unauthorized|AuthorizationError")
_ABSENT = re.compile(r"not find|not found|NotFound|not exist|NoSuch")
_REASONS = (
    ("explicit deny in a resource-based policy", "resource", True),
    ("explicit deny in an identity-based policy", "identity", True),
    ("explicit deny in a VPC endpoint policy", "endpoint", True),
    ("no VPC endpoint policy", "endpoint", False),
    ("no identity-based policy", "identity", False),
    ("no resource-based policy", "resource", False),
)


@dataclass(frozen=True)
class Outcome:
    """`kind`: allowed, denied, network or undecided; `layer` and `explicit` of a denial; what was said."""

    kind: str
    said: str = ""
    layer: str = ""
    explicit: bool = False


def outcome(call: Callable[[], Any]) -> Outcome:
    """Make a call and say what became of it. What fails after it was authorised counts as allowed."""
    try:
        call()
    except ProxyConnectionError as error:
        said = str(error.kwargs.get("error"))
        return Outcome("network" if "504" in said else "undecided", said, "network")
    except ParamValidationError as error:
        return Outcome("undecided", str(error))
    except ClientError as error:
        return _told(error)
    except BotoCoreError as error:
        return Outcome("undecided", repr(error))
    return Outcome("allowed")


def _told(error: ClientError) -> Outcome:
    code, said = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    text = f"{code}: {said}"
    if status == 504:
        return Outcome("network", text, "network")
    if code == "MissingAuthenticationToken":  # nobody is let in but by a policy of the resource
        return Outcome("denied", text, "resource")
    if _DENIED.search(code):
        layer, explicit = reason(said)
        return Outcome("denied", text, layer, explicit)
    # Authorisation comes first: what is rehearsed, or is not there, was authorised.
    return Outcome("allowed" if code == REHEARSED or _ABSENT.search(text) else "undecided", text)


def reason(said: str) -> tuple[str, bool]:
    """The layer that denies and whether a statement of it does so, in AWS's words."""
    return next(((layer, explicit) for words, layer, explicit in _REASONS if words in said), ("", False))
