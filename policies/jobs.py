"""Policies of the two roles of a pipeline run: the job role, which jobs and models work as, and the pipeline role."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policies import encryption, job_logs, key_grants
from policies.endpoints import PULL, image_repositories
from policies.statement import Condition, Statement, allow, when
from sagekeep import names
from sagekeep.settings import Settings

CREATE_JOBS = ("sagemaker:CreateProcessingJob", "sagemaker:CreateTrainingJob")
SDK = "sdk"  # prefix of what SageMaker's Python SDK uploads, and of the outputs that it names itself
KEY_USE = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*")


@dataclass(frozen=True)
class Placement:
    """Where jobs run and with which key; ids that AWS chose (Terraform tokens at synth)."""

    subnet_ids: tuple[str, ...]
    security_group_ids: tuple[str, ...]
    key_arn: str


def read_objects(sid: str, s: Settings, *prefixes: str) -> Statement:
    """Read objects of the data bucket under some prefixes."""
    return allow(sid, ["s3:GetObject"], on=_under(s, prefixes))


def write_objects(sid: str, s: Settings, *prefixes: str) -> Statement:
    """Write objects of the data bucket under some prefixes."""
    return allow(sid, ["s3:AbortMultipartUpload", "s3:PutObject"], on=_under(s, prefixes))


def list_bucket(s: Settings, *prefixes: str) -> Statement:
    """List the data bucket, but only under some prefixes."""
    only = [when("StringLike", "s3:prefix", [f"{prefix}/*" for prefix in prefixes])]
    return allow("ListItsPartsOfTheDataBucket", ["s3:ListBucket"], on=[names.bucket_arn(s, "data")], only=only)


def _under(s: Settings, prefixes: Sequence[str]) -> list[str]:
    return [f"{names.bucket_arn(s, 'data')}/{prefix}/*" for prefix in prefixes]


def use_key(sid: str, key_arn: str) -> Statement:
    """Encrypt and decrypt with one key."""
    return allow(sid, KEY_USE, on=[key_arn])


def grant_key(sid: str, s: Settings, key_arn: str) -> list[Statement]:
    """Let AWS services use one key for volumes (`key_grants`)."""
    ways = {sid: key_grants.FOR_AWS, f"{sid}ThroughServices": key_grants.through_services(s)}
    return [allow(name, ["kms:CreateGrant"], on=[key_arn], only=[way]) for name, way in ways.items()]


def pass_role(s: Settings, sid: str, purpose: str) -> Statement:
    """Hand one role to SageMaker (control I3)."""
    only = [when("StringEquals", "iam:PassedToService", "sagemaker.amazonaws.com")]
    return allow(sid, ["iam:PassRole"], on=[names.role_arn(s, purpose)], only=only)


def job_role(s: Settings, key_arn: str) -> list[Statement]:
    """What the containers' platform may do on behalf of a job or model; the scripts themselves have no credentials."""
    return [
        read_objects("ReadInputsCodeAndModels", s, "raw", "processed", "models", "code", SDK),
        write_objects("WriteOutputs", s, "processed", "models", "evaluation", SDK),
        list_bucket(s, "raw", "processed", "models", "code", "evaluation", SDK),
        use_key("UseTheDataKey", key_arn),
        *grant_key("LetVolumesUseTheDataKey", s, key_arn),
        allow("LogIntoEcr", ["ecr:GetAuthorizationToken"], on=["*"], why="the action has no resource form"),
        allow("PullTheImages", PULL, on=image_repositories(s)),
        *job_logs.write(s),
        allow(
            "PublishJobMetrics",
            ["cloudwatch:PutMetricData"],
            on=["*"],
            only=[when("StringLike", "cloudwatch:namespace", "/aws/sagemaker/*")],
            why="the action has no resource form; the namespace narrows it",
        ),
        allow(
            "AttachJobsToTheVpc",
            [
                "ec2:CreateNetworkInterface",
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
                "ec2:DeleteNetworkInterfacePermission",
                "ec2:DescribeDhcpOptions",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeVpcEndpoints",
                "ec2:DescribeVpcs",
            ],
            on=["*"],
            why="SageMaker refuses processing jobs whose role limits these (developer guide, SageMaker roles)",
        ),
    ]


