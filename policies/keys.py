"""Policies of the customer-managed keys.

A key names the account root with `aws:PrincipalArn`, never a role as principal: KMS refuses principals that do not
exist yet. Administration is delegated to the account's IAM, use is not: who may decrypt stands in the key's own policy,
so an identity policy alone, however wide, never opens a key (controls K2, K3). Inside a key policy `*` is that key.
"""

from __future__ import annotations

from collections.abc import Sequence

from policies import job_logs, key_grants
from policies.perimeter import our_account_only
from policies.statement import ANYONE, Condition, Principal, Statement, allow, deny, service, when
from sagekeep import names, partitions
from sagekeep.settings import Settings

THIS_KEY = ("*",)
_THIS_KEY_WHY = "in a key policy, `*` is the key itself"
ADMINISTRATION = (
    "kms:CancelKeyDeletion",
    "kms:DescribeKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:UpdateAlias",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateKeyDescription",
)
ADMINISTER = "AdministerThroughIam"
LOOKING = (
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
)
USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*")
# Every action on a key that no grant can give (KMS API reference, CreateGrant, Operations).
NEVER_GRANTED = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:Delete*",
    "kms:Disable*",
    "kms:Enable*",
    "kms:GetKey*",
    "kms:GetParametersForImport",
    "kms:ImportKeyMaterial",
    "kms:List*",
    "kms:PutKeyPolicy",
    "kms:ReplicateKey",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:SynchronizeMultiRegionKey",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:Update*",
)
UPDATE_ENDPOINTS = ("administrator", "ml-engineer")  # personas in whose name SageMaker grants for endpoints' volumes
SERVICE_USE = ("kms:Decrypt*", "kms:Describe*", "kms:Encrypt*", "kms:GenerateDataKey*", "kms:ReEncrypt*")


def _root(s: Settings) -> Principal:
    return Principal("AWS", (names.account_root(s),))


def _by(principals: Sequence[str]) -> Condition:
    return when("ArnLike", "aws:PrincipalArn", sorted(principals))


def _administration(s: Settings) -> list[Statement]:
    """Through IAM, whose policies say who; where the settings name administrators, changes are for them alone.

    Who deploys is one of them: Terraform changes keys too, and KMS refuses a policy that locks its author out.
    """
    named = s.keys.administrators
    if not named:
        return [allow(ADMINISTER, ADMINISTRATION, on=THIS_KEY, to=_root(s), why=_THIS_KEY_WHY)]
    changes = [action for action in ADMINISTRATION if action not in LOOKING]
    only = [_by([*named, *s.deploy.roles])]
    return [
        allow("LookThroughIam", LOOKING, on=THIS_KEY, to=_root(s), why=_THIS_KEY_WHY),
        allow("AdministerByNamedPrincipals", changes, on=THIS_KEY, to=_root(s), only=only, why=_THIS_KEY_WHY),
    ]


def _use(s: Settings, principals: Sequence[str], *more: Condition) -> Statement:
    return allow(
        "UseByNamedPrincipals", USE, on=THIS_KEY, to=_root(s), only=[_by(principals), *more], why=_THIS_KEY_WHY
    )


def _read(s: Settings, principals: Sequence[str]) -> list[Statement]:
    if not principals:
        return []
    actions = ("kms:Decrypt", "kms:DescribeKey")
    return [
        allow("ReadByNamedPrincipals", actions, on=THIS_KEY, to=_root(s), only=[_by(principals)], why=_THIS_KEY_WHY)
    ]


def _grant(s: Settings, principals: Sequence[str]) -> list[Statement]:
    """Grants only for AWS services (control K5): volumes of jobs, apps and endpoints, and functions' environments."""
    if not principals:
        return []
    ways = {
        "GrantToAwsServices": key_grants.FOR_AWS,
        "GrantThroughAwsServices": key_grants.through_services(s),
    }
    return [
        allow(sid, ["kms:CreateGrant"], on=THIS_KEY, to=_root(s), only=[_by(principals), way], why=_THIS_KEY_WHY)
        for sid, way in ways.items()
    ]


