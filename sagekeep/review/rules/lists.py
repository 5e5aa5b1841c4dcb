"""Access that is given or taken in a list: managed policies of a role, holders of a policy, members of a group."""

from __future__ import annotations

from collections.abc import Iterator

from sagekeep.review.context import Context, finding
from sagekeep.review.differences import with_unknown
from sagekeep.review.masking import CHANGED, MASK, UNKNOWN
from sagekeep.review.model import Change, Finding, Risk
from sagekeep.review.naming import what
from sagekeep.review.rules.attachments import refusals
from sagekeep.review.rules.openings import texts

_POLICIES = {
    "aws_iam_role": ("managed_policy_arns", ""),
    "aws_iam_role_policy_attachments_exclusive": ("policy_arns", "role_name"),
    "aws_iam_user_policy_attachments_exclusive": ("policy_arns", "user_name"),
    "aws_iam_group_policy_attachments_exclusive": ("policy_arns", "group_name"),
}
_HOLDERS = {
    "aws_iam_policy_attachment": ("roles", "users", "groups"),
    "aws_iam_group_membership": ("users",),
    "aws_iam_user_group_membership": ("groups",),
}


def look(context: Context, change: Change) -> Iterator[Finding]:
    """Findings about what joins a list, and about what leaves it."""
    if change.type in _POLICIES:
        yield from _policies(context, change, *_POLICIES[change.type])
    for attribute in _HOLDERS.get(change.type, ()):
        _, come = _moved(change, attribute)
        given = [one for one in come if not context.around.makes(attribute.removesuffix("s"), one)]
        if given and change.action != "delete":
            yield finding(
                "joins-a-list-of-access",
                Risk.WIDER,
                change,
                f"{what(change)} takes in {', '.join(given)} ({attribute})",
                reason="all that it allows they may do from now on",
                remedy="make sure that it is meant",
            )


def _policies(context: Context, change: Change, attribute: str, holder: str) -> Iterator[Finding]:
    gone, come = _moved(change, attribute)
    new = change.action == "create" and (not holder or context.around.makes("role_name", change.after.get(holder)))
    if come and not new and change.action != "delete":
        yield finding(
            "policies-attached",
            Risk.WIDER,
            change,
            f"{what(change)} gets the policies {', '.join(come)}, too",
            reason="all that they allow, its holder may do from now on",
            remedy="read the policies",
        )
    for arn in gone if change.action != "delete" else ():
        yield from refusals(context, change, what(change), arn)


def _moved(change: Change, attribute: str) -> tuple[list[str], list[str]]:
    """What leaves the list and what joins it; a list that is known after the apply is one of unknown ones."""
    known = with_unknown(change.after, change.unknown).get(attribute)
    before, after = texts(change.before.get(attribute)), texts(known)
    if MASK in before and known == MASK:
        return [], []
    gone = [one for one in before if one not in after and UNKNOWN not in after and one not in (MASK, CHANGED)]
    return gone, [one for one in after if one not in before]
