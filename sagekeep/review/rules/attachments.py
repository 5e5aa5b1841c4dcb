"""Access that is given without a document in the plan: attached policies, permissions of functions, grants of keys."""

from __future__ import annotations

from collections.abc import Iterator

from sagekeep.review.context import Context, finding, known
from sagekeep.review.masking import UNKNOWN
from sagekeep.review.model import Change, Finding, Risk, Severity
from sagekeep.review.naming import what

_ATTACHMENTS = {
    "aws_iam_role_policy_attachment": "role",
    "aws_iam_user_policy_attachment": "user",
    "aws_iam_group_policy_attachment": "group",
}
_OF_AWS = ":iam::aws:policy/"


def look(context: Context, change: Change) -> Iterator[Finding]:
    """Findings about what is given to something that exists, or taken from it."""
    if change.type in _ATTACHMENTS:
        yield from _attachment(context, change, _ATTACHMENTS[change.type])
    elif change.type == "aws_lambda_permission" and change.action in ("create", "replace"):
        yield from _permission(context, change)
    elif (
        change.type == "aws_kms_grant"
        and change.action in ("create", "replace")
        and not _new(context, change, "key_id")
    ):
        told = f"{known(change, 'grantee_principal')} may use the key by a grant"
        yield finding("key-granted", Risk.WIDER, change, told, remedy="make sure who it is, and for how long")


def _new(context: Context, change: Change, attribute: str) -> bool:
    """Whether what it is given to is made by the same plans."""
    value = known(change, attribute)
    return value == UNKNOWN or context.around.makes(attribute, value)


def _attachment(context: Context, change: Change, holder: str) -> Iterator[Finding]:
    if change.action in ("create", "replace") and not _new(context, change, holder):
        policy = known(change, "policy_arn")
        if change.before.get("policy_arn") != policy or change.before.get(holder) != known(change, holder):
            yield finding(
                "policy-attached",
                Risk.WIDER,
                change,
                f"the {holder} {change.after.get(holder)} gets the policy {policy}, too",
                reason="all that the policy allows, the role may do from now on" if holder == "role" else "",
                remedy="read the policy",
            )
    gone = str(change.before.get("policy_arn", ""))
    if change.destroys and not context.owner_going(change) and not _stays(change, gone, holder):
        yield from refusals(context, change, f"the {holder} {change.before.get(holder)}", gone)


def _stays(change: Change, arn: str, holder: str) -> bool:
    """Whether what is made anew gives the same policy to the same one."""
    return known(change, "policy_arn") == arn and known(change, holder) in (change.before.get(holder), UNKNOWN)


def refusals(context: Context, change: Change, who: str, gone: str) -> Iterator[Finding]:
    """What a policy refused that is attached no longer."""
    if gone in context.around.denying or (gone not in context.around.policies and _OF_AWS not in gone):
        certain = gone in context.around.denying
        yield finding(
            "refusals-detached",
            Risk.WIDER,
            change,
            f"{who} loses the policy {gone}, which "
            + ("refuses what others allow" if certain else "may refuse what others allow"),
            reason="without it what it refused gets through" if certain else "the policy is not in these plans",
            remedy="keep it attached" if certain else "read the policy: has it statements that deny?",
            severity=Severity.CRITICAL if certain else Severity.MEDIUM,
        )


def _permission(context: Context, change: Change) -> Iterator[Finding]:
    principal = str(known(change, "principal"))
    bound = any(change.after.get(name) for name in ("source_arn", "source_account", "principal_org_id"))
    bound = bound or change.unknown.get("source_arn") is True
    if principal == "*" and not bound:
        yield finding(
            "function-open-to-everybody",
            Risk.WIDER,
            change,
            f"{what(change)} lets everybody invoke it",
            remedy="name who may, or where from (source_arn, source_account)",
            severity=Severity.CRITICAL,
        )
    elif not _new(context, change, "function_name"):
        yield finding(
            "function-may-be-invoked",
            Risk.WIDER,
            change,
            f"{principal} may invoke the function {change.after.get('function_name')}",
            reason="" if bound else "no source_arn or source_account says on whose behalf",
            remedy="make sure that it is meant" if bound else "add source_arn or source_account",
            severity=Severity.LOW if bound else Severity.HIGH,
        )
