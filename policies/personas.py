"""Policies of the roles that people work as outside Studio: data scientist, ML engineer, administrator, auditor.

They are assumed from outside the VPC, and data stay inside: none of them reads or writes an object of the data bucket,
whose own policy would refuse it as well. Beside it each role has Studio's guardrails (`stacks/parts/guardrails.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from policies import audit, job_logs, sign_in
from policies.jobs import grant_key, pass_role
from policies.roles import STUDIO_USER
from policies.statement import Statement, allow, deny, when
from policies.studio import SEE_A_DOMAIN, Studio
from sagekeep import names
from sagekeep.settings import Settings

WATCH = (
    "sagemaker:DescribePipeline",
    "sagemaker:DescribePipelineDefinitionForExecution",
    "sagemaker:DescribePipelineExecution",
    "sagemaker:ListPipelineExecutionSteps",
    "sagemaker:ListPipelineExecutions",
    "sagemaker:ListPipelineParametersForExecution",
)
DATA = ("s3:DeleteObject*", "s3:GetObject*", "s3:PutObject*", "sagemaker:InvokeEndpoint*")
POLICIES_AND_KEYS = (
    "iam:Add*",
    "iam:Attach*",
    "iam:Create*",
    "iam:Delete*",
    "iam:Detach*",
    "iam:Put*",
    "iam:Remove*",
    "iam:Set*",
    "iam:Update*",
    "kms:Decrypt",
    "kms:DisableKey*",
    "kms:GenerateDataKey*",
    "kms:PutKeyPolicy",
    "kms:RetireGrant",
    "kms:RevokeGrant",
    "kms:ScheduleKeyDeletion",
    "s3:DeleteBucket*",
    "s3:PutBucket*",
    "s3:PutEncryptionConfiguration",
)


@dataclass(frozen=True)
class Surroundings:
    """The Studio domain, the security group of its apps, and what else apps and jobs run in."""

    domain_id: str
    group_id: str
    studio: Studio


def data_scientist(s: Settings, around: Surroundings) -> list[Statement]:
    """Open one's own Studio, start runs and watch them, ask the endpoint, read logs."""
    return [
        *_own_studio(s, around),
        *_runs(s),
        allow("AskTheEndpoint", ["sagemaker:DescribeEndpoint", "sagemaker:InvokeEndpoint"], on=[_endpoint(s)]),
    ]


def ml_engineer(s: Settings, around: Surroundings) -> list[Statement]:
    """As a data scientist, and besides change and stop runs and the endpoint, and look at models."""
    pipeline = names.pipeline_arn(s)
    return [
        *data_scientist(s, around),
        allow(
            "ChangeAndStopRuns",
            [
                "sagemaker:RetryPipelineExecution",
                "sagemaker:StopPipelineExecution",
                "sagemaker:UpdatePipelineExecution",
            ],
            on=[f"{pipeline}/execution/*"],
        ),
        allow("StopJobsOfRuns", ["sagemaker:StopProcessingJob", "sagemaker:StopTrainingJob"], on=_jobs_of_runs(s)),
        *_endpoints(s, around, "sagemaker:DeleteEndpoint", "sagemaker:UpdateEndpoint"),
        allow(
            "LookAtModels", ["sagemaker:DescribeModel", "sagemaker:ListTags"], on=[_sagemaker(s, "model/pipelines-*")]
        ),
    ]


def administrator(s: Settings, around: Surroundings) -> list[Statement]:
    """Manage the domain, its profiles, spaces and apps, and endpoints; neither data nor policies nor keys.

    Nor open anybody's Studio, and so no role of a single user is handed out: that would be a way to their place.
    """
    profile, space, app = (_sagemaker(s, f"{kind}/{around.domain_id}/*") for kind in ("user-profile", "space", "app"))
    domain = _sagemaker(s, f"domain/{around.domain_id}")
    groups = when("ForAnyValue:StringNotEquals", "sagemaker:VpcSecurityGroupIds", around.group_id)
    return [
        *_see(s, around),
        allow("KeepTheDomain", ["sagemaker:UpdateDomain"], on=[domain]),
        allow(
            "KeepProfiles",
            ["sagemaker:CreateUserProfile", "sagemaker:DeleteUserProfile", "sagemaker:UpdateUserProfile"],
            on=[profile],
        ),
        allow(
            "TidySpacesAndApps",
            ["sagemaker:DeleteApp", "sagemaker:DeleteSpace", "sagemaker:UpdateSpace"],
            on=[space, app],
        ),
        allow(
            "TagProfilesWhenCreated",
            ["sagemaker:AddTags"],
            on=[profile],
            only=[when("Null", "sagemaker:TaggingAction", "false")],
        ),
        pass_role(s, "GiveProfilesTheDomainsRole", "studio"),
        *_endpoints(
            s,
            around,
            "sagemaker:CreateEndpoint",
            "sagemaker:DeleteEndpoint",
            "sagemaker:DescribeEndpoint",
            "sagemaker:UpdateEndpoint",
        ),
        deny(
            "DenyAppsInOtherGroups",
            ["sagemaker:CreateUserProfile", "sagemaker:UpdateDomain", "sagemaker:UpdateUserProfile"],
            on=[domain, profile],
            given=[groups],
        ),
        deny("DenyDataAndOthersStudios", [*DATA, "sagemaker:CreatePresignedDomainUrl"], on=["*"]),
        deny("DenyChangesOfPoliciesAndKeys", POLICIES_AND_KEYS, on=["*"]),
    ]


