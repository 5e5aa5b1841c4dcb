"""Step caching: which earlier job may stand in for one that would be made again.

https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-caching.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sagekeep.local.sagemaker.errors import not_modelled
from sagekeep.local.sagemaker.model import Params
from sagekeep.local.sagemaker.store import Record, State, Table

# The members of a request that must be equal; where the outputs go is not among them ("Default cache key attributes by
# pipeline step type"). URIs are compared, not what lies there.
KEYS: dict[str, tuple[str, ...]] = {
    "Processing": ("AppSpecification", "Environment", "ProcessingInputs"),
    "Training": (
        "AlgorithmSpecification", "CheckpointConfig", "DebugHookConfig", "DebugRuleConfigurations", "Environment",
        "HyperParameters", "InputDataConfig",
    ),
}  # fmt: skip
# ISO 8601, and the guide's own form without P and in small letters; a month counts 30 days, a year 365.
_DURATION = re.compile(
    r"P?(?=.)(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE
)
_UNITS = (365 * 86_400, 30 * 86_400, 7 * 86_400, 86_400, 3_600, 60, 1)


def seconds(duration: str) -> int | None:
    """The length of a duration such as P30D, PT1H or 30dT5h; None for text that is none."""
    found = _DURATION.fullmatch(duration)
    return sum(int(count or 0) * unit for count, unit in zip(found.groups(), _UNITS, strict=True)) if found else None


def cache_faults(step: Mapping[str, Any]) -> list[str]:
    """What is wrong with a step's `CacheConfig`, one sentence each."""
    config = step.get("CacheConfig", {})
    if not isinstance(config, dict):
        return ["CacheConfig must be an object"]
    faults = [f"Unknown member '{key}' of CacheConfig" for key in sorted(set(config) - {"Enabled", "ExpireAfter"})]
    if not isinstance(config.get("Enabled", False), bool):
        faults.append("Enabled of CacheConfig must be true or false")
    expiry = config.get("ExpireAfter", "P1D")
    if not isinstance(expiry, str) or seconds(expiry) is None:
        faults.append(f"ExpireAfter of CacheConfig must be an ISO 8601 duration such as P30D, got {expiry!r}")
    return faults


def refuse_other_caches(step: Mapping[str, Any]) -> None:
    """Raise AwsError (501) where caching is on for a step that is never taken from a cache here."""
    if step.get("CacheConfig", {}).get("Enabled") and step["Type"] not in KEYS:
        raise not_modelled(f"caching of {step['Type']} steps (step '{step['Name']}')")


def cached(
    state: State, table: Table, execution: Record, step: Mapping[str, Any], request: Params
) -> tuple[Record, str] | None:
    """The latest job of this step that succeeded in an earlier execution of the pipeline with an equal key, and
    that execution's ARN; None when there is none or it has expired."""
    config = step.get("CacheConfig", {})
    if not config.get("Enabled"):
        return None
    age = seconds(config["ExpireAfter"]) if "ExpireAfter" in config else None
    jobs = {record.arn: record for record in table}
    earlier = state.executions.where(PipelineArn=execution.data["PipelineArn"])
    for source in sorted(earlier, key=lambda record: record.serial, reverse=True):
        for done in source.data["Steps"]:
            job = jobs.get(_job_of(done)) if _is_source(done, step, state.now, age) else None
            if job and all((job.data.get(m) or None) == (request.get(m) or None) for m in KEYS[step["Type"]]):
                return job, source.arn
    return None


def _is_source(done: Params, step: Mapping[str, Any], now: float, age: float | None) -> bool:
    same = done["StepName"] == step["Name"] and done["Type"] == step["Type"] and done["StepStatus"] == "Succeeded"
    # A step that was itself taken from a cache does not make the job any younger.
    return same and "CacheHitResult" not in done and (age is None or now <= done["EndTime"] + age)


def _job_of(done: Params) -> str:
    return str(done["Metadata"][f"{done['Type']}Job"]["Arn"])
