"""What an auditor reads: configuration, policies and logs of the environment, by their names."""

from __future__ import annotations

from policies import job_logs
from policies.statement import Statement, allow, when
from sagekeep import names
from sagekeep.settings import Settings

READ_BUCKETS = (
    "s3:GetBucketAcl",
    "s3:GetBucketLocation",
    "s3:GetBucketLogging",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicy",
    "s3:GetBucketPolicyStatus",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:GetBucketVersioning",
    "s3:GetEncryptionConfiguration",
    "s3:GetLifecycleConfiguration",
)
READ_KEYS = (
    "kms:DescribeKey",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListResourceTags",
)
READ_ROLES = (
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListAttachedRolePolicies",
    "iam:ListRolePolicies",
    "iam:ListRoleTags",
)
# Reads of these services name no resource (Service Authorization Reference of each).
READ_WITHOUT_RESOURCE = (
    "cloudtrail:LookupEvents",
    "cloudwatch:DescribeAlarms",
    "ec2:DescribeFlowLogs",
    "ec2:DescribeNetworkAcls",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpoints",
    "ec2:DescribeVpcs",
    "events:ListRules",
    "iam:ListRoles",
    "kms:ListAliases",
    "kms:ListKeys",
    "lambda:ListFunctions",
    "logs:DescribeLogGroups",
    "s3:ListAllMyBuckets",
    "sagemaker:List*",
)


def read_configuration(s: Settings) -> list[Statement]:
    """Settings and policies of what the environment consists of."""
    keys = names.arn(s, "kms", "key/*")
    ours = when("ForAnyValue:StringLike", "kms:ResourceAliases", names.key_alias(s, "*"))
    functions = [names.function_arn(s, purpose) for purpose in names.FUNCTIONS]
    roles = [names.role_arn(s, purpose) for purpose in names.roles(s) if purpose not in names.user_roles(s)]
    roles += [users] if (users := names.users_roles_arn(s)) else []
    return [
        allow("ReadSageMakersConfiguration", ["sagemaker:Describe*"], on=[names.arn(s, "sagemaker", "*")]),
        allow("ReadRolesAndTheirPolicies", READ_ROLES, on=roles),
        allow("ReadBucketsSettings", READ_BUCKETS, on=[names.bucket_arn(s, purpose) for purpose in names.buckets(s)]),
        allow("ReadKeysPolicies", READ_KEYS, on=[keys], only=[ours]),
        allow("ReadFunctionsSettings", ["lambda:GetFunctionConfiguration", "lambda:GetPolicy"], on=functions),
        allow(
            "ReadRulesTopicsAndQueues",
            [
                "events:DescribeRule",
                "events:ListTargetsByRule",
                "sns:GetTopicAttributes",
                "sns:ListSubscriptionsByTopic",
                "sqs:GetQueueAttributes",
            ],
            on=[
                names.arn(s, "events", f"rule/{names.name(s, '*')}"),
                *(names.arn(s, service, names.name(s, "*")) for service in ("sns", "sqs")),
                *([names.topic_arn(s)] if s.existing.topic else []),
            ],
        ),
        allow(
            "SeeWhatHasNoResourceForm",
            READ_WITHOUT_RESOURCE,
            on=["*"],
            why="these reads name no resource; they show settings and names, no data",
        ),
    ]


def read_logs(s: Settings) -> list[Statement]:
    """Logs of functions, jobs, endpoint and VPC, and the buckets' access logs."""
    groups = [f"{names.log_group_arn(s, start)}*" for start in names.log_group_starts(s)]
    groups += [
        form
        for name in (*job_logs.JOB_GROUPS.values(), job_logs.endpoint_group(s))
        for form in (names.log_group_arn(s, name), f"{names.log_group_arn(s, name)}:*")
    ]
    read = allow("ReadLogs", ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"], on=groups)
    stores = [names.bucket_arn(s, purpose) for purpose in sorted(names.buckets(s)) if purpose.endswith("-logs")]
    if not stores:
        return [read]
    return [
        read,
        allow("ListAccessLogs", ["s3:ListBucket"], on=stores),
        allow("ReadAccessLogs", ["s3:GetObject"], on=[f"{store}/*" for store in stores]),
    ]
