"""Policy of the role that people work as in Studio."""

from __future__ import annotations

from policies.jobs import (
    Placement,
    create_jobs,
    grant_key,
    guardrails,
    list_bucket,
    pass_role,
    read_objects,
    use_key,
    write_objects,
)
from policies.statement import Statement, allow, when
from sagekeep import names
from sagekeep.settings import Settings

OWN_PROFILE = "&{sagemaker:DomainId}/&{sagemaker:UserProfileName}"


def studio_role(s: Settings, place: Placement, studio_key_arn: str) -> list[Statement]:
    """Spaces and apps of one's own, jobs inside our VPC, the pipeline, its endpoint, and the data bucket."""
    return [
        *_spaces_and_apps(s),
        *_data(s, place, studio_key_arn),
        *create_jobs(s, place, "*"),
        pass_role(s, "PassTheJobRole", "job"),
        *_pipeline(s),
        *guardrails(s),
    ]


def _domain_arns(s: Settings, *kinds: str) -> list[str]:
    return [names.arn(s, "sagemaker", f"{kind}/*") for kind in kinds]


def _spaces_and_apps(s: Settings) -> list[Statement]:
    return [
        allow(
            "SeeTheDomain",
            [
                "sagemaker:DescribeApp",
                "sagemaker:DescribeDomain",
                "sagemaker:DescribeSpace",
                "sagemaker:DescribeUserProfile",
                "sagemaker:ListTags",
            ],
            on=_domain_arns(s, "domain", "user-profile", "space", "app"),
        ),
        allow(
            "ListWhatStudioShows",
            [
                "sagemaker:ListApps",
                "sagemaker:ListDomains",
                "sagemaker:ListEndpoints",
                "sagemaker:ListModels",
                "sagemaker:ListPipelines",
                "sagemaker:ListProcessingJobs",
                "sagemaker:ListSpaces",
                "sagemaker:ListTrainingJobs",
                "sagemaker:ListUserProfiles",
            ],
            on=["*"],
            why="listing has no resource form; it shows names, and every Describe is limited",
        ),
        allow(
            "KeepPrivateSpaces",
            ["sagemaker:CreateSpace", "sagemaker:DeleteSpace", "sagemaker:UpdateSpace"],
            on=_domain_arns(s, "space"),
            only=[
                when(
                    "ArnLike", "sagemaker:OwnerUserProfileArn", names.arn(s, "sagemaker", f"user-profile/{OWN_PROFILE}")
                ),
                when("StringEquals", "sagemaker:SpaceSharingType", "Private"),
            ],
        ),
        allow(
            "RunAppsInPrivateSpaces",
            ["sagemaker:CreateApp", "sagemaker:DeleteApp"],
            on=_domain_arns(s, "app"),
            only=[
                when(
                    "ArnLike", "sagemaker:OwnerUserProfileArn", names.arn(s, "sagemaker", f"user-profile/{OWN_PROFILE}")
                ),
                when("StringEquals", "sagemaker:SpaceSharingType", "Private"),
            ],
        ),
        allow(
            "TagSpacesAndAppsWhenCreated",
            ["sagemaker:AddTags"],
            on=_domain_arns(s, "space", "app"),
            only=[when("Null", "sagemaker:TaggingAction", "false")],
        ),
        allow(
            "OpenTheirOwnStudio",
            ["sagemaker:CreatePresignedDomainUrl"],
            on=[names.arn(s, "sagemaker", f"user-profile/{OWN_PROFILE}")],
        ),
    ]


def _data(s: Settings, place: Placement, studio_key_arn: str) -> list[Statement]:
    group = names.log_group_arn(s, "/aws/sagemaker/studio")
    return [
        read_objects("ReadTheDataBucket", s, "raw", "processed", "models", "code", "evaluation"),
        write_objects("WriteDataModelsAndReports", s, "raw", "processed", "models", "code", "evaluation"),
        list_bucket(s, "raw", "processed", "models", "code", "evaluation"),
        use_key("UseTheDataKey", place.key_arn),
        grant_key("LetVolumesUseTheDataKey", place.key_arn),
        use_key("UseTheStudioKey", studio_key_arn),
        grant_key("LetAppsUseTheStudioKey", studio_key_arn),
        allow(
            "WriteStudioLogs",
            ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            on=[group, f"{group}:*"],
        ),
        allow(
            "ReadJobLogs",
            ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"],
            on=[f"{names.log_group_arn(s, '/aws/sagemaker/')}*"],
        ),
    ]


def _pipeline(s: Settings) -> list[Statement]:
    pipeline = names.pipeline_arn(s)
    return [
        allow(
            "RunThePipeline",
            [
                "sagemaker:DescribePipeline",
                "sagemaker:DescribePipelineDefinitionForExecution",
                "sagemaker:DescribePipelineExecution",
                "sagemaker:ListPipelineExecutionSteps",
                "sagemaker:ListPipelineExecutions",
                "sagemaker:ListPipelineParametersForExecution",
                "sagemaker:StartPipelineExecution",
                "sagemaker:StopPipelineExecution",
            ],
            on=[pipeline, f"{pipeline}/execution/*"],
        ),
        allow(
            "AskTheEndpoint",
            ["sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"],
            on=[names.arn(s, "sagemaker", f"endpoint/{s.pipeline.name}")],
        ),
    ]
