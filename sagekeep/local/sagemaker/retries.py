"""Retry policies of steps (developer guide, "Retry Policy for Pipeline Steps")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sagekeep.local.sagemaker.errors import AwsError

SERVICE_FAULT, THROTTLING = "Step.SERVICE_FAULT", "Step.THROTTLING"
INTERNAL_ERROR, CAPACITY_ERROR = "SageMaker.JOB_INTERNAL_ERROR", "SageMaker.CAPACITY_ERROR"
RESOURCE_LIMIT = "SageMaker.RESOURCE_LIMIT"
EXCEPTIONS = (SERVICE_FAULT, THROTTLING, INTERNAL_ERROR, CAPACITY_ERROR, RESOURCE_LIMIT)
# Least and most value of a member.
_LIMITS: dict[str, tuple[float, float]] = {
    "IntervalSeconds": (1, 43_200),
    "BackoffRate": (1, 1_000),
    "MaxAttempts": (0, 20),
    "ExpireAfterMin": (0, 14_400),
}
_DEFAULTS = {"IntervalSeconds": 1, "BackoffRate": 2.0, "MaxAttempts": 5}
# "Pipelines retries on this type of error automatically": the guide, of the two faults of a call.
_AUTOMATIC: dict[str, Any] = {"ExceptionType": [SERVICE_FAULT, THROTTLING]}

_THROTTLES = ("Throttling", "TooManyRequests", "RequestLimitExceeded")
# How the FailureReason of a job begins (API reference, DescribeTrainingJob).
_REASONS = {
    "InternalServerError": INTERNAL_ERROR,
    "CapacityError": CAPACITY_ERROR,
    "ResourceLimitExceeded": RESOURCE_LIMIT,
}


def retry_faults(step: Mapping[str, Any]) -> list[str]:
    """What is wrong with a step's `RetryPolicies`, one sentence each."""
    policies = step.get("RetryPolicies", [])
    if not isinstance(policies, list) or not all(isinstance(policy, dict) for policy in policies):
        return ["RetryPolicies must be a list of objects"]
    return [fault for policy in policies for fault in _policy_faults(policy)]


def _policy_faults(policy: Mapping[str, Any]) -> list[str]:
    faults = [f"Unknown member '{key}' of a retry policy" for key in sorted(set(policy) - {"ExceptionType", *_LIMITS})]
    kinds = _kinds(policy)
    unknown = [kind for kind in kinds if kind not in EXCEPTIONS]
    if unknown or not kinds:
        faults.append(f"ExceptionType of a retry policy must be of {', '.join(EXCEPTIONS)}, got {unknown or kinds!r}")
    for member, (least, most) in _LIMITS.items():
        value = policy.get(member, least)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not least <= value <= most:
            faults.append(f"{member} of a retry policy must be a number from {least} to {most}, got {value!r}")
    if {"MaxAttempts", "ExpireAfterMin"} <= set(policy):
        faults.append("A retry policy has MaxAttempts or ExpireAfterMin, not both")
    return faults


def _kinds(policy: Mapping[str, Any]) -> list[Any]:
    # The guide has a list, the published schema one text.
    kinds = policy.get("ExceptionType")
    return kinds if isinstance(kinds, list) else [] if kinds is None else [kinds]


def exception_of_call(error: AwsError) -> str:
    """The exception type of a refused call; "" for one that no policy retries."""
    if error.code.startswith(_THROTTLES):
        return THROTTLING
    if error.code == "ResourceLimitExceeded":
        return RESOURCE_LIMIT
    return SERVICE_FAULT if error.status >= 500 and error.status != 501 else ""


def exception_of_job(reason: str) -> str:
    """The exception type of a job that failed for this reason; "" for one that no policy retries."""
    return next((kind for start, kind in _REASONS.items() if reason.startswith(start)), "")


@dataclass
class Retries:
    """The retries of one step: how often each policy was used; times are seconds of the epoch."""

    policies: list[Mapping[str, Any]]
    started: float
    used: dict[int, int] = field(default_factory=dict)

    @classmethod
    def of(cls, step: Mapping[str, Any], now: float) -> Retries:
        """The policies of a step that starts now; the first that names an exception rules it."""
        return cls([*step.get("RetryPolicies", []), _AUTOMATIC], now)

    @property
    def attempts(self) -> int:
        """How often the step was tried: AttemptCount."""
        return 1 + sum(self.used.values())

    def due(self, exception: str, now: float) -> float | None:
        """When to try again after this exception, and count it; None when no policy has a try left."""
        for index, policy in enumerate(self.policies):
            if exception in _kinds(policy):
                used = self.used.get(index, 0)
                wait = _member(policy, "IntervalSeconds") * _member(policy, "BackoffRate") ** used
                if _is_spent(policy, used, now - self.started):
                    return None
                self.used[index] = used + 1
                return float(now + wait)
        return None


def _member(policy: Mapping[str, Any], name: str) -> float:
    return float(policy.get(name, _DEFAULTS[name]))


def _is_spent(policy: Mapping[str, Any], used: int, age: float) -> bool:
    if "ExpireAfterMin" in policy:
        return age >= float(policy["ExpireAfterMin"]) * 60
    return used >= _member(policy, "MaxAttempts")
