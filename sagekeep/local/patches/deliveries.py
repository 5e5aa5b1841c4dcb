"""Deliveries between services: EventBridge and SNS need the target's policy, and its key's when it is encrypted.

What EventBridge cannot deliver goes to the target's dead-letter queue, if that queue's policy lets it.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html,
https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
"""

from __future__ import annotations

import json
import logging
from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.core.arn import parse_arn
from ministack.core.responses import get_account_id
from ministack.services import eventbridge, sns, sqs

from sagekeep.local import delegates

log = logging.getLogger("sagekeep.deliveries")

_EVENTS = "events.amazonaws.com"
_SNS = "sns.amazonaws.com"


def apply() -> None:
    """Ask before EventBridge invokes a target and before SNS writes to a queue."""
    plain_invoke, plain_deliver = eventbridge._invoke_target, sns._deliver_to_sqs

    def invoke(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        reason = _event_blocked(target["Arn"], rule["Arn"])
        if reason is None:
            plain_invoke(target, event, rule, view)
            return
        log.warning("event of %s did not reach %s: %s", rule["Arn"], target["Arn"], reason)
        _dead_letter(target, event, rule, reason)

    def deliver(endpoint: str, *rest: Any, **options: Any) -> None:
        # A service sends over TLS, also when no request of a client's has made it send.
        evaluator.pin_request_origin("127.0.0.1", True)  # noqa: FBT003 - ministack's signature
        queue = sqs._queue_by_arn(endpoint)
        key = queue and queue["attributes"].get("KmsMasterKeyId")
        keys = {"aws:SourceAccount": get_account_id(), "aws:SourceArn": options.get("topic_arn", "")}
        if key and not delegates.service_may_encrypt(_SNS, key, keys):
            log.warning("message of %s did not reach %s: key %s", options.get("topic_arn"), endpoint, key)
            return
        plain_deliver(endpoint, *rest, **options)

    eventbridge._invoke_target = invoke
    sns._deliver_to_sqs = deliver


def _event_blocked(target_arn: str, rule_arn: str) -> str | None:
    spec = parse_arn(target_arn)
    source = {"aws:SourceAccount": get_account_id(), "aws:SourceArn": rule_arn}
    if spec.service == "sns":
        topic = sns._topic_by_arn_any_scope(target_arn)
        return _blocked(topic, "sns:Publish", target_arn, source)
    if spec.service == "sqs":
        return _blocked(sqs._queue_by_arn(target_arn), "sqs:SendMessage", target_arn, source)
    return None


def _blocked(record: dict[str, Any] | None, action: str, arn: str, source: dict[str, Any]) -> str | None:
    if record is None:
        return "it does not exist"
    attributes = record["attributes"]
    key = attributes.get("KmsMasterKeyId")
    # To an encrypted target EventBridge sends none of the keys that name the source.
    keys = {} if key else source
    if not delegates.policy_allows(attributes.get("Policy") or "{}", _EVENTS, action, arn, keys):
        return f"its policy does not let {_EVENTS} {action}"
    if key and not delegates.service_may_encrypt(_EVENTS, key, {"kms:EncryptionContext:aws:sns:topicArn": arn}):
        return f"key {key} does not let {_EVENTS} encrypt"
    return None


def _dead_letter(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], reason: str) -> None:
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue_arn:
        return
    blocked = _event_blocked(queue_arn, rule["Arn"])
    if blocked:
        log.warning("nor its dead-letter queue %s: %s", queue_arn, blocked)
        return
    body = json.dumps({name: value for name, value in event.items() if not name.startswith("_")}, default=str)
    eventbridge._dispatch_to_sqs(parse_arn(queue_arn), body)
    attributes = {
        "ERROR_CODE": "NO_PERMISSIONS",
        "ERROR_MESSAGE": reason,
        "RULE_ARN": rule["Arn"],
        "TARGET_ARN": target["Arn"],
    }
    message = sqs._queue_by_arn(queue_arn)["messages"][-1]
    message["message_attributes"] = {
        name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()
    }
