"""What a thing that is brought must let through: the statements that its policy would have if we had made it.

They go into model.json, and `sagekeep estate check` compares them with the policy that the thing has. What its owner
decides is left to them: who administers a key, who else uses a topic or a bucket of logs. Ids that only Terraform or
AWS knows stand as `<vpc_id>`: the outputs of the stacks, by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from policies import alerts, buckets, functions, guardrails, jobs, keys, reviewed, roles, sign_in, studio
from policies.statement import Statement, allow
from sagekeep import names
from sagekeep.settings import Settings

KEYS: dict[str, Callable[[Settings], list[Statement]]] = {
    "data": keys.data_key,
    "logs": keys.logs_key,
    "studio": keys.studio_key,
    "state": keys.state_key,
}
SUBNETS, GROUP = "<subnet_ids>", "<jobs_security_group_id>"


@dataclass(frozen=True)
class Call:
    """Calls that the policy of a thing must not stop: what a statement allows, by `caller`, from inside the VPC or not.

    `caller` is the ARN of a role or user.
    """

    caller: str
    place: Literal["vpc", "outside"]
    statement: Statement

    def document(self) -> dict[str, Any]:
        """For model.json."""
        return {"caller": self.caller, "place": self.place, "statement": self.statement.as_json()}


@dataclass(frozen=True)
class Need:
    """What one thing must let through.

    Attributes:
        policy: statements that its own policy must amount to: a key's, a bucket's, a topic's, or a role's trust policy.
        permissions: what a role's policies must amount to.
        key: what the policy of a topic's key must amount to.
        calls: what its own policy must not stop.
    """

    policy: Sequence[Statement] = ()
    permissions: Sequence[Statement] = ()
    key: Sequence[Statement] = ()
    calls: Sequence[Call] = ()

    def document(self) -> dict[str, Any]:
        """For model.json."""
        return {
            "policy": [statement.as_json() for statement in self.policy],
            "permissions": [statement.as_json() for statement in self.permissions],
            "key": [statement.as_json() for statement in self.key],
            "calls": [call.document() for call in self.calls],
        }


def required(s: Settings) -> dict[str, Need]:
    """What is needed of each key, bucket, topic and role that is brought, by its key in the settings."""
    e = s.existing
    found = {f"existing.keys.{purpose}": Need(_use(KEYS[purpose](s))) for purpose in e.keys}
    if e.data_bucket:
        found["existing.data_bucket"] = Need(_data_policy(s), calls=tuple(_data_calls(s)))
    if e.access_log_bucket and not e.data_bucket:
        logs = names.bucket_arn(s, "access-logs")
        found["existing.access_log_bucket"] = Need([buckets.log_delivery(s, logs, [names.bucket_arn(s, "data")])])
    if e.state_bucket:
        found["existing.state_bucket"] = Need(calls=tuple(_state_calls(s)))
    if e.topic:
        found["existing.topic"] = Need(_allows(alerts.topic(s)), key=[keys.publish(s)], calls=tuple(_topic_calls(s)))
    return found | {f"existing.roles.{purpose}": role(s, purpose) for purpose in e.roles}


def key_arn(s: Settings, purpose: str) -> str:
    """ARN of a key, where it is known before Terraform runs."""
    reference = names.brought_key(s, purpose)
    return reference.id if reference and reference.id else f"<{purpose}_key_arn>"


def role(s: Settings, purpose: str) -> Need:
    """Trust and permissions of a role."""
    place = jobs.Placement((SUBNETS,), (GROUP,), key_arn(s, "data"))
    around = studio.Studio(place, key_arn(s, "studio"), "<vpc_id>")
    sagemaker = roles.trust(s, "sagemaker.amazonaws.com")
    match purpose:
        case "job":
            return Need(sagemaker, jobs.job_role(s, place.key_arn))
        case "pipeline":
            return Need(sagemaker, jobs.pipeline_role(s, place))
        case "studio":
            denies = [
                *guardrails.guardrails(s, place),
                *sign_in.only_from_known_places(s, around.vpc_id),
                *reviewed.only_what_is_reviewed(),
            ]
            return Need(sagemaker, [*studio.whole_role(s, around), *denies])
        case "flow-logs":
            return Need(roles.trust(s, "vpc-flow-logs.amazonaws.com"), roles.flow_logs(s))
    return Need(roles.trust(s, "lambda.amazonaws.com"), _function(s, purpose))


def _function(s: Settings, purpose: str) -> list[Statement]:
    own = {
        "pipeline-manager": lambda: functions.pipeline_manager(s),
        "pipeline-reader": lambda: functions.pipeline_reader(s),
        "data-seed": lambda: functions.data_seed(s, key_arn(s, "data")),
        "job-sweeper": lambda: functions.job_sweeper(s, "<vpc_id>"),
        "studio-sweeper": lambda: functions.studio_sweeper(s, "<vpc_id>"),
    }[purpose]()
    attach = [] if purpose.endswith("-sweeper") else functions.attach_to_vpc(s, purpose)
    return [*functions.run(s, purpose, key_arn(s, "logs")), *attach, *own]


def _allows(statements: Sequence[Statement]) -> list[Statement]:
    return [statement for statement in statements if statement.effect == "Allow"]


def _use(statements: Sequence[Statement]) -> list[Statement]:
    """Use of a key. Its administration is its owner's, and so are denies that would hold for others' use as well."""
    return [statement for statement in _allows(statements) if statement.sid != keys.ADMINISTER]


def _data_policy(s: Settings) -> list[Statement]:
    """All that our own bucket's policy denies; with `[network] sealed = false` that is its owner's business."""
    if not s.network.sealed:
        return []
    arn = names.bucket_arn(s, "data")
    return [
        *buckets.closed(s, arn),
        *buckets.our_key_only(arn, key_arn(s, "data")),
        *buckets.perimeter(arn, buckets.perimeter_of(s, "<vpc_id>")),
        *buckets.users_places(s, arn),
    ]


def _data_calls(s: Settings) -> Iterator[Call]:
    permissions = {purpose: role(s, purpose).permissions for purpose in ("job", "pipeline", "studio", "data-seed")}
    for user, purpose in zip(s.studio.users, names.user_roles(s), strict=False):
        permissions[purpose] = _user(s, user)
    for purpose, statements in permissions.items():
        # Pipelines reads property files with the pipeline role from outside the VPC (SageMaker developer guide).
        place: Literal["vpc", "outside"] = "outside" if purpose == "pipeline" else "vpc"
        for statement in statements:
            if statement.effect == "Allow" and all(action.startswith("s3:") for action in statement.actions):
                yield Call(names.role_arn(s, purpose), place, statement)
    arn = names.bucket_arn(s, "data")
    objects = ["s3:DeleteObject", "s3:GetObject", "s3:GetObjectTagging", "s3:PutObject"]
    for caller in s.deploy.roles:
        yield Call(caller, "outside", allow("KeepJobsCode", objects, on=[f"{arn}/code/*"]))
    for caller in s.deploy.plan_roles:
        yield Call(caller, "outside", allow("ReadJobsCode", ["s3:GetObject"], on=[f"{arn}/code/*"]))
    for caller in s.deploy.data_writers:
        yield Call(caller, "outside", allow("LookForData", ["s3:ListBucket"], on=[arn]))
        yield Call(caller, "outside", allow("PutDataUnderRaw", ["s3:PutObject"], on=[f"{arn}/raw/*"]))


def _user(s: Settings, user: str) -> Sequence[Statement]:
    """What the role of a single user may do."""
    around = studio.Studio(jobs.Placement((SUBNETS,), (GROUP,), key_arn(s, "data")), key_arn(s, "studio"), "<vpc_id>")
    return studio.whole_role(s, around, studio.Owner("<domain_id>", user))


def _state_calls(s: Settings) -> Iterator[Call]:
    """What Terraform's S3 backend asks (its documentation, permissions required)."""
    arn = names.bucket_arn(s, "state")
    states = f"{arn}/{names.state_key(s, '*')}"
    see = allow("FindStates", ["s3:ListBucket"], on=[arn])
    lock = allow("LockStates", ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"], on=[f"{states}.tflock"])
    for caller in (*s.deploy.roles, *s.deploy.plan_roles):
        yield from (Call(caller, "outside", statement) for statement in (see, lock))
        yield Call(caller, "outside", allow("ReadStates", ["s3:GetObject"], on=[states]))
    for caller in s.deploy.roles:
        yield Call(caller, "outside", allow("WriteStates", ["s3:PutObject"], on=[states]))


def _topic_calls(s: Settings) -> Iterator[Call]:
    if s.alerts.emails or s.alerts.queue:
        for caller in s.deploy.roles:
            yield Call(caller, "outside", allow("SubscribeToAlerts", ["sns:Subscribe"], on=[names.topic_arn(s)]))
