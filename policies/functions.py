"""Policies of the functions' roles: what each function does, and what Lambda needs to run it."""

from __future__ import annotations

from policies.jobs import pass_role, read_objects
from policies.statement import Statement, allow, deny, when
from sagekeep import names
from sagekeep.settings import Settings

INTERFACES = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
)


def run(s: Settings, purpose: str, logs_key_arn: str) -> list[Statement]:
    """What Lambda needs to run any of the functions: its own log group, its environment's key, traces."""
    group = names.log_group_arn(s, names.function_log_group(s, purpose))
    return [
        allow("WriteItsOwnLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], on=[f"{group}:*"]),
        allow("ReadItsEnvironment", ["kms:Decrypt"], on=[logs_key_arn]),
        allow(
            "SendTraces",
            ["xray:PutTelemetryRecords", "xray:PutTraceSegments"],
            on=["*"],
            why="the actions have no resource form",
        ),
    ]


def attach_to_vpc(s: Settings, purpose: str) -> list[Statement]:
    """Let Lambda, but not the function's code, make the network interfaces of a function in the VPC."""
    code = [when("ArnEquals", "lambda:SourceFunctionArn", names.function_arn(s, purpose))]
    return [
        allow(
            "AttachTheFunctionToTheVpc",
            INTERFACES,
            on=["*"],
            why="Lambda checks these without naming subnets (Lambda developer guide, execution role for VPC functions)",
        ),
        deny("KeepItsCodeFromNetworkInterfaces", INTERFACES, on=["*"], given=code),
    ]


def pipeline_manager(s: Settings) -> list[Statement]:
    """Keep one pipeline up to date; when it goes, remove what it made."""
    pipeline = names.pipeline_arn(s)
    endpoint = names.arn(s, "sagemaker", f"endpoint/{s.pipeline.name}")
    configs = names.arn(s, "sagemaker", f"endpoint-config/{s.pipeline.name}*")
    models = names.arn(s, "sagemaker", "model/pipelines-*")
    return [
        allow(
            "KeepThePipeline",
            [
                "sagemaker:AddTags",
                "sagemaker:CreatePipeline",
                "sagemaker:DeletePipeline",
                "sagemaker:DescribePipeline",
                "sagemaker:ListPipelineExecutions",
                "sagemaker:ListTags",
                "sagemaker:UpdatePipeline",
            ],
            on=[pipeline],
        ),
        allow(
            "StopItsExecutions",
            ["sagemaker:ListPipelineExecutionSteps", "sagemaker:StopPipelineExecution"],
            on=[f"{pipeline}/execution/*"],
        ),
        allow(
            "RemoveWhatItMade",
            [
                "sagemaker:DeleteEndpoint",
                "sagemaker:DeleteEndpointConfig",
                "sagemaker:DeleteModel",
                "sagemaker:DescribeEndpoint",
                "sagemaker:DescribeEndpointConfig",
            ],
            on=[endpoint, configs, models],
        ),
        pass_role(s, "PassThePipelineRole", "pipeline"),
    ]


def pipeline_reader(s: Settings) -> list[Statement]:
    """Read one pipeline."""
    return [allow("ReadThePipeline", ["sagemaker:DescribePipeline"], on=[names.pipeline_arn(s)])]


def data_seed(s: Settings, data_key_arn: str) -> list[Statement]:
    """Put one object where no data is yet, and take that one away."""
    bucket = names.bucket_arn(s, "data")
    return [
        allow("SeeWhetherDataIsThere", ["s3:ListBucket"], on=[bucket], only=[when("StringLike", "s3:prefix", "raw/*")]),
        read_objects("ReadTheSeed", s, "raw"),
        allow("WriteAndDeleteTheSeed", ["s3:DeleteObject", "s3:PutObject"], on=[f"{bucket}/{names.SEED}"]),
        allow("UseTheDataKey", ["kms:Decrypt", "kms:GenerateDataKey"], on=[data_key_arn]),
    ]


def job_sweeper(s: Settings, vpc_id: str) -> list[Statement]:
    """See what SageMaker still has in the network; delete what it left unused there, where the network is ours."""
    vpc = f"arn:{s.partition}:ec2:{s.region}:{s.account_id}:vpc/{vpc_id}"
    interfaces = f"arn:{s.partition}:ec2:{s.region}:{s.account_id}:network-interface/*"
    found = [
        allow(
            "FindInterfacesAndEndpoints",
            ["ec2:DescribeNetworkInterfaces", "sagemaker:ListEndpoints"],
            on=["*"],
            why="describing interfaces and listing have no resource form",
        ),
        allow(
            "SeeWhatEndpointsWorkAs",
            ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel"],
            on=[names.arn(s, "sagemaker", f"{kind}/*") for kind in ("endpoint", "endpoint-config", "model")],
        ),
    ]
    if s.existing.vpc is None:
        only = [when("ArnEquals", "ec2:Vpc", vpc)]
        found.append(allow("DeleteUnusedInterfaces", ["ec2:DeleteNetworkInterface"], on=[interfaces], only=only))
    return found


def studio_sweeper(s: Settings, vpc_id: str) -> list[Statement]:
    """Remove apps and spaces of a domain that goes, and the two NFS groups that Studio leaves in the VPC."""
    group = f"arn:{s.partition}:ec2:{s.region}:{s.account_id}:security-group/*"
    vpc = f"arn:{s.partition}:ec2:{s.region}:{s.account_id}:vpc/{vpc_id}"
    return [
        allow(
            "FindWhatIsLeft",
            [
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "sagemaker:ListApps",
                "sagemaker:ListSpaces",
            ],
            on=["*"],
            why="describing groups and listing have no resource form",
        ),
        allow(
            "RemoveAppsAndSpaces",
            [
                "sagemaker:DeleteApp",
                "sagemaker:DeleteSpace",
                "sagemaker:DescribeApp",
                "sagemaker:DescribeDomain",
                "sagemaker:DescribeSpace",
            ],
            on=[names.arn(s, "sagemaker", f"{kind}/*") for kind in ("app", "space", "domain")],
        ),
        allow(
            "RemoveTheNfsGroups",
            ["ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"],
            on=[group],
            only=[when("ArnEquals", "ec2:Vpc", vpc)],
        ),
    ]
