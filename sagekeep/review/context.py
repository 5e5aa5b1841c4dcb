"""What rules ask about the other changes of a review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sagekeep.review.differences import at
from sagekeep.review.masking import UNKNOWN
from sagekeep.review.model import USUAL_SEVERITY, Change, Finding, Plan, Risk, Severity
from sagekeep.review.naming import matches
from sagekeep.review.reading import NETWORK_ID

_IDS = ("id", "arn", "name", "bucket", "url", "key_id", "function_name")
# Types of what an attribute names: a role and a queue may have the same name, and are not the same.
_OWNERS: Mapping[str, tuple[str, ...]] = {
    "bucket": ("aws_s3_bucket", "aws_s3_directory_bucket"),
    "security_group_id": ("aws_security_group", "aws_default_security_group"),
    "role": ("aws_iam_role",),
    "user": ("aws_iam_user",),
    "group": ("aws_iam_group",),
    "key_id": ("aws_kms_*",),
    "arn": ("*",),
    "queue_url": ("aws_sqs_queue",),
    "vpc_id": ("aws_vpc",),
    "vpc_endpoint_id": ("aws_vpc_endpoint",),
    "domain_id": ("aws_sagemaker_domain",),
    "log_group_name": ("aws_cloudwatch_log_group",),
    "rule": ("aws_cloudwatch_event_rule",),
}
_SUBJECTS: Mapping[str, tuple[str, ...]] = {
    **_OWNERS,
    "function_name": ("aws_lambda_function", "aws_lambda_alias"),
    "repository": ("aws_ecr_repository",),
    "role_name": ("aws_iam_role",),
    "backup_vault_name": ("aws_backup_vault",),
    "model_package_group_name": ("aws_sagemaker_model_package_group",),
}


class Surroundings:
    """What the plans of a review hold, looked up once for all rules."""

    def __init__(self, plans: Sequence[Plan]) -> None:
        self.plans = plans

    @property
    def changes(self) -> Iterator[Change]:
        """Wanted changes of all plans."""
        return (change for plan in self.plans for change in plan.changes if not change.drift)

    @cached_property
    def accounts(self) -> frozenset[str]:
        """Our accounts: those that the plans are allowed to work in, else those of what is there."""
        named = frozenset(account for plan in self.plans for account in plan.accounts)
        arns = (str(c.before.get("arn", "")).split(":") for c in self.changes)
        return named or frozenset(parts[4] for parts in arns if len(parts) > 5 and parts[4])

    @cached_property
    def destroyed(self) -> Mapping[str, Sequence[Change]]:
        """What goes or is made anew, by each of its ids."""
        found: dict[str, list[Change]] = {}
        for change in self.changes:
            if change.destroys:
                for value in _ids(change.before, ("id",) if change.type in _PARTS else _IDS):
                    found.setdefault(value, []).append(change)
        return found

    @cached_property
    def made(self) -> Mapping[str, frozenset[str]]:
        """Types of what is made, by its names and ids as far as they are known."""
        made = (c for c in self.changes if c.action == "create" and not c.data and not _is_part(c.type))
        found: dict[str, set[str]] = {}
        for change in made:
            for value in _ids(change.after, _IDS):
                found.setdefault(value, set()).add(change.type)
        return {value: frozenset(types) for value, types in found.items()}

    def makes(self, attribute: str, value: Any) -> bool:
        """Whether what an attribute such as "role" names with this value is made by the plans."""
        types = self.made.get(value, frozenset()) if isinstance(value, str) else frozenset()
        return any(matches(kind, _SUBJECTS.get(attribute, ("*",))) for kind in types)

    @cached_property
    def policies(self) -> Mapping[str, bool]:
        """Policies that the plans know by ARN, and whether they refuse anything."""
        found = {arn: denies for plan in self.plans for arn, denies in plan.policies.items()}
        changed = (c for c in self.changes if c.type == "aws_iam_policy")
        return found | {str(c.before.get("arn")): '"Deny"' in str(c.before.get("policy")) for c in changed}

    @cached_property
    def denying(self) -> frozenset[str]:
        """Those of them that do."""
        return frozenset(arn for arn, denies in self.policies.items() if denies)

    @cached_property
    def naming(self) -> Mapping[str, tuple[tuple[str, str], ...]]:
        """Stack and address of what stays, by the ids of parts of networks that it names."""
        found: dict[str, list[tuple[str, str]]] = {}
        for plan in self.plans:
            for address, ids in plan.named.items():
                for value in ids:
                    found.setdefault(value, []).append((plan.stack, address))
        for change in self.changes:
            if not change.data and change.action not in ("delete", "create"):
                for value in set(_network_ids(change.after)):
                    found.setdefault(value, []).append((change.stack, change.address))
        return {value: tuple(users) for value, users in found.items()}

    @cached_property
    def types(self) -> Mapping[str, tuple[str, ...]]:
        """`stack: address` of what stays or comes, by type."""
        found: dict[str, list[str]] = {}
        for plan in self.plans:
            for address, kind in plan.standing.items():
                found.setdefault(kind, []).append(f"{plan.stack}: {address}")
        for change in self.changes:
            if change.action != "delete":
                found.setdefault(change.type, []).append(change.where)
        return {kind: tuple(places) for kind, places in found.items()}


@dataclass(frozen=True)
class Context:
    """Where a change stands.

    Attributes:
        plan: the plan whose changes are looked at.
        around: all plans.
        root: folder of the project, where code is found that builds definitions; None for plans of others.
        archives: folders in which archives of functions may lie.
    """

    plan: Plan
    around: Surroundings
    root: Path | None = None
    archives: tuple[Path, ...] = ()

    def owner_going(self, change: Change) -> Change | None:
        """What the change's resource is a part of, where that goes, too: a bucket whose policy it is."""
        for attribute, types in _OWNERS.items():
            for owner in self.around.destroyed.get(str(change.before.get(attribute) or ""), ()):
                if owner.address != change.address and owner.type not in _PARTS and matches(owner.type, types):
                    return owner
        return None

    def needing(self, value: str, *, but: Change) -> list[str]:
        """`stack: address` of what stays and names a subnet, a group or the like: it needs what goes."""
        users = self.around.naming.get(value, ())
        return [f"{stack}: {address}" for stack, address in users if (stack, address) != (but.stack, but.address)]

    def has(self, *types: str) -> list[str]:
        """`stack: address` of what stays or comes, of some types."""
        return [place for kind in types for place in self.around.types.get(kind, ())]


