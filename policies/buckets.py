"""Policies of the buckets: denies that hold whatever an identity's own policy says, and S3's log delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policies.statement import ANYONE, Condition, Statement, allow, deny, service, when
from sagekeep import names
from sagekeep.settings import Settings

READS = ("s3:GetObject*",)
LISTS = ("s3:ListBucket*", "s3:ListMultipartUploadParts")
WRITES = ("s3:AbortMultipartUpload", "s3:DeleteObject*", "s3:PutObject*", "s3:RestoreObject")


def tls_only(bucket: str) -> Statement:
    """Deny whatever does not come over TLS (control S2)."""
    return deny(
        "DenyPlainHttp",
        ["s3:*"],
        on=[bucket, f"{bucket}/*"],
        to=ANYONE,
        given=[when("Bool", "aws:SecureTransport", "false")],
    )


def our_account_only(s: Settings, bucket: str) -> Statement:
    """Deny every other account and anonymous callers; AWS's own services are let through (control S7)."""
    return deny(
        "DenyOtherAccounts",
        ["s3:*"],
        on=[bucket, f"{bucket}/*"],
        to=ANYONE,
        given=[
            when("StringNotEqualsIfExists", "aws:PrincipalAccount", s.account_id),
            when("BoolIfExists", "aws:PrincipalIsAWSService", "false"),
        ],
    )


def our_key_only(bucket: str, *key: str) -> list[Statement]:
    """Deny uploads that name another kind of encryption or another key (control S3).

    `key`: the ways to name our key, its ARN or an alias. An upload that names none gets the bucket's default, our key.
    """
    kind = "s3:x-amz-server-side-encryption"
    return [
        deny(
            "DenyOtherEncryption",
            ["s3:PutObject"],
            on=[f"{bucket}/*"],
            to=ANYONE,
            given=[when("StringNotEquals", kind, "aws:kms"), when("Null", kind, "false")],
        ),
        deny(
            "DenyOtherKeys",
            ["s3:PutObject"],
            on=[f"{bucket}/*"],
            to=ANYONE,
            given=[
                when("StringNotEquals", f"{kind}-aws-kms-key-id", key),
                when("Null", f"{kind}-aws-kms-key-id", "false"),
            ],
        ),
    ]


@dataclass(frozen=True)
class Perimeter:
    """The VPC that data actions must come from, and who is exempt (ARNs, with wildcards)."""

    vpc_id: str
    readers: tuple[str, ...]
    listers: tuple[str, ...]
    raw_writers: tuple[str, ...]
    writers: tuple[str, ...]


def perimeter_of(s: Settings, vpc_id: str) -> Perimeter:
    """Who may come from outside the VPC: those who deploy or plan, data writers under raw/, and the pipeline itself.

    Pipelines reads property files with the pipeline role from outside the VPC (SageMaker developer guide, Condition
    steps); the role's own policy holds it to evaluation/.
    """
    deploy, plan, writers = s.deploy.roles, s.deploy.plan_roles, s.deploy.data_writers
    return Perimeter(
        vpc_id,
        readers=(*deploy, *plan, names.role_arn(s, "pipeline")),
        listers=(*deploy, *plan, *writers),
        raw_writers=(*deploy, *writers),
        writers=deploy,
    )


def perimeter(bucket: str, p: Perimeter) -> list[Statement]:
    """Deny data actions from outside the VPC (control N9); configuration of the bucket is not data."""
    rows: tuple[tuple[str, Sequence[str], dict[str, list[str]], Sequence[str]], ...] = (
        ("DenyReadsFromOutsideTheVpc", READS, {"on": [f"{bucket}/*"]}, p.readers),
        ("DenyListsFromOutsideTheVpc", LISTS, {"on": [bucket, f"{bucket}/*"]}, p.listers),
        ("DenyRawWritesFromOutsideTheVpc", WRITES, {"on": [f"{bucket}/raw/*"]}, p.raw_writers),
        ("DenyOtherWritesFromOutsideTheVpc", WRITES, {"off": [f"{bucket}/raw/*"]}, p.writers),
    )
    return [
        deny(sid, actions, **resources, to=ANYONE, given=_outside(p.vpc_id, exempt))
        for sid, actions, resources, exempt in rows
    ]


def _outside(vpc_id: str, exempt: Sequence[str]) -> list[Condition]:
    conditions = [
        when("StringNotEqualsIfExists", "aws:SourceVpc", vpc_id),
        when("BoolIfExists", "aws:PrincipalIsAWSService", "false"),
        when("BoolIfExists", "aws:ViaAWSService", "false"),
    ]
    return [*conditions, when("ArnNotLikeIfExists", "aws:PrincipalArn", sorted(exempt))] if exempt else conditions


def log_delivery(s: Settings, bucket: str, sources: Sequence[str]) -> Statement:
    """S3 delivers access logs of our own buckets (S3 user guide, enabling server access logging)."""
    return allow(
        "DeliverAccessLogs",
        ["s3:PutObject"],
        on=[f"{bucket}/*"],
        to=service("logging.s3.amazonaws.com"),
        only=[
            when("ArnLike", "aws:SourceArn", list(sources)),
            when("StringEquals", "aws:SourceAccount", s.account_id),
        ],
    )
