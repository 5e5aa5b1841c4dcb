"""Rules that write events to a log group, which needs a resource policy; and rules that also hear of reading calls.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions,
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from typing import Any

from ministack.core.arn import parse_arn
from ministack.services import cloudwatch_logs, eventbridge

from sagekeep.local import delegates

log = logging.getLogger("sagekeep.deliveries")

WITH_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
_EVENTS = "events.amazonaws.com"


def apply() -> None:
    """Dispatch by the rule's state, and take log groups as targets."""
    plain_invoke = eventbridge._invoke_target

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        if parse_arn(target["Arn"]).service == "logs":
            seen = view or eventbridge._pattern_event_view(event)
            _write(target["Arn"].removesuffix(":*"), rule["Arn"], json.dumps(seen.event_with_detail(), default=str))
        else:
            plain_invoke(target, event, rule, view)

    eventbridge._invoke_target = invoke
    eventbridge._dispatch_event = _dispatch


def _dispatch(event: dict[str, Any], view: Any = None) -> None:
    """As ministack's, but for the states that hear of an event."""
    path = set(event.get("_DispatchPath") or [])
    view = view or eventbridge._pattern_event_view(event)
    states = (WITH_READS,) if _is_read(view) else ("ENABLED", WITH_READS)
    for key, rule in list(eventbridge._rules.items()):
        same_bus = rule.get("EventBusName", "default") == event.get("EventBusName", "default")
        if key in path or not same_bus or rule.get("State") not in states or not rule.get("EventPattern"):
            continue
        if eventbridge._matches_pattern_view(rule["EventPattern"], view, f"rule {key}"):
            for target in eventbridge._targets.get(key, []):
                eventbridge._invoke_target(target, event, rule, view)


def _is_read(view: Any) -> bool:
    """Whether the event is of CloudTrail, about a call whose name says that it reads."""
    event = view.event_with_detail()
    detail = event.get("detail")
    name = str(detail.get("eventName", "")) if isinstance(detail, dict) else ""
    return "via CloudTrail" in str(event.get("detail-type")) and name.startswith(("Describe", "Get", "List"))


def _write(group_arn: str, rule_arn: str, message: str) -> None:
    group = group_arn.partition(":log-group:")[2]
    stream = str(uuid.uuid4())
    resource = f"{group_arn}:log-stream:{stream}"
    source = {"aws:SourceArn": rule_arn}
    policy = account_policy()
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        if not delegates.policy_allows(policy, _EVENTS, action, resource, source):
            log.warning("event of %s did not reach %s: no resource policy allows %s", rule_arn, group, action)
            return
    event = {"timestamp": int(time.time() * 1000), "message": message}
    cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": stream})
    cloudwatch_logs._put_log_events({"logGroupName": group, "logStreamName": stream, "logEvents": [event]})


def account_policy() -> dict[str, Any]:
    """All resource policies of CloudWatch Logs as one: it has them by account, not by group."""
    documents = [json.loads(policy["policyDocument"]) for policy in cloudwatch_logs._resource_policies.values()]
    found = [document["Statement"] for document in documents]
    return {"Statement": [one for given in found for one in (given if isinstance(given, list) else [given])]}
