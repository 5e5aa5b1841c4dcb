"""Faults that a test switches on: the next matching requests fail as if AWS had refused them."""

from __future__ import annotations

import fnmatch
import threading
from dataclasses import asdict, dataclass
from typing import Any

from sagekeep.errors import UsageError


@dataclass(frozen=True)
class Fault:
    """Requests whose IAM action and resource match answer `code` with HTTP `status`, `times` times (0: until cleared).

    `action` is an IAM action as policies name it, "sagemaker:CreatePipeline" or "lambda:Invoke*"; `resource` matches
    the ARN that IAM checks. Both take shell wildcards.
    """

    action: str
    code: str = "ThrottlingException"
    message: str = "Rate exceeded"
    status: int = 400
    times: int = 1
    resource: str = "*"

    def __post_init__(self) -> None:
        if ":" not in self.action:
            raise UsageError(f"a fault's action is service:Action, not {self.action!r}")
        if not 400 <= self.status <= 599:
            raise UsageError(f"a fault's status is an HTTP error from 400 to 599, not {self.status}")
        if self.times < 0:
            raise UsageError(f"a fault happens a number of times from 0 (until cleared), not {self.times}")

    def matches(self, action: str, resource: str) -> bool:
        """Whether a request is hit by this fault; actions compare without case, as IAM does."""
        return fnmatch.fnmatchcase(action.lower(), self.action.lower()) and fnmatch.fnmatchcase(resource, self.resource)


class Faults:
    """The faults of a running gateway, in the order they were injected."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._left: list[tuple[Fault, int]] = []
        self._hits: list[dict[str, Any]] = []

    def inject(self, fault: Fault) -> None:
        """Add a fault behind those that are already set."""
        with self._lock:
            self._left.append((fault, fault.times))

    def clear(self) -> None:
        """Forget all faults and their record."""
        with self._lock:
            self._left.clear()
            self._hits.clear()

    def take(self, action: str, resource: str) -> Fault | None:
        """The fault that hits this request; it counts down."""
        with self._lock:
            for place, (fault, left) in enumerate(self._left):
                if fault.matches(action, resource):
                    self._count_down(place, fault, left)
                    self._hits.append({"action": action, "resource": resource, "code": fault.code})
                    return fault
        return None

    def _count_down(self, place: int, fault: Fault, left: int) -> None:
        if left == 1:
            del self._left[place]
        elif left > 1:
            self._left[place] = (fault, left - 1)

    def report(self) -> dict[str, Any]:
        """{"waiting": faults with what is left of them, "hits": requests that were hit}."""
        with self._lock:
            waiting = [{**asdict(fault), "left": left} for fault, left in self._left]
            return {"waiting": waiting, "hits": list(self._hits)}
