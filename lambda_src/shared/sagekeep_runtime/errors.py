"""Errors whose message is what Terraform prints.

FunctionError
├── RequestError     the event breaks its contract; every fault is listed at once
└── OutOfTime        AWS is still busy when the function's time ends; the same command goes on later
"""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

DENIED_CODES = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
THROTTLED_CODES = frozenset(
    {"Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown"}
)
MISSING_CODES = frozenset(
    {"ResourceNotFound", "ResourceNotFoundException", "NoSuchKey", "NoSuchBucket", "NotFound", "404"}
)

_HINTS = (
    (
        DENIED_CODES,
        "The function's role, an endpoint policy or a key policy forbids this; the message names the action.",
    ),
    (THROTTLED_CODES, "AWS throttled the function beyond its retries: run the same terraform command again."),
    (
        frozenset({"ResourceLimitExceeded"}),
        "A service quota of this account is used up: raise it under Service Quotas.",
    ),
)
_UNREACHABLE = frozenset({"ConnectTimeoutError", "EndpointConnectionError", "ReadTimeoutError"})
_UNREACHABLE_HINT = (
    "The function's subnets do not reach the service: look at the interface endpoint, its private DNS, "
    "and port 443 between the functions' security group and the endpoints' group."
)


class FunctionError(Exception):
    """A function could not do its work; the message is for a platform engineer."""


class RequestError(FunctionError):
    """The event breaks its contract; every fault is listed at once."""


class OutOfTime(FunctionError):
    """AWS is still busy when the function's time ends; calling again continues."""


def code_of(error: ClientError) -> str:
    """AWS's error code, for example `ValidationException`."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def text_of(error: ClientError) -> str:
    """AWS's error message, or an empty text."""
    return str(error.response.get("Error", {}).get("Message", ""))


def is_missing(error: ClientError) -> bool:
    """Whether the thing asked for does not exist.

    SageMaker has no code of its own for models, endpoints and endpoint configurations: it answers
    `ValidationException` with "Could not find ..." in the message.
    """
    code, text = code_of(error), text_of(error).lower()
    absent = "could not find" in text or "does not exist" in text
    return code in MISSING_CODES or (code == "ValidationException" and absent)


def explain(error: ClientError | BotoCoreError) -> str:
    """One line: which call failed, what AWS said, and where to look."""
    if isinstance(error, ClientError):
        code = code_of(error)
        hint = next((text for codes, text in _HINTS if code in codes), "")
        return f"{error.operation_name}: {code}: {text_of(error)} {hint}".strip()
    hint = _UNREACHABLE_HINT if type(error).__name__ in _UNREACHABLE else ""
    return f"{type(error).__name__}: {error} {hint}".strip()
