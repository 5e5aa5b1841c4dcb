"""Errors of the control plane, as AWS words them on the wire.

AwsError          code, message, HTTP status; what a client sees as ClientError
"""

from __future__ import annotations

from sagekeep.errors import ToolkitError


class AwsError(ToolkitError):
    """A refusal that the client sees: `code` as in the error's `__type`, `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def invalid(message: str) -> AwsError:
    """A request that breaks a rule (ValidationException)."""
    return AwsError("ValidationException", message)


def not_found(message: str) -> AwsError:
    """A thing that does not exist, for the operations that model this error (ResourceNotFound)."""
    return AwsError("ResourceNotFound", message)


def in_use(message: str) -> AwsError:
    """A name that is taken, or a thing that others hang on (ResourceInUse)."""
    return AwsError("ResourceInUse", message)


def conflict(message: str) -> AwsError:
    """A change that another one in progress excludes (ConflictException)."""
    return AwsError("ConflictException", message)


def limit_exceeded(quota: str, limit: int) -> AwsError:
    """One more than the account's quota allows (ResourceLimitExceeded), in the words AWS uses for all quotas."""
    return AwsError(
        "ResourceLimitExceeded",
        f"The account-level service limit '{quota}' is {limit}, with current utilization of {limit} and a request "
        f"delta of 1. Please use AWS Service Quotas to request an increase for this quota.",
    )


def not_modelled(what: str) -> AwsError:
    """An operation or parameter of AWS that this control plane does not have (501), so that nothing passes unseen."""
    return AwsError("NotImplemented", f"The embedded AWS does not model {what}.", 501)
