"""What the gateway knows of the request in hand, for checks deep inside ministack."""

from __future__ import annotations

import contextvars
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sagekeep.local.network import Endpoint


@dataclass(frozen=True)
class Denial:
    """Why a request was refused, in AWS's words."""

    principal: str
    action: str
    resource: str
    reason: str

    @property
    def message(self) -> str:
        """As AWS says it: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html."""
        return (
            f"User: {self.principal} is not authorized to perform: {self.action} "
            f"on resource: {self.resource} {self.reason}"
        )


@dataclass
class Request:
    """One request: the endpoint it came through (None: the internet), its headers in lower case, its verdict.

    `action` and `resource` are what IAM was asked first, before any further permission. `several`: whoever serves the
    request asks more than once, and says himself when all was allowed.
    """

    endpoint: Endpoint | None = None
    method: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    query: Mapping[str, Any] = field(default_factory=dict)
    action: str = ""
    resource: str = ""
    denial: Denial | None = None
    several: bool = False


_current: contextvars.ContextVar[Request] = contextvars.ContextVar("sagekeep_request")


def current() -> Request:
    """The request in hand; an empty one in work that no request started."""
    return _current.get(Request())


def begin(request: Request) -> None:
    """Make `request` the one in hand for this task."""
    _current.set(request)
