"""Policies of the topic that hears of failed runs and of the queue that keeps what could not be delivered."""

from __future__ import annotations

from policies.statement import ANYONE, Statement, allow, deny, service, when
from sagekeep import names
from sagekeep.settings import Settings


def topic(s: Settings) -> list[Statement]:
    """EventBridge and the alarm publish; nobody else without TLS or from another account (control E2)."""
    arn = names.topic_arn(s)
    return [
        # A condition on the source would stop EventBridge from delivering to an encrypted topic.
        allow("LetEventBridgePublish", ["sns:Publish"], on=[arn], to=service("events.amazonaws.com")),
        allow(
            "LetOurAlarmsPublish",
            ["sns:Publish"],
            on=[arn],
            to=service("cloudwatch.amazonaws.com"),
            only=[when("StringEquals", "aws:SourceAccount", s.account_id)],
        ),
        deny(
            "DenyPlainHttp",
            ["sns:Publish"],
            on=[arn],
            to=ANYONE,
            given=[when("Bool", "aws:SecureTransport", "false")],
        ),
    ]


def undelivered(s: Settings, rule_arn: str) -> list[Statement]:
    """The rule's dead letters, and nothing else (control E4)."""
    arn = names.arn(s, "sqs", names.name(s, "undelivered-alerts"))
    return [
        allow(
            "LetTheRuleKeepDeadLetters",
            ["sqs:SendMessage"],
            on=[arn],
            to=service("events.amazonaws.com"),
            only=[when("ArnEquals", "aws:SourceArn", rule_arn)],
        ),
        deny("DenyPlainHttp", ["sqs:*"], on=[arn], to=ANYONE, given=[when("Bool", "aws:SecureTransport", "false")]),
    ]
