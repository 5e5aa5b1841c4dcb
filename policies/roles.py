"""What is the same for every role, whom it trusts, and the policy of the smallest one."""

from __future__ import annotations

from policies.statement import Statement, allow, service, when
from sagekeep import names
from sagekeep.settings import Settings


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


def flow_logs(s: Settings) -> list[Statement]:
    """Write the VPC's flow logs into their group."""
    arn = names.log_group_arn(s, names.flow_log_group(s))
    write = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
    return [allow("WriteFlowLogs", write, on=[arn, f"{arn}:*"])]
