"""Policies: who may do what now and might not before, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from sagekeep.iam.document import PolicyError
from sagekeep.review.context import Context, finding
from sagekeep.review.masking import UNKNOWN
from sagekeep.review.model import Change, Finding, Risk, Severity
from sagekeep.review.naming import what
from sagekeep.review.policies import Grant, Meaning, compare
from sagekeep.review.policies.attached import Attached, attached, renamed
from sagekeep.review.policies.grants import Clause
from sagekeep.review.policies.words import sentences

# Keys by which a perimeter tells ours from others:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_data-perimeters.html
_PERIMETER = (
    "aws:sourcevpc", "aws:sourcevpce", "aws:sourceip", "aws:principalaccount", "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:resourceaccount", "aws:resourceorgid", "aws:sourceaccount", "aws:sourceorgid", "aws:securetransport",
    "aws:principalarn", "aws:viaawsservice", "aws:principalisawsservice", "aws:sourcearn", "s3:resourceaccount",
)  # fmt: skip

# Those that tell who comes. That a call is encrypted, or comes through a service, everybody can bring about.
_OURS = (
    {*_PERIMETER, "kms:calleraccount", "aws:sourceowner", "aws:sourceorgpaths", "s3:dataaccesspointaccount"}
    - {"aws:securetransport", "aws:viaawsservice", "aws:resourceaccount", "aws:resourceorgid", "s3:resourceaccount"}
)  # fmt: skip
_RESOURCES = ("aws:resourceaccount", "aws:resourceorgid", "aws:resourceorgpaths", "s3:resourceaccount")
_ANYTHING = frozenset(("*", "0.0.0.0/0", "::/0", "arn:*", "arn:aws:*", "arn:aws:iam::*", "arn:aws:iam::*:*"))

_IDENTITIES = ("identity", "role", "user", "group", "permission set")


def look(context: Context, change: Change) -> Iterator[Finding]:
    """Findings about the policies that a change touches."""
    for policy in attached(context.plan, change, context.around.makes):
        if context.owner_going(change) and change.action == "delete":
            continue
        yield from _findings(context, policy)


def _findings(context: Context, policy: Attached) -> Iterator[Finding]:
    change = policy.change
    if policy.before is None or policy.after is None:
        yield _unreadable(policy)
        return
    owner = context.owner_going(change)
    before = renamed(policy.before, owner) if owner else policy.before
    fresh = policy.fresh and not (owner and policy.before)
    if fresh and policy.kind.default == "none":
        before = {}
    pairs = [(before, policy.after)]
    if policy.moves and not owner:  # what it leaves has none then, and what it comes to had none
        pairs = [(before, policy.nothing), (policy.nothing, policy.after)]
    try:
        meanings = [compare(old, new, change.where) for old, new in pairs]
    except PolicyError as fault:
        yield from _refused(policy, fault)
        return
    for meaning in meanings:
        yield from _fresh(context, policy, meaning) if fresh else _changed(policy, meaning)


def _refused(policy: Attached, fault: PolicyError) -> Iterator[Finding]:
    """Our reader may be stricter than IAM is: so it may also allow more."""
    yield finding(
        "policy-refused",
        Risk.OUTAGE,
        policy.change,
        f"the {_name(policy)} is one that IAM would refuse: {fault.what}",
        remedy="mend the document; what it means is not compared",
    )
    yield finding(
        "policy-not-compared",
        Risk.WIDER,
        policy.change,
        f"what {what(policy.change)} allows from now on is not compared with what it allowed: {fault.what}",
        reason="where AWS takes the document after all, it may allow more",
        remedy="mend the document, then plan and review again",
        severity=Severity.MEDIUM,
    )


def _name(policy: Attached) -> str:
    return "trust policy" if policy.kind.trust else f"policy of the {policy.kind.of}"


def _all_of(policy: Attached) -> str:
    """What the resource `*` is."""
    if policy.kind.trust:
        return ""
    identity = policy.kind.of in _IDENTITIES or policy.kind.default == "full"
    return "everything" if identity else f"the {policy.kind.of}"


def _unreadable(policy: Attached) -> Finding:
    return finding(
        "policy-known-after-apply",
        Risk.WIDER,
        policy.change,
        f"what {what(policy.change)} will allow is known after the apply only, or is a sensitive value",
        reason="its document is not in the plan, so it cannot be compared",
        remedy="apply what it waits for first, then plan and review again",
        severity=Severity.MEDIUM,
    )


def _changed(policy: Attached, meaning: Meaning) -> Iterator[Finding]:
    change, title = policy.change, what(policy.change)
    told = [*meaning.shifts, *sentences(meaning, whole=True, all_of=_all_of(policy))]
    # What a resource's own policy refuses, it refuses to whoever comes from elsewhere, whatever else allows it.
    perimeter = [g for g in meaning.not_refused if policy.kind.of not in _IDENTITIES or _is_perimeter(g)]
    if perimeter:
        names = list(dict.fromkeys(grant.sid for grant in perimeter if grant.sid)) or ["a statement"]
        gone = all(grant.sid in meaning.removed for grant in perimeter)
        one = len(names) == 1
        verb = ("goes" if one else "go") if gone else ("refuses less" if one else "refuse less")
        yield finding(
            "perimeter-statement-gone",
            Risk.WIDER,
            change,
            f"{title} {'loses' if gone else 'loosens'} its perimeter: {', '.join(names)} {verb}",
            reason="it kept out who comes from elsewhere, whatever other policies allow",
            remedy="keep the statement, or say who needs the way and from where",
            details=told,
            severity=Severity.CRITICAL if gone else Severity.HIGH,
        )
    everybody = [g for g in meaning.allowed if _is_open(g, policy)]
    if everybody:
        yield _open(policy, told)
    unknown_only = all(_is_unknown(g) for g in (*meaning.allowed, *meaning.not_refused))
    if meaning.wider and not perimeter and not everybody:
        first = sentences(Meaning(allowed=meaning.allowed, not_refused=meaning.not_refused), all_of=_all_of(policy))
        yield finding(
            "policy-allows-more",
            Risk.WIDER,
            change,
            f"{title} {first[0]}{_more(first)}",
            reason="what was refused until now gets through"
            if not unknown_only
            else "a part is known after the apply only",
            remedy="look at each new grant: who needs it, and could it be narrower",
            details=told,
            severity=_severity(meaning) if not unknown_only else Severity.MEDIUM,
        )
    elif meaning.narrower and not meaning.wider:
        first = sentences(Meaning(not_allowed=meaning.not_allowed, refused=meaning.refused), all_of=_all_of(policy))
        yield finding(
            "policy-allows-less",
            Risk.NARROWER,
            change,
            f"{title} {first[0]}{_more(first)}",
            reason="who works with it is refused from now on",
            remedy="make sure that nobody needs it any more",
            details=told,
        )
    elif not meaning.wider:
        yield finding(
            "policy-means-the-same",
            Risk.HARMLESS,
            change,
            f"the {_name(policy)} is written in another way and means the same",
            details=[f"statement {sid} is new" for sid in meaning.added]
            + [f"statement {sid} goes" for sid in meaning.removed],
        )


def _more(found: Sequence[str]) -> str:
    return f"; and {len(found) - 1} more" if len(found) > 1 else ""


def _severity(meaning: Meaning) -> Severity:
    everything = any(str(g.action) == "*" and str(g.resource) == "*" for g in meaning.allowed)
    return Severity.CRITICAL if everything else Severity.HIGH


def _open(policy: Attached, told: Sequence[str]) -> Finding:
    return finding(
        "policy-open-to-everybody",
        Risk.WIDER,
        policy.change,
        f"{what(policy.change)} lets everybody in",
        reason="a statement allows the principal * without a condition that names ours",
        remedy="name the principals, or add a condition on account, organization or VPC",
        details=told,
        severity=Severity.CRITICAL,
    )


def _fresh(context: Context, policy: Attached, meaning: Meaning) -> Iterator[Finding]:
    """Of something new all is new; only what lets in others, or allows too much, is worth attention."""
    title = what(policy.change)
    told = sentences(meaning, whole=True, all_of=_all_of(policy))
    everything = [g for g in meaning.allowed if str(g.action) == "*" and str(g.resource) == "*"]
    # An endpoint's policy may name everybody: it limits what others allow.
    if any(_is_open(g, policy) for g in (everything if policy.kind.default == "full" else meaning.allowed)):
        yield _open(policy, told)
    whole = [g for g in meaning.allowed if _is_whole(g)]
    if whole and not everything:
        yield finding(
            "policy-allows-a-whole-service",
            Risk.WIDER,
            policy.change,
            f"{title} is new, and allows {', '.join(dict.fromkeys(str(g.action) for g in whole))} on everything",
            reason="it reaches whatever the account has of that service, now and later",
            remedy="name the actions and the resources",
            details=told,
        )
    elif any(str(g.principal) == "" for g in everything):
        yield finding(
            "policy-allows-everything",
            Risk.WIDER,
            policy.change,
            f"{title} allows every action on everything",
            reason="whoever has it may do all in the account",
            remedy="give what is needed, by name",
            details=told,
            severity=Severity.CRITICAL,
        )
    if any(_is_anyone_of_a_provider(g) for g in meaning.allowed):
        yield finding(
            "policy-lets-in-a-whole-provider",
            Risk.WIDER,
            policy.change,
            f"{title} is new, and lets in whoever the identity provider knows",
            reason="no condition on its `sub` says whose tokens: with a public provider that is everybody",
            remedy="add a condition on the key that ends in :sub",
            details=told,
        )
    foreign = _foreign(meaning.allowed, context.around.accounts)
    if foreign:
        yield finding(
            "policy-lets-in-another-account",
            Risk.WIDER,
            policy.change,
            f"{title} is new, and lets in {', '.join(foreign)}",
            reason="who comes from another account is not under this one's policies",
            remedy="make sure whose account it is; ask for an external id or an organization in a condition",
            details=told,
        )
    yield finding(
        "policy-of-something-new", Risk.HARMLESS, policy.change, f"{title} is new, with a policy", details=told
    )


def _is_whole(grant: Grant) -> bool:
    """Every action of a service on every resource, for whoever the policy is attached to."""
    return str(grant.principal) == "" and grant.action.patterns[0].endswith(":*") and str(grant.resource) == "*"


def _foreign(grants: Sequence[Grant], ours: frozenset[str]) -> list[str]:
    """`account 210987654321` of each principal that is not of ours; nobody where nobody knows which accounts are."""
    found = (_ACCOUNT.search(str(grant.principal)) for grant in grants if ours)
    return list(dict.fromkeys(f"account {match[1]}" for match in found if match and match[1] not in ours))


_ACCOUNT = re.compile(r":(\d{12}):")


def _is_perimeter(grant: Grant) -> bool:
    return any(clause.key in _PERIMETER for clause in grant.conditions)


def _is_open(grant: Grant, policy: Attached) -> bool:
    """Everybody is allowed, and no condition tells ours from others."""
    anybody = str(grant.principal) == "*" or grant.principal.negated
    limits = policy.kind.default == "full"
    return anybody and not any(_tells_ours(clause, limits=limits) for clause in grant.conditions)


def _is_anyone_of_a_provider(grant: Grant) -> bool:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html"""
    named = any(
        clause.key.endswith(":sub") and "Not" not in clause.operator and not _ANYTHING.intersection(clause.values)
        for clause in grant.conditions
    )
    return ":oidc-provider/" in str(grant.principal) and not named


def _tells_ours(clause: Clause, *, limits: bool) -> bool:
    """Whether a condition keeps others out. `limits`: an endpoint's policy, where it may say whose resources."""
    key = clause.key in _OURS or (limits and clause.key in _RESOURCES)
    loose = "Not" in clause.operator or clause.operator.endswith("IfExists") or clause.operator.startswith("ForAll")
    return key and not loose and clause.operator != "Null" and not _ANYTHING.intersection(clause.values)


def _is_unknown(grant: Grant) -> bool:
    texts = (*grant.action.patterns, *grant.resource.patterns, *grant.principal.patterns)
    return any(UNKNOWN in text for text in texts) or any(UNKNOWN in v for c in grant.conditions for v in c.values)
