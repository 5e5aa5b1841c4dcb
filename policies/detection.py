"""Policy of the log group of denied calls. Topic and queue have those of the other alerts (policies/alerts.py)."""

from __future__ import annotations

from policies.statement import Statement, allow, service, when
from sagekeep import names
from sagekeep.settings import Settings


def denied_calls_group(s: Settings, rule_arn: str) -> list[Statement]:
    """Let one rule write (EventBridge user guide, resource-based policies: CloudWatch Logs permissions).

    An account has at most ten such policies in a region (CloudWatch Logs quotas).
    """
    arn = names.log_group_arn(s, names.denied_calls_group(s))
    events = service("delivery.logs.amazonaws.com", "events.amazonaws.com")
    return [
        allow("LetEventBridgeMakeStreams", ["logs:CreateLogStream"], on=[f"{arn}:*"], to=events),
        allow(
            "LetTheRuleWrite",
            ["logs:PutLogEvents"],
            on=[f"{arn}:*:*"],
            to=events,
            only=[when("ArnEquals", "aws:SourceArn", rule_arn)],
        ),
    ]
