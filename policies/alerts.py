"""Policies of the topic that hears of failed runs, of its queue, and of the queue of what could not be delivered."""

from __future__ import annotations

from collections.abc import Sequence

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


def queue(s: Settings) -> list[Statement]:
    """What the topic sends, and nothing else, whatever an identity's own policy says (control E4)."""
    arn, topic_arn = names.arn(s, "sqs", names.name(s, "pipeline-alerts")), names.topic_arn(s)
    return [
        allow(
            "LetTheTopicDeliver",
            ["sqs:SendMessage"],
            on=[arn],
            to=service("sns.amazonaws.com"),
            only=[when("ArnEquals", "aws:SourceArn", topic_arn)],
        ),
        deny(
            "DenyOtherSenders",
            ["sqs:SendMessage"],
            on=[arn],
            to=ANYONE,
            given=[when("ArnNotEqualsIfExists", "aws:SourceArn", topic_arn)],
        ),
        _tls_only(arn),
    ]


def undelivered(s: Settings, rule_arns: Sequence[str]) -> list[Statement]:
    """Dead letters of the rules, and nothing else (control E4)."""
    arn = names.arn(s, "sqs", names.name(s, "undelivered-alerts"))
    return [
        allow(
            "LetTheRulesKeepDeadLetters",
            ["sqs:SendMessage"],
            on=[arn],
            to=service("events.amazonaws.com"),
            only=[when("ArnEquals", "aws:SourceArn", rule_arns)],
        ),
        _tls_only(arn),
    ]


def _tls_only(queue_arn: str) -> Statement:
    return deny(
        "DenyPlainHttp", ["sqs:*"], on=[queue_arn], to=ANYONE, given=[when("Bool", "aws:SecureTransport", "false")]
    )
