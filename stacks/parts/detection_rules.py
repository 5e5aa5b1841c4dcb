"""Event patterns and messages of detection, from the table of what is watched.

Patterns: EventBridge user guide, comparison operators; at most 2,048 characters (EventBridge quotas). Only AWS puts
events whose source begins with `aws.` on a bus, so nobody can feign one, nor hide behind feigned ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.alert_rules import AlertRule
from stacks.parts.detection_table import ABSENT, API_CALL, SIGN_IN, Detail, Ours, Watch, buckets, keys

# Reading calls reach a rule only in this state (EventBridge user guide, read-only management events).
WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
# How services say that a call was denied.
DENIED = (
    {"prefix": "AccessDenied"},  # AccessDenied, AccessDeniedException
    {"prefix": "AuthorizationError"},  # SNS
    {"suffix": "UnauthorizedOperation"},  # EC2: Client.UnauthorizedOperation
)


def change(ours: Ours, watch: Watch) -> AlertRule:
    """Somebody changed something; attempts that failed changed nothing, and are counted as denied calls."""
    detail: Detail = {
        "eventSource": [f"{service}.amazonaws.com" for service in watch.services],
        "eventName": list(watch.calls),
        "errorCode": ABSENT,
    }
    if not (watch.everyone or ours.settings.detection.include_deployments):
        detail = _merged(detail, outsiders(ours.settings))
    return AlertRule(
        name=names.name(ours.settings, f"security-{watch.name}"),
        description=f"{watch.says}{f' (CIS {watch.cis})' if watch.cis else ''}",
        pattern=_pattern(_narrowed(detail, watch.on(ours)), API_CALL),
        says=_says(ours.settings, watch.says),
        reads=_READS | {"request": "$.detail.requestParameters"},
    )


def root_use(ours: Ours) -> AlertRule:
    """The root user did anything at all; what AWS's services do in its name does not count (CIS 5.3)."""
    text = "The root user of the account was used"
    return AlertRule(
        name=names.name(ours.settings, "security-root-use"),
        description=f"{text} (CIS 5.3)",
        pattern=_pattern({"userIdentity": {"type": ["Root"], "invokedBy": ABSENT}}, API_CALL, *SIGN_IN),
        says=_says(ours.settings, text),
        reads=_READS,
        state=WITH_READS,
    )


def denied_call(ours: Ours) -> AlertRule:
    """A call that was denied to one of our roles, or to anybody about our keys and buckets. It goes to a log group."""
    role = {"sessionContext": {"sessionIssuer": {"userName": [{"prefix": ours.prefix}]}}}
    alternatives = [{"userIdentity": role}, *keys(ours), *buckets(ours)]
    return AlertRule(
        name=names.name(ours.settings, "security-denied-calls"),
        description="Calls that were denied to the environment's roles, or about its keys and buckets (CIS 5.1)",
        pattern=_pattern(_narrowed({"errorCode": list(DENIED)}, alternatives), API_CALL),
        says={},
        reads={},
        state=WITH_READS,
    )


def outsiders(s: Settings) -> Detail:
    """Anybody but those who deploy, and the roles that only AWS's own services can take."""
    services = f"arn:{s.partition}:iam::{s.account_id}:role/aws-service-role/*"
    roles = sorted({services, *(arn for arn in s.deploy.roles if ":role/" in arn)})
    users = sorted(arn for arn in s.deploy.roles if ":user/" in arn)
    identity: Detail = {"sessionContext": {"sessionIssuer": {"arn": _none_of(roles)}}}
    return {"userIdentity": identity | ({"arn": _none_of(users)} if users else {})}


def _none_of(arns: Sequence[str]) -> list[Any]:
    """Root and users have no session, services no ARN: without the second alternative they would never match."""
    return [{"anything-but": {"wildcard": list(arns)}}, *ABSENT]


def _narrowed(detail: Detail, alternatives: Sequence[Detail]) -> Detail:
    if len(alternatives) > 1:
        return {**detail, "$or": list(alternatives)}
    return _merged(detail, *alternatives)


def _merged(first: Detail, *others: Detail) -> Detail:
    """One pattern that asks what all of them ask."""
    result = dict(first)
    for other in others:
        for key, value in other.items():
            both = key in result and isinstance(value, dict)
            result[key] = _merged(result[key], value) if both else value
    return result


def _pattern(detail: Detail, *kinds: str) -> dict[str, Any]:
    return {"source": [{"prefix": "aws."}], "detail-type": list(kinds), "detail": detail}


# Members that every event of CloudTrail has (CloudTrail user guide, record contents); who it was differs in shape.
_READS = {
    "call": "$.detail.eventName",
    "service": "$.detail.eventSource",
    "who": "$.detail.userIdentity",
    "from": "$.detail.sourceIPAddress",
    "event": "$.detail.eventID",
    "time": "$.detail.eventTime",
}


def _says(s: Settings, alert: str) -> dict[str, str]:
    return {"alert": alert, "environment": s.environment, "account": s.account_id, "region": s.region}
