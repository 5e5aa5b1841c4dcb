"""What an environment claims for itself: names that AWS gives once, so that no two environments may share one.

Names of buckets are one partition's, of roles one account's, of the rest one account's and region's. What is brought
has the name that its owner gave it, and environments may share it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sagekeep import names
from sagekeep.settings import Settings

# Each begins the names of all versions of a configuration.
_LIFECYCLES = tuple(f"{purpose}-" for purpose in names.SDK_DEFAULTS.values())
# (what, service and kind as in ARNs, purposes) of what is called by `names.name` in one region.
_NAMED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    # One stands for all whose names begin so: rules of detection are the template's to name, and alarms follow rules.
    (
        "alarm",
        "cloudwatch:alarm",
        ("denied-calls", "pipeline-failed-not-delivered", "pipeline-step-failed-not-delivered", "security-"),
    ),
    ("function", "lambda:function", names.FUNCTIONS),
    ("key alias", "kms:alias", ("data", "logs", "studio", "state")),
    ("lifecycle configuration", "sagemaker:studio-lifecycle-config", _LIFECYCLES),
    ("log resource policy", "logs:resource-policy", ("denied-calls",)),
    ("queue", "sqs", ("pipeline-alerts", "undelivered-alerts", "undelivered-security-alerts")),
    ("rule", "events:rule", ("pipeline-failed", "pipeline-step-failed", "security-")),
    ("Studio domain", "sagemaker:domain", ("studio",)),
    ("topic", "sns", ("pipeline-alerts", "security-alerts")),
)
# SageMaker writes the logs of all jobs of an account and region to these (SageMaker developer guide, CloudWatch).
JOB_GROUPS = ("/aws/sagemaker/ProcessingJobs", "/aws/sagemaker/TrainingJobs")


@dataclass(frozen=True)
class Claim:
    """One name.

    Attributes:
        what: it names, such as `bucket`.
        name: as AWS has it.
        where: the scope that has it once: partition, account and region as far as they count.
        key: the setting to change where two environments claim it.
    """

    what: str
    name: str
    where: str
    key: str


def claims(s: Settings) -> Iterator[Claim]:
    """Everything that the environment claims."""
    account = f"{s.partition}:{s.account_id}"
    region = f"{account}:{s.region}"
    others = set(_not_made(s))
    for purpose in names.buckets(s):
        if ("bucket", purpose) not in others:
            yield Claim("bucket", names.bucket(s, purpose), s.partition, "prefix")
    for purpose in names.roles(s):
        if ("role", purpose) not in others:
            key = "studio.users" if purpose in names.user_roles(s) else "prefix"
            yield Claim("role", names.role(s, purpose).lower(), account, key)
    for what, kind, purposes in _NAMED:
        for purpose in purposes:
            if (what, purpose) not in others:
                yield Claim(what, names.name(s, purpose), f"{region}:{kind}", "prefix")
    for purpose, group in (("flow-logs", names.flow_log_group(s)), ("denied-calls", names.denied_calls_group(s))):
        if ("log group", purpose) not in others:
            yield Claim("log group", group, region, "prefix")
    yield Claim("pipeline and endpoint", s.pipeline.name, region, "pipeline.name")
    yield from _of_the_whole_region(s, region)


def _not_made(s: Settings) -> Iterator[tuple[str, str]]:
    """Kind and purpose of what is brought, and of what is not made because something else is."""
    e = s.existing
    buckets = {"data": e.data_bucket, "access-logs": e.access_log_bucket, "state": e.state_bucket}
    yield from (("bucket", purpose) for purpose, reference in buckets.items() if reference)
    yield from (("role", purpose) for purpose in e.roles)
    yield from (("key alias", purpose) for purpose in e.keys)
    if e.state_bucket:
        yield "key alias", "state"
    if e.topic:
        yield "topic", "pipeline-alerts"
    if e.domain:
        yield from (("Studio domain", "studio"), ("function", "studio-sweeper"), ("role", "studio-sweeper"))
        if not s.studio.users:
            yield from (("lifecycle configuration", purpose) for purpose in _LIFECYCLES)
    if e.vpc and not s.network.flow_logs:
        yield from (("role", "flow-logs"), ("log group", "flow-logs"))


def _of_the_whole_region(s: Settings, region: str) -> Iterator[Claim]:
    """What an account has once in a region, whatever it is called: one environment may own it."""
    if s.pipeline.job_log_groups == "own":
        yield from (Claim("log group", group, region, "pipeline.job_log_groups") for group in JOB_GROUPS)
    if s.network.block_public_access:
        yield Claim("setting", "VPC block public access", region, "network.block_public_access")
    if s.outputs.ssm_prefix:
        place = f"{s.outputs.ssm_prefix}/{s.environment}/"
        yield Claim("path of parameters", place, region, "outputs.ssm_prefix")


def shared(one: Settings, others: Sequence[Settings]) -> Iterator[tuple[Claim, Settings]]:
    """What an environment claims that another one claims too, and which."""
    own = {(claim.what, claim.where, claim.name): claim for claim in claims(one)}
    for other in others:
        for claim in claims(other):
            if found := own.get((claim.what, claim.where, claim.name)):
                yield found, other
