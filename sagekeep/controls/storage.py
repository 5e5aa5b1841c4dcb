"""Checks of the promises about keys and buckets, K1 to K5 and S1 to S8."""

from __future__ import annotations

from collections.abc import Iterator

from sagekeep import partitions
from sagekeep.controls.view import Check, Fact, View, switched
from sagekeep.iam import patterns
from sagekeep.iam.document import Condition
from sagekeep.iam.request import Caller
from sagekeep.prove.estate import Holder
from sagekeep.prove.terraform import Resource
from sagekeep.prove.words import FOREIGN_ACCOUNT

FOREIGNER = Caller(f"arn:aws:iam::{FOREIGN_ACCOUNT}:role/stranger", FOREIGN_ACCOUNT, "role")
_USE = ("kms:Decrypt", "kms:ReEncryptFrom", "kms:GenerateDataKey")
_GRANTED = ("ec2", "elasticfilesystem", "lambda", "sagemaker")  # the services that hold grants for an environment
_BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_LOG_BUCKETS = ("access-logs", "state-logs")


def rotation(view: View) -> Iterator[Fact]:
    """K1."""
    for key in view.resources("aws_kms_key"):
        yield Fact(key.address, "" if switched(key, "enable_key_rotation") else "does not rotate")


def key_policies(view: View) -> Iterator[Fact]:
    """K2."""
    for key in view.holders("aws_kms_key"):
        if key.policy is None:
            yield Fact(key.address, "has no policy of its own")
            continue
        open_to_all = [
            s.sid
            for s in key.policy.statements
            if s.effect == "Allow" and not s.conditions and any(name == "*" for _, name in s.principals)
        ]
        yield Fact(
            key.address, f"is open to any principal: {key.policy.origin}#{open_to_all[0]}" if open_to_all else ""
        )
        # What a grant can give is denied to no account, since services use grants from accounts of AWS's own.
        wanted = (*_USE, "kms:CreateGrant", "kms:PutKeyPolicy")
        for_aws = {"kms:GrantIsForAWSResource": ("true",)}
        let = [a for a in wanted if view.ask(FOREIGNER, a, key.arn, policy=key.policy, context=for_aws).allowed]
        yield Fact(key.address, f"lets another account {', '.join(let)}" if let else "")


def no_identity_opens_every_key(view: View) -> Iterator[Fact]:
    """K3."""
    for origin, statement in view.identity_statements():
        if statement.effect == "Allow" and any(_opens(action) for action in statement.actions):
            stars = [arn for arn in statement.resources if arn == "*" or arn.endswith((":key/*", ":alias/*"))]
            yield Fact(f"{origin}#{statement.sid}", "opens every key" if stars else "")
    for key in view.holders("aws_kms_key"):
        nobody = Caller(
            f"arn:{view.terraform.known['partition']}:iam::{view.estate.account}:role/somebody",
            view.estate.account,
            "role",
        )
        verdicts = {action: view.ask(nobody, action, key.arn, policy=key.policy) for action in _USE}
        let = [action for action, verdict in verdicts.items() if verdict.allowed]
        yield Fact(key.address, f"lets any identity of the account {', '.join(let)}" if let else "")


def _opens(pattern: str) -> bool:
    """Whether an action, or one that its pattern stands for, uses a key; reading what it is does not."""
    return any(patterns.action(action, pattern) for action in (*_USE, "kms:CreateGrant"))


def deletion_window(view: View) -> Iterator[Fact]:
    """K4."""
    kept = view.setting("removal") == "retain"
    for key in view.resources("aws_kms_key"):
        if int(key.body.get("deletion_window_in_days") or 30) < 30:
            yield Fact(key.address, f"is gone after {key.body['deletion_window_in_days']} days")
        else:
            yield Fact(key.address, "" if _protected(key) or not kept else "may be destroyed")


def _protected(resource: Resource) -> bool:
    return bool(resource.block("lifecycle").get("prevent_destroy"))


def grants(view: View) -> Iterator[Fact]:
    """K5."""
    for key in view.holders("aws_kms_key"):
        allowing = [
            s
            for s in (key.policy.statements if key.policy else ())
            if s.effect == "Allow" and any(a in {"kms:CreateGrant", "kms:*", "*"} for a in s.actions)
        ]
        loose = [s.sid for s in allowing if not any(_for_aws(view, condition) for condition in s.conditions)]
        yield Fact(key.address, f"grants to others than AWS services: {loose[0]}" if loose else "")


def _for_aws(view: View, condition: Condition) -> bool:
    """Whether only AWS gets what a grant gives: its resources, or a service of the region that asks for it."""
    key, way = condition.key.lower(), (condition.operator, condition.values)
    if key == "kms:grantisforawsresource":
        return way == ("Bool", ("true",))
    hosts = {partitions.host(service, view.terraform.known["region"]) for service in _GRANTED}
    return key == "kms:viaservice" and condition.operator == "StringEquals" and set(condition.values) <= hosts


def _of_each_bucket(view: View, kind: str) -> Iterator[tuple[Resource, Resource | None]]:
    """Each bucket with its part of a type."""
    parts = {part.text("bucket"): part for part in view.resources(kind)}
    for bucket in view.resources("aws_s3_bucket"):
        yield bucket, parts.get(bucket.text("bucket")) or parts.get(view.terraform.attribute(bucket, "id"))