def _closed(s: Settings) -> list[Statement]:
    """What holds whoever is allowed above: no other account, and grants only for AWS services (control K5).

    Services use a key by a grant from accounts of AWS's own, and a denial beats a grant (KMS developer guide, EBS and
    grants): what a grant can give is not denied by account. Another account has none of it all the same, since no
    statement allows it.
    """
    return [
        our_account_only(s, NEVER_GRANTED, THIS_KEY),
        deny(
            "DenyGrantsToOthersThanAwsServices",
            ["kms:CreateGrant"],
            on=THIS_KEY,
            to=ANYONE,
            given=key_grants.for_nobody_of_aws(),
        ),
    ]


def _roles(s: Settings, *purposes: str) -> list[str]:
    return [names.role_arn(s, purpose) for purpose in purposes]


def data_key(s: Settings) -> list[Statement]:
    """Buckets' objects, volumes of jobs and endpoints, models."""
    deploy, writers = s.deploy.roles, s.deploy.data_writers
    studio = names.studio_role_arns(s)
    users = [*_roles(s, "job", "pipeline", "data-seed"), *studio, *deploy, *writers]
    people = [purpose for purpose in names.personas(s) if purpose in UPDATE_ENDPOINTS]
    grantors = [*_roles(s, "job", "pipeline", *people), *studio]
    return [*_administration(s), _use(s, users), *_read(s, s.deploy.plan_roles), *_grant(s, grantors), *_closed(s)]


def logs_key(s: Settings) -> list[Statement]:
    """Log groups, the topic, the queues, and the functions' environments."""
    groups = [f"{names.log_group_arn(s, start)}*" for start in names.log_group_starts(s)]
    # Every endpoint's, so that a renamed pipeline can be deployed without this stack.
    groups += [
        names.log_group_arn(s, name) for name in (*job_logs.own_job_groups(s).values(), f"{job_logs.ENDPOINTS}/*")
    ]
    functions = _roles(s, *names.FUNCTIONS)
    return [
        *_administration(s),
        _use(s, [*functions, *s.deploy.roles]),
        *_read(s, s.deploy.plan_roles),
        *_grant(s, s.deploy.roles),
        allow(
            "EncryptOurLogGroups",
            SERVICE_USE,
            on=THIS_KEY,
            to=service(partitions.host("logs", s.region)),
            only=[when("ArnLike", "kms:EncryptionContext:aws:logs:arn", groups)],
            why=_THIS_KEY_WHY,
        ),
        publish(s),
        *(_deliver_to_the_queue(s) if s.alerts.queue else []),
        *_closed(s),
    ]


def publish(s: Settings) -> Statement:
    """What the key of a topic lets events and alarms do.

    EventBridge sends neither aws:SourceArn nor aws:SourceAccount when it publishes to an encrypted topic, and delivery
    would fail in silence (SNS developer guide, key management): an account counts only where one is named.
    """
    return allow(
        "PublishToTheEncryptedTopic",
        ["kms:Decrypt", "kms:GenerateDataKey*"],
        on=THIS_KEY,
        to=service("cloudwatch.amazonaws.com", "events.amazonaws.com"),
        only=[when("StringEqualsIfExists", "aws:SourceAccount", s.account_id)],
        why=_THIS_KEY_WHY,
    )


def _deliver_to_the_queue(s: Settings) -> list[Statement]:
    """SNS encrypts what it puts into a queue, and says for which topic (SNS developer guide, encrypted queues)."""
    return [
        allow(
            "DeliverToTheAlertsQueue",
            ["kms:Decrypt", "kms:GenerateDataKey*"],
            on=THIS_KEY,
            to=service("sns.amazonaws.com"),
            only=[when("ArnEquals", "aws:SourceArn", names.topic_arn(s))],
            why=_THIS_KEY_WHY,
        )
    ]


def studio_key(s: Settings) -> list[Statement]:
    """The domain's file system and the volumes of its apps. CreateApp checks the grant with the execution role."""
    users = [*names.studio_role_arns(s), *s.deploy.roles]
    return [*_administration(s), _use(s, users), *_grant(s, users), *_closed(s)]


def state_key(s: Settings) -> list[Statement]:
    """Terraform's state. Who may read it is for the account's IAM to say, but only by way of S3."""
    only = [
        when("StringEquals", "kms:CallerAccount", s.account_id),
        when("StringEquals", "kms:ViaService", partitions.host("s3", s.region)),
    ]
    use = allow("UseThroughS3", USE, on=THIS_KEY, to=_root(s), only=only, why=_THIS_KEY_WHY)
    return [*_administration(s), use, *_closed(s)]
