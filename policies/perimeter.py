"""What every resource policy says alike: nobody from another account, nothing without TLS.

The conditions are those of AWS's data perimeter policy examples (github.com/aws-samples/data-perimeter-policy-examples,
resource_control_policies/identity_perimeter_rcp.json): an AWS service that calls as itself is known by
aws:PrincipalIsAWSService, whether or not it has an account.
"""

from __future__ import annotations

from collections.abc import Sequence

from policies.statement import ANYONE, Condition, Statement, deny, when
from sagekeep.settings import Settings

NO_SERVICE = when("BoolIfExists", "aws:PrincipalIsAWSService", "false")


def strangers(s: Settings) -> list[Condition]:
    """Conditions that hold for anonymous callers and those of other accounts; AWS's own services are let through."""
    return [when("StringNotEqualsIfExists", "aws:PrincipalAccount", s.account_id), NO_SERVICE]


def our_account_only(s: Settings, actions: Sequence[str], on: Sequence[str]) -> Statement:
    """Deny every other account (controls E2, E4, K2); of keys, topics and queues, which no anonymous caller may use.

    AWS's services are exempt, whether or not they have an account: aws:PrincipalAccount is "in the request context for
    all requests" (IAM user guide, global condition keys), elsewhere it is said to be of principals only. A denial of a
    service would be silent: alerts would vanish. `services_for_us_only` is about services.
    """
    other = [
        when("StringNotEquals", "aws:PrincipalAccount", s.account_id),
        when("Null", "aws:PrincipalAccount", "false"),
        NO_SERVICE,
    ]
    return deny("DenyOtherAccounts", actions, on=on, to=ANYONE, given=other)


def services_for_us_only(s: Settings, actions: Sequence[str], on: Sequence[str]) -> Statement:
    """Deny AWS services that say they act for another account: the confused deputy.

    A service that names no account is let through: EventBridge names none when it publishes to an encrypted topic (SNS
    developer guide, key management).
    """
    return deny(
        "DenyServicesThatActForOthers",
        actions,
        on=on,
        to=ANYONE,
        given=[
            when("Bool", "aws:PrincipalIsAWSService", "true"),
            when("StringNotEquals", "aws:SourceAccount", s.account_id),
            when("Null", "aws:SourceAccount", "false"),
        ],
    )


def tls_only(actions: Sequence[str], on: Sequence[str]) -> Statement:
    """Deny whatever does not come over TLS (controls S2, E2, E4)."""
    return deny("DenyPlainHttp", actions, on=on, to=ANYONE, given=[when("Bool", "aws:SecureTransport", "false")])