def public_access(view: View) -> Iterator[Fact]:
    """S1."""
    for bucket, block in _of_each_bucket(view, "aws_s3_bucket_public_access_block"):
        if block is None:
            yield Fact(bucket.address, "has no public access block")
        else:
            off = [name for name in _BLOCKS if not switched(block, name)]
            yield Fact(block.address, f"leaves {', '.join(off)} off" if off else "")


def tls_only(view: View) -> Iterator[Fact]:
    """S2."""
    for bucket in view.holders("aws_s3_bucket"):
        # Not an action on data, which the network perimeter denies as well.
        plain = {"aws:SecureTransport": ("false",)}
        verdict = view.ask(_insider(view), "s3:GetBucketVersioning", bucket.arn, policy=bucket.policy, context=plain)
        yield Fact(bucket.address, "" if verdict.explicit else "answers without TLS")


def _insider(view: View) -> Caller:
    return Caller(
        f"arn:{view.terraform.known['partition']}:iam::{view.estate.account}:root", view.estate.account, "root"
    )


def encryption(view: View) -> Iterator[Fact]:
    """S3."""
    policies = {holder.address: holder for holder in view.holders("aws_s3_bucket")}
    for bucket, part in _of_each_bucket(view, "aws_s3_bucket_server_side_encryption_configuration"):
        if part is None:
            yield Fact(bucket.address, "has no default encryption")
            continue
        logs = policies[bucket.address].purpose in _LOG_BUCKETS
        default = part.block("rule").get("apply_server_side_encryption_by_default") or {}
        default = default[0] if isinstance(default, list) else default
        ours = default.get("kms_master_key_id") in view.every_key()
        yield Fact(part.address, "" if ours or logs else "does not encrypt with a key of ours")
        if not logs:
            yield _other_key(view, policies[bucket.address])


def _other_key(view: View, bucket: Holder) -> Fact:
    header = "s3:x-amz-server-side-encryption"
    other = {
        header: ("aws:kms",),
        f"{header}-aws-kms-key-id": (f"arn:aws:kms:us-east-1:{FOREIGN_ACCOUNT}:key/theirs",),
        "aws:SourceVpc": tuple(vpc.id for vpc in view.estate.vpcs),  # or the network perimeter denies it too
    }
    verdict = view.ask(_insider(view), "s3:PutObject", f"{bucket.arn}/raw/x", policy=bucket.policy, context=other)
    return Fact(bucket.address, "" if verdict.explicit else "takes uploads that name another key")


def versioning_and_lifecycle(view: View) -> Iterator[Fact]:
    """S4."""
    for bucket, part in _of_each_bucket(view, "aws_s3_bucket_versioning"):
        on = part is not None and part.block("versioning_configuration").get("status") == "Enabled"
        yield Fact(part.address if part else bucket.address, "" if on else "keeps no versions")
    for bucket, part in _of_each_bucket(view, "aws_s3_bucket_lifecycle_configuration"):
        rule = part.block("rule") if part else {}
        ends = rule.get("status") == "Enabled" and rule.get("abort_incomplete_multipart_upload")
        yield Fact(part.address if part else bucket.address, "" if ends else "never ends unfinished uploads")


def access_logs(view: View) -> Iterator[Fact]:
    """S5."""
    purposes = {holder.address: holder.purpose for holder in view.holders("aws_s3_bucket")}
    for bucket, part in _of_each_bucket(view, "aws_s3_bucket_logging"):
        if purposes[bucket.address] not in _LOG_BUCKETS:  # a log bucket would log into itself
            yield Fact(bucket.address, "" if part and part.text("target_bucket") else "logs no access")


def acls_off(view: View) -> Iterator[Fact]:
    """S6."""
    for bucket, part in _of_each_bucket(view, "aws_s3_bucket_ownership_controls"):
        off = part is not None and part.block("rule").get("object_ownership") == "BucketOwnerEnforced"
        yield Fact(part.address if part else bucket.address, "" if off else "has ACLs")


def no_other_account(view: View) -> Iterator[Fact]:
    """S7."""
    nobody = Caller("anonymous", "", "anonymous")
    for bucket in view.holders("aws_s3_bucket"):
        let = [
            who
            for who, caller in (("another account", FOREIGNER), ("anonymous callers", nobody))
            if view.ask(caller, "s3:GetObject", f"{bucket.arn}/raw/x", policy=bucket.policy).allowed
        ]
        yield Fact(bucket.address, f"lets {' and '.join(let)} read" if let else "")


def state(view: View) -> Iterator[Fact]:
    """S8: S1 to S7 look at every bucket; here, that state is in one, locked and encrypted."""
    if view.setting("state.backend") != "s3":
        yield Fact("state", 'is on a disk: state.backend = "local" is for a first look')
        return
    brought = set(view.estate.brought)
    unnamed = "existing.state_bucket" in brought and "existing.keys.state" not in brought  # its own default encrypts
    wanted = ("bucket", *(() if unnamed else ("kms_key_id",)), "use_lockfile", "encrypt")
    for name, stack in view.synthesis.stacks.items():
        s3 = stack.document()["terraform"]["backend"].get("s3") or {}
        missing = [key for key in wanted if not s3.get(key)]
        yield Fact(f"{name}: terraform.backend", f"has no {', '.join(missing)}" if missing else "")


CHECKS: dict[str, Check] = {
    "K1": rotation,
    "K2": key_policies,
    "K3": no_identity_opens_every_key,
    "K4": deletion_window,
    "K5": grants,
    "S1": public_access,
    "S2": tls_only,
    "S3": encryption,
    "S4": versioning_and_lifecycle,
    "S5": access_logs,
    "S6": acls_off,
    "S7": no_other_account,
    "S8": state,
}
