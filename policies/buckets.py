"""Policies of the buckets: denies that hold whatever an identity's own policy says, and S3's log delivery."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policies import perimeter as accounts
from policies.statement import ANYONE, Condition, Statement, allow, deny, service, when
from sagekeep import names
from sagekeep.settings import Settings

READS = ("s3:GetObject*",)
LISTS = ("s3:ListBucket*", "s3:ListMultipartUploadParts")
WRITES = ("s3:AbortMultipartUpload", "s3:DeleteObject*", "s3:PutObject*", "s3:RestoreObject")


def closed(s: Settings, bucket: str) -> list[Statement]:
    """What holds for every bucket: TLS, our account, and services on behalf of it only (controls S2, S7)."""
    everything = [bucket, f"{bucket}/*"]
    return [
        accounts.tls_only(["s3:*"], everything),
        deny("DenyOtherAccounts", ["s3:*"], on=everything, to=ANYONE, given=accounts.strangers(s)),
        accounts.services_for_us_only(s, ["s3:*"], everything),
    ]


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
    model_readers: tuple[str, ...] = ()  # of models/ alone


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
        model_readers=(names.role_arn(s, "job"),) if s.perimeter.models_from_outside else (),
    )


def perimeter(bucket: str, p: Perimeter) -> list[Statement]:
    """Deny data actions from outside the VPC (control N9); configuration of the bucket is not data."""
    models = [f"{bucket}/models/*"]
    rest = {"off": models} if p.model_readers else {"on": [f"{bucket}/*"]}
    by_readers = [("DenyReadsFromOutsideTheVpc", READS, rest, p.readers)]
    if p.model_readers:
        both = (*p.readers, *p.model_readers)
        by_readers.append(("DenyModelReadsFromOutsideTheVpc", READS, {"on": models}, both))
    rows: tuple[tuple[str, Sequence[str], dict[str, list[str]], Sequence[str]], ...] = (
        *by_readers,
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
        accounts.NO_SERVICE,
        when("BoolIfExists", "aws:ViaAWSService", "false"),
    ]
    return [*conditions, when("ArnNotLikeIfExists", "aws:PrincipalArn", sorted(exempt))] if exempt else conditions


def state_perimeter(s: Settings, bucket: str) -> list[Statement]:
    """Deny Terraform's state to everybody but those who deploy and plan, wherever they come from (control S8).

    They work outside the VPC, so it is held to people and not to a network. Who plans reads states and locks them.
    """
    deploy, plan = s.deploy.roles, s.deploy.plan_roles
    locks = [f"{bucket}/*.tflock"]
    return [
        deny("DenyReadingTheStateToOthers", READS, on=[f"{bucket}/*"], to=ANYONE, given=_all_but([*deploy, *plan])),
        deny("DenyLockingTheStateToOthers", WRITES, on=locks, to=ANYONE, given=_all_but([*deploy, *plan])),
        # Others' objects lie nowhere in this bucket: all but the locks is state.
        deny("DenyWritingTheStateToOthers", WRITES, off=locks, to=ANYONE, given=_all_but(deploy)),
    ]


def untouched_logs(bucket: str) -> Statement:
    """Deny changing or deleting access logs to everybody but S3 itself, whose lifecycle rules need no permission.

    Who asks what a reader of data did must be able to trust them. A teardown takes this policy away before the objects.
    """
    return deny("DenyTamperingWithLogs", WRITES, on=[f"{bucket}/*"], to=ANYONE, given=[accounts.NO_SERVICE])


def _all_but(principals: Sequence[str]) -> list[Condition]:
    exempt = [when("ArnNotLikeIfExists", "aws:PrincipalArn", sorted(set(principals)))] if principals else []
    return [accounts.NO_SERVICE, *exempt]


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


def users_places(s: Settings, bucket: str) -> list[Statement]:
    """Deny everybody but users' own roles what lies under users/: each role's own policy names its own place only.

    Deleting is not reading or writing: who deploys may still empty the bucket.
    """
    owners = names.users_roles_arn(s)
    if not owners:
        return []
    return [
        deny(
            "DenyUsersPlacesToAllButUsersRoles",
            ["s3:GetObject*", "s3:PutObject*", "s3:RestoreObject"],
            on=[f"{bucket}/users/*"],
            to=ANYONE,
            given=[
                when("ArnNotLikeIfExists", "aws:PrincipalArn", owners),
                when("BoolIfExists", "aws:PrincipalIsAWSService", "false"),
            ],
        )
    ]
