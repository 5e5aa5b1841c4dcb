"""Policies of the topics that people hear from, of their queue, and of the queues of what could not be delivered."""

from __future__ import annotations

from collections.abc import Sequence

from policies.perimeter import our_account_only, services_for_us_only, tls_only
from policies.statement import ANYONE, Statement, allow, deny, service, when
from sagekeep import names
from sagekeep.settings import Settings

# All that a topic's policy may name; it refuses `sns:*` (SNS developer guide, API permissions reference).
TOPIC_ACTIONS = (
    "sns:AddPermission",
    "sns:DeleteTopic",
    "sns:GetTopicAttributes",
    "sns:ListSubscriptionsByTopic",
    "sns:Publish",
    "sns:RemovePermission",
    "sns:SetTopicAttributes",
    "sns:Subscribe",
)
E_MAIL = ("email", "email-json")


def topic(s: Settings, arn: str = "", emails: Sequence[str] | None = None) -> list[Statement]:
    """EventBridge and the alarm publish; nobody else without TLS or from another account (controls E2, E3).

    `arn`: of the topic, by default the one that hears of failed runs; `emails`: who is subscribed, by default the
    addresses of `[alerts]`.
    """
    arn = arn or names.topic_arn(s)
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
        tls_only(TOPIC_ACTIONS, [arn]),
        our_account_only(s, TOPIC_ACTIONS, [arn]),
        services_for_us_only(s, TOPIC_ACTIONS, [arn]),
        *_subscriptions(s, arn, s.alerts.emails if emails is None else emails),
    ]


def _subscriptions(s: Settings, arn: str, emails: Sequence[str]) -> list[Statement]:
    """Deny subscriptions that lead elsewhere than to queues of ours and mailboxes of our domains (control E3)."""
    domains = {domain.lower() for domain in s.alerts.email_domains} | {email.rpartition("@")[2] for email in emails}
    mailboxes = [when("StringNotLike", "sns:Endpoint", [f"*@{domain}" for domain in sorted(domains)])]
    protocol = "sns:Protocol"
    rows = (
        ("DenyMailToOtherDomains", [when("StringEquals", protocol, E_MAIL), *(mailboxes if domains else [])]),
        (
            "DenyQueuesOfOtherAccounts",
            [when("StringEquals", protocol, "sqs"), when("StringNotLike", "sns:Endpoint", names.arn(s, "sqs", "*"))],
        ),
        ("DenyOtherKindsOfSubscriptions", [when("StringNotEquals", protocol, [*E_MAIL, "sqs"])]),
    )
    return [deny(sid, ["sns:Subscribe"], on=[arn], to=ANYONE, given=given) for sid, given in rows]


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
        *_closed_queue(s, arn),
    ]


def undelivered(s: Settings, rule_arns: Sequence[str], purpose: str = "undelivered-alerts") -> list[Statement]:
    """Dead letters of the rules, and nothing else (control E4); `purpose` names the queue."""
    arn = names.arn(s, "sqs", names.name(s, purpose))
    return [
        allow(
            "LetTheRulesKeepDeadLetters",
            ["sqs:SendMessage"],
            on=[arn],
            to=service("events.amazonaws.com"),
            only=[when("ArnEquals", "aws:SourceArn", rule_arns)],
        ),
        *_closed_queue(s, arn),
    ]


def _closed_queue(s: Settings, arn: str) -> list[Statement]:
    """TLS, our account, and services on behalf of it only."""
    return [make(s, ["sqs:*"], [arn]) for make in (our_account_only, services_for_us_only)] + [
        tls_only(["sqs:*"], [arn])
    ]