def _in(values: Sequence[str], variable: str) -> list[Condition]:
    """The key is there, and every value is one of ours: ForAllValues alone holds when the key is absent."""
    return [when("ForAllValues:StringEquals", variable, values), when("Null", variable, "false")]


def in_our_vpc(place: Placement) -> list[Condition]:
    """Conditions that hold for a request in our subnets and groups."""
    return [
        *_in(place.subnet_ids, "sagemaker:VpcSubnets"),
        *_in(place.security_group_ids, "sagemaker:VpcSecurityGroupIds"),
    ]


def create_jobs(s: Settings, place: Placement, names_of_jobs: str) -> list[Statement]:
    """Create jobs and models, in our subnets, isolated and encrypted (controls M3, M4, M5).

    Whoever has this needs a denial of jobs that name no key: `unencrypted`, or the guardrails.
    """
    isolated = when("Bool", "sagemaker:NetworkIsolation", "true")
    encrypted = [
        *encryption.ours(encryption.VOLUME, place.key_arn),
        *encryption.ours(encryption.OUTPUT, place.key_arn),
        when("Bool", "sagemaker:InterContainerTrafficEncryption", "true"),
    ]
    return [
        allow(
            "CreateSealedJobs",
            CREATE_JOBS,
            on=_jobs(s, names_of_jobs),
            only=[*in_our_vpc(place), isolated, *encrypted],
        ),
        allow(
            "CreateIsolatedModels",
            ["sagemaker:CreateModel"],
            on=[names.arn(s, "sagemaker", f"model/{names_of_jobs}")],
            only=[*in_our_vpc(place), isolated],
        ),
        allow(
            "FollowJobsAndModels",
            [
                "sagemaker:DeleteModel",
                "sagemaker:DescribeModel",
                "sagemaker:DescribeProcessingJob",
                "sagemaker:DescribeTrainingJob",
                "sagemaker:StopProcessingJob",
                "sagemaker:StopTrainingJob",
            ],
            on=[*_jobs(s, names_of_jobs), names.arn(s, "sagemaker", f"model/{names_of_jobs}")],
        ),
    ]


def unencrypted(jobs: Sequence[str], configs: Sequence[str]) -> list[Statement]:
    """No job and no endpoint without a key of ours (controls M3, M5)."""
    volumes = [*CREATE_JOBS, "sagemaker:CreateEndpointConfig"]
    return [
        encryption.missing("DenyVolumesWithoutAKey", encryption.VOLUME, volumes, [*jobs, *configs]),
        encryption.missing("DenyOutputsWithoutAKey", encryption.OUTPUT, CREATE_JOBS, jobs),
    ]


def _jobs(s: Settings, job_names: str) -> list[str]:
    return [names.arn(s, "sagemaker", f"{kind}/{job_names}") for kind in ("processing-job", "training-job")]


def pipeline_role(s: Settings, place: Placement) -> list[Statement]:
    """What SageMaker Pipelines may do to run this one pipeline; it names jobs and models `pipelines-...`."""
    configs = names.arn(s, "sagemaker", f"endpoint-config/{s.pipeline.name}*")
    endpoint = names.arn(s, "sagemaker", f"endpoint/{s.pipeline.name}")
    made = [*_jobs(s, "pipelines-*"), names.arn(s, "sagemaker", "model/pipelines-*"), configs, endpoint]
    return [
        *create_jobs(s, place, "pipelines-*"),
        *unencrypted(_jobs(s, "pipelines-*"), [configs]),
        allow(
            "CreateEncryptedEndpointConfigs",
            ["sagemaker:CreateEndpointConfig"],
            on=[configs],
            only=encryption.ours(encryption.VOLUME, place.key_arn),
        ),
        allow(
            "KeepTheEndpointUpToDate",
            [
                "sagemaker:CreateEndpoint",
                "sagemaker:DeleteEndpointConfig",
                "sagemaker:DescribeEndpoint",
                "sagemaker:DescribeEndpointConfig",
                "sagemaker:UpdateEndpoint",
            ],
            on=[configs, endpoint],
        ),
        allow("TagWhatItCreates", ["sagemaker:AddTags", "sagemaker:ListTags"], on=made),
        pass_role(s, "PassTheJobRole", "job"),
        read_objects("ReadPropertyFiles", s, "evaluation"),
        use_key("UseTheDataKey", place.key_arn),
        *grant_key("LetVolumesUseTheDataKey", s, place.key_arn),
    ]
