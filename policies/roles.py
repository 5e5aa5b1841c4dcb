"""What is the same for every role, whom it trusts, and the policy of the smallest one."""

from __future__ import annotations

from collections.abc import Sequence

from policies.statement import Condition, Principal, Statement, allow, service, when
from sagekeep import names
from sagekeep.settings import Settings

STUDIO_USER = "StudioUser"  # the tag of a person's session that names their user profile


def trust(s: Settings, principal: str) -> list[Statement]:
    """Let one service, such as `lambda.amazonaws.com`, assume a role, for resources of this account only (control I4).

    The confused deputy is another account's resource.
    """
    only = [when("StringEquals", "aws:SourceAccount", s.account_id)]
    # Lambda's service sends no source ARN when it assumes an execution role for a function that is being created.
    if principal == "sagemaker.amazonaws.com":
        only.append(when("ArnLike", "aws:SourceArn", names.arn(s, "sagemaker", "*")))
    if principal == "vpc-flow-logs.amazonaws.com":
        only.append(when("ArnLike", "aws:SourceArn", names.arn(s, "ec2", "vpc-flow-log/*")))
    return [allow("TrustTheServiceForThisAccount", ["sts:AssumeRole"], on=(), to=service(principal), only=only)]


def trust_people(s: Settings, principals: Sequence[str]) -> list[Statement]:
    """Let some principals of the account assume a role for people.

    The account is the principal, and aws:PrincipalArn narrows it: IAM refuses roles that do not exist, and a role that
    is made anew would be shut out. So whoever assumes the role needs sts:AssumeRole on it in their own policy as well.

    MFA is asked of IAM users. Sessions of roles carry no aws:MultiFactorAuthPresent: there the identity provider asks
    (IAM user guide, MFA-protected API access).
    """
    account = Principal("AWS", (names.account_root(s),))
    users, others = [p for p in principals if ":user/" in p], [p for p in principals if ":user/" not in p]
    mfa = [when("Bool", "aws:MultiFactorAuthPresent", "true")] if s.personas.require_mfa else []
    by_roles = [when("ArnLike", "aws:PrincipalArn", sorted(others))]
    by_users = [when("ArnLike", "aws:PrincipalArn", sorted(users)), *mfa]
    rows: list[tuple[str, Sequence[str], list[Condition]]] = [
        ("TrustNamedRoles", others, by_roles),
        ("TrustNamedUsers", users, by_users),
    ]
    statements = [allow(sid, ["sts:AssumeRole"], on=(), to=account, only=only) for sid, who, only in rows if who]
    return [*statements, *_own_profile_only(account)]


def _own_profile_only(account: Principal) -> list[Statement]:
    """A session says whose it is with the tag that its principal has already, never with another.

    The principal's tag is the account's to give: a tag of the user or role, or an attribute that the identity provider
    sends (IAM user guide, session tags). `&{...}` is Terraform's way to write IAM's `${...}`. Neither statement lets
    anybody assume the role.
    """
    own = when("StringEquals", f"aws:RequestTag/{STUDIO_USER}", f"&{{aws:PrincipalTag/{STUDIO_USER}}}")
    no_other = when("ForAllValues:StringEquals", "aws:TagKeys", STUDIO_USER)
    same = when("StringEquals", "sts:SourceIdentity", "&{aws:SourceIdentity}")
    return [
        allow("CarryTheOwnStudioUserOn", ["sts:TagSession"], on=(), to=account, only=[own, no_other]),
        # A session that has a source identity cannot assume a role that does not let it keep it.
        allow("CarryTheSourceIdentityOn", ["sts:SetSourceIdentity"], on=(), to=account, only=[same]),
    ]


def flow_logs(s: Settings) -> list[Statement]:
    """Write the VPC's flow logs into their group, which exists: the role never makes one that nobody encrypts.

    VPC user guide, IAM role for publishing flow logs to CloudWatch Logs.
    """
    arn = names.log_group_arn(s, names.flow_log_group(s))
    write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return [
        allow("WriteFlowLogs", write, on=[arn, f"{arn}:*"]),
        allow(
            "FindTheirGroup",
            ["logs:DescribeLogGroups"],
            on=["*"],
            why="the action has no resource form; it shows names of groups, no logs",
        ),
    ]