def auditor(s: Settings, _around: Surroundings) -> list[Statement]:
    """Read configuration, policies and logs, change nothing, and see no data."""
    stores = [f"{names.bucket_arn(s, purpose)}/*" for purpose in ("data", "state")]
    return [
        *audit.read_configuration(s),
        *audit.read_logs(s),
        deny("DenyDataAndState", ["s3:GetObject*"], on=stores),
        deny(
            "DenyUse",
            ["kms:Decrypt", "kms:GenerateDataKey*", "sagemaker:CreatePresigned*", "sagemaker:InvokeEndpoint*"],
            on=["*"],
        ),
    ]


POLICIES: dict[str, Callable[[Settings, Surroundings], list[Statement]]] = {
    "data-scientist": data_scientist,
    "ml-engineer": ml_engineer,
    "administrator": administrator,
    "auditor": auditor,
}
DESCRIPTIONS = {
    "data-scientist": "People who open their Studio, start runs and ask the endpoint",
    "ml-engineer": "People who look after runs, models and the endpoint",
    "administrator": "People who manage the Studio domain and endpoints, without data",
    "auditor": "People who read configuration, policies and logs, without data",
}


def _sagemaker(s: Settings, resource: str) -> str:
    return names.arn(s, "sagemaker", resource)


def _endpoint(s: Settings) -> str:
    return _sagemaker(s, f"endpoint/{s.pipeline.name}")


def _jobs_of_runs(s: Settings) -> list[str]:
    return [_sagemaker(s, f"{kind}/pipelines-*") for kind in ("processing-job", "training-job")]


def _see(s: Settings, around: Surroundings) -> list[Statement]:
    d = around.domain_id
    seen = [f"domain/{d}", f"user-profile/{d}/*", f"space/{d}/*", f"app/{d}/*"]
    return [
        allow(
            "SeeTheDomain",
            SEE_A_DOMAIN,
            on=[_sagemaker(s, resource) for resource in seen],
        ),
        allow(
            "ListWhatTheConsoleShows",
            [
                "sagemaker:ListApps",
                "sagemaker:ListDomains",
                "sagemaker:ListEndpoints",
                "sagemaker:ListModels",
                "sagemaker:ListPipelines",
                "sagemaker:ListSpaces",
                "sagemaker:ListUserProfiles",
            ],
            on=["*"],
            why="listing has no resource form; it shows names, and every Describe is limited",
        ),
    ]


def _own_studio(s: Settings, around: Surroundings) -> list[Statement]:
    """The profile that the session's tag names; the role's trust lets nobody choose another's tag."""
    profile = _sagemaker(s, f"user-profile/{around.domain_id}/&{{aws:PrincipalTag/{STUDIO_USER}}}")
    return [*_see(s, around), *sign_in.open_studio(s, profile)]


def _runs(s: Settings) -> list[Statement]:
    pipeline = names.pipeline_arn(s)
    groups = [names.log_group_arn(s, name) for name in (*job_logs.JOB_GROUPS.values(), job_logs.endpoint_group(s))]
    return [
        allow("StartRuns", ["sagemaker:StartPipelineExecution"], on=[pipeline]),
        allow("WatchRuns", WATCH, on=[pipeline, f"{pipeline}/execution/*"]),
        allow(
            "WatchJobsOfRuns", ["sagemaker:DescribeProcessingJob", "sagemaker:DescribeTrainingJob"], on=_jobs_of_runs(s)
        ),
        allow(
            "ReadLogsOfRuns",
            ["logs:DescribeLogStreams", "logs:FilterLogEvents", "logs:GetLogEvents"],
            on=[form for group in groups for form in (group, f"{group}:*")],
        ),
    ]


def _endpoints(s: Settings, around: Surroundings, *changes: str) -> list[Statement]:
    """SageMaker makes grants for the volumes of an endpoint in its caller's name (developer guide, API permissions)."""
    configs = _sagemaker(s, f"endpoint-config/{s.pipeline.name}*")
    return [
        allow(
            "KeepTheEndpoint",
            [
                *changes,
                "sagemaker:DescribeEndpointConfig",
                "sagemaker:UpdateEndpointWeightsAndCapacities",
            ],
            on=[_endpoint(s), configs],
        ),
        *grant_key("LetVolumesUseTheDataKey", s, around.studio.place.key_arn),
    ]
