"""What is said of changes that no rule spoke of: made, changed, made anew, destroyed, moved, imported, drifted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from sagekeep.review.context import Context, finding
from sagekeep.review.differences import differences
from sagekeep.review.model import Change, Finding, Risk, Severity
from sagekeep.review.naming import kind_of, matches, rows, table, what
from sagekeep.review.policies.attached import kinds
from sagekeep.review.rules.table import told as as_told

_COMPUTED = (
    "tags_all",
    "last_modified",
    "attachment_count",
    "qualified_arn",
    "qualified_invoke_arn",
    "version",
    "etag",
)
_MOST = 40


def usual(context: Context, change: Change, told: Sequence[Finding]) -> Iterator[Finding]:
    """Findings for every change; `told` are those of the rules, beside which only the rest is told."""
    if change.moved_from:
        yield _moved(change)
    if change.imported:
        yield finding("imported", Risk.HARMLESS, change, f"{what(change)} is taken over from outside Terraform")
    with_owner = any(f.rule == "goes-with-its-owner" for f in told)
    if change.destroys and not with_owner and not (told and change.type in _WHOLLY_TOLD):
        # A rule may speak of one attribute of what goes; that it goes may be worse.
        gone = _destroyed(context, change)
        if not told or gone.risk.rank < min(f.risk.rank for f in told):
            yield gone
    elif change.action == "update":
        yield from _updated(change, told)
    elif change.action == "create" and not told:
        yield finding("created", Risk.HARMLESS, change, f"{what(change)} is new")
    elif change.action == "forget":
        yield finding(
            "forgotten",
            Risk.HARMLESS,
            change,
            f"Terraform lets go of {what(change)}; it stays",
            reason="nobody manages it from now on",
            severity=Severity.LOW,
        )


def _moved(change: Change) -> Finding:
    return finding(
        "moved",
        Risk.HARMLESS,
        change,
        f"{what(change)} gets another address in Terraform; nothing happens to it",
        details=[f"{change.moved_from} → {change.address}"],
    )


def _updated(change: Change, told: Sequence[Finding]) -> Iterator[Finding]:
    """The fields that no rule spoke of; computed ones only where there are no others."""
    found = differences(change, but=_told_of(change.type) if told else ())
    wanted = [d for d in found if _root(d.path) not in _COMPUTED]
    if told and not wanted:
        return
    fields = list(dict.fromkeys(_root(d.path) for d in wanted or found))
    named = ", ".join(fields[:5]) + (f" and {len(fields) - 5} more" if len(fields) > 5 else "")
    also = "also " if told else ""
    yield finding(
        "updated",
        Risk.HARMLESS,
        change,
        f"{what(change)} {also}changes in place" + (f": {named}" if named else ""),
        details=[d.text for d in (wanted or found)[:_MOST]],
    )


def _root(path: str) -> str:
    return path.partition(".")[0]


@cache
def _told_of(type_: str) -> frozenset[str]:
    """Attributes of a type that rules look at."""
    roots = {kind.attribute for kind in kinds().get(type_, ())} | set(_LOOKED_AT.get(type_, ()))
    for row in rows():
        if matches(type_, row["types"]):
            roots |= {_root(path) for condition in row.get("when", ()) for path in condition["path"].split("|")}
    return frozenset(roots)


_BLOCKS = ("block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets")
_WHOLLY_TOLD = ("aws_lambda_invocation",)
# By rules that are functions.
_LOOKED_AT = {
    "aws_lambda_function": ("source_code_hash", "filename", "s3_key", "s3_object_version"),
    "terraform_data": ("input", "output"),
    "aws_vpc_endpoint": ("subnet_ids", "route_table_ids", "private_dns_enabled"),
    "aws_security_group": ("ingress", "egress"),
    "aws_default_security_group": ("ingress", "egress"),
    "aws_s3_bucket_public_access_block": _BLOCKS,
    "aws_s3_account_public_access_block": _BLOCKS,
    "aws_s3_bucket_lifecycle_configuration": ("rule",),
    "aws_iam_role": ("managed_policy_arns",),
    "aws_ecr_lifecycle_policy": ("policy",),
}


@cache
def _kind(type_: str) -> tuple[str, Mapping[str, Any]]:
    """What a type is for, with the table's texts."""
    return next((name, row) for name, row in table("kinds").items() if matches(type_, row["types"]))


def _destroyed(context: Context, change: Change) -> Finding:
    """A resource that goes or is made anew, by what its type is for."""
    name, row = _kind(change.type)
    owner = context.owner_going(change)
    if owner and name not in ("data", "everything-else"):
        verb = "goes with" if change.action == "delete" else "is made anew with"
        return finding("goes-with-its-owner", Risk.HARMLESS, change, f"the {kind_of(change)} {verb} {what(owner)}")
    side: Mapping[str, Any] = row.get("replaced" if change.action == "replace" else "destroyed") or row["destroyed"]
    verb = "made-anew" if change.action == "replace" else "destroyed"
    return as_told(side, side.get("rule", f"{name}-{verb}"), change)


def drifted(context: Context, change: Change) -> Iterator[Finding]:
    """What somebody changed outside Terraform, where this plan answers to it."""
    if change.action == "delete":
        yield finding(
            "drift-gone",
            Risk.HARMLESS,
            change,
            f"{what(change)} was removed outside Terraform",
            reason="the plan makes it again, unless it is no longer declared",
            remedy="find out who removed it, and why",
            severity=Severity.MEDIUM,
        )
        return
    wanted = context.plan.wanted.get(change.address)
    found = [d for d in differences(change) if d.path.partition(".")[0] not in _COMPUTED]
    paths = {d.path for d in differences(wanted)} if wanted and wanted.action == "update" else set()
    answered = [d for d in found if any(_within(d.path, p) or _within(p, d.path) for p in paths)]
    if answered:
        yield finding(
            "drift",
            Risk.HARMLESS,
            change,
            f"{what(change)} was changed outside Terraform; this plan changes it back",
            remedy="if the change was meant, put it into the settings; else find out who made it",
            details=[d.text for d in answered],
            severity=Severity.MEDIUM,
        )


def _within(path: str, whole: str) -> bool:
    return path == whole or path.startswith(f"{whole}.")