def _ids(values: Mapping[str, Any], attributes: Sequence[str]) -> Iterator[str]:
    return (v for v in map(values.get, attributes) if isinstance(v, str) and v)


def _network_ids(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _network_ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from _network_ids(item)
    elif isinstance(value, str):
        yield from NETWORK_ID.findall(value)


# Parts of something else: their id is often that of the whole.
_PARTS = (
    "aws_s3_bucket_policy", "aws_s3_bucket_public_access_block", "aws_s3_bucket_versioning", "aws_s3_bucket_logging",
    "aws_s3_bucket_lifecycle_configuration", "aws_s3_bucket_ownership_controls", "aws_s3_object",
    "aws_s3_bucket_server_side_encryption_configuration", "aws_iam_role_policy", "aws_iam_role_policy_attachment",
    "aws_sns_topic_policy", "aws_sqs_queue_policy", "aws_kms_alias", "aws_cloudwatch_event_target",
    "aws_lambda_invocation", "terraform_data",
)  # fmt: skip


def _is_part(type_: str) -> bool:
    """Whether a type's `bucket`, `role` or `function_name` is that of something else."""
    return type_ in _PARTS or (type_ != "aws_iam_policy" and type_.endswith(_ENDINGS))


_ENDINGS = ("_policy", "_attachment", "_permission", "_grant", "_rule", "_subscription", "_association", "_invocation")


def finding(
    rule: str,
    risk: Risk,
    change: Change,
    sentence: str,
    *,
    reason: str = "",
    remedy: str = "",
    details: Sequence[str] = (),
    severity: Severity | None = None,
) -> Finding:
    """A finding with the severity that is usual for its risk."""
    return Finding(
        rule,
        risk,
        severity or USUAL_SEVERITY[risk],
        change,
        sentence[:1].upper() + sentence[1:],
        reason,
        remedy,
        tuple(details),
    )


def known(change: Change, path: str) -> Any:
    """The value after the change, UNKNOWN where that is what it is."""
    marked = at(change.unknown, path.split(".", maxsplit=1)[0])
    return UNKNOWN if marked is True else at(change.after, path)
