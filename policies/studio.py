"""Policies of the roles that people work as in Studio: the domain's, and one of each user where the settings say so.

Beside it each role has the guardrails (`stacks/parts/guardrails.py`), which deny whatever these allow too much.
"""

from __future__ import annotations

from dataclasses import dataclass

from policies import encryption, sign_in
from policies.jobs import (
    SDK,
    Placement,
    create_jobs,
    grant_key,
    list_bucket,
    pass_role,
    read_objects,
    use_key,
    write_objects,
)
from policies.statement import Statement, allow, deny, when
from sagekeep import catalog, names
from sagekeep.settings import Settings

PREFIXES = ("raw", "processed", "models", "code", "evaluation", SDK)
SEE_A_DOMAIN = (
    "sagemaker:DescribeApp",
    "sagemaker:DescribeDomain",
    "sagemaker:DescribeSpace",
    "sagemaker:DescribeUserProfile",
    "sagemaker:ListTags",
)


@dataclass(frozen=True)
class Owner:
    """Whose role it is: the user of a domain, or with neither, whoever works in an app."""

    domain_id: str = ""
    user: str = ""

    def profile_arn(self, s: Settings) -> str:
        """ARN of the user profile; SageMaker says in an app's session whose it is (`sagemaker:UserProfileName`)."""
        profile = f"{self.domain_id}/{self.user}" if self.user else "&{sagemaker:DomainId}/&{sagemaker:UserProfileName}"
        return names.arn(s, "sagemaker", f"user-profile/{profile}")

    def arns(self, s: Settings, *kinds: str) -> list[str]:
        """ARNs of everything of some kinds in the domain; a role that the domain waits for cannot know its id."""
        ids = {"domain": self.domain_id} if self.user else {}
        below = f"{self.domain_id}/*" if self.user else "*"
        return [names.arn(s, "sagemaker", f"{kind}/{ids.get(kind, below)}") for kind in kinds]

    def apps(self, s: Settings, *types: str) -> list[str]:
        """ARNs of apps of some types only; AWS writes the type in ARNs now as it is, now in lower case."""
        domain = self.domain_id if self.user else "*"
        spellings = [spelling for type_ in types for spelling in (type_, type_.lower())]
        return [names.arn(s, "sagemaker", f"app/{domain}/*/{spelling}/*") for spelling in spellings]


WHOEVER = Owner()


@dataclass(frozen=True)
class Studio:
    """Where jobs run that are started in Studio, the domain's key, and its VPC."""

    place: Placement
    key_arn: str
    vpc_id: str


def studio_role(s: Settings, studio: Studio, owner: Owner = WHOEVER) -> list[Statement]:
    """Spaces and apps of one's own, the pipeline, its endpoint, and the data bucket.

    `jobs_of_ones_own` and `endpoints_of_ones_own` come beside it: a role's inline policy has no room for them.
    """
    return [
        *_spaces_and_apps(s, owner),
        *_data(s, studio, owner.user),
        *_pipeline(s),
    ]


def whole_role(s: Settings, studio: Studio, owner: Owner = WHOEVER) -> list[Statement]:
    """All that a role in Studio may do, in one list: what a role of somebody else's must have."""
    shared = (*jobs_of_ones_own(s, studio.place), *endpoints_of_ones_own(s, studio.place))
    return [*studio_role(s, studio, owner), *shared]


def jobs_of_ones_own(s: Settings, place: Placement) -> list[Statement]:
    """Jobs and models in our VPC, isolated and encrypted, under any name, as the job role."""
    return [*create_jobs(s, place, "*"), pass_role(s, "PassTheJobRole", "job")]


def _spaces_and_apps(s: Settings, owner: Owner) -> list[Statement]:
    own = [
        when("ArnLike", "sagemaker:OwnerUserProfileArn", owner.profile_arn(s)),
        when("StringEquals", "sagemaker:SpaceSharingType", "Private"),
    ]
    return [
        allow(
            "SeeTheDomain",
            SEE_A_DOMAIN,
            on=owner.arns(s, "domain", "user-profile", "space", "app"),
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
            on=owner.arns(s, "space"),
            only=own,
        ),
        allow("RunAppsThatShutDown", ["sagemaker:CreateApp"], on=owner.apps(s, *names.SDK_DEFAULTS), only=own),
        allow("StopAppsInPrivateSpaces", ["sagemaker:DeleteApp"], on=owner.arns(s, "app"), only=own),
        allow(
            "TagSpacesAndAppsWhenCreated",
            ["sagemaker:AddTags"],
            on=owner.arns(s, "space", "app"),
            only=[when("Null", "sagemaker:TaggingAction", "false")],
        ),
        *sign_in.open_studio(s, owner.profile_arn(s)),
    ]


def _data(s: Settings, studio: Studio, user: str) -> list[Statement]:
    group = names.log_group_arn(s, "/aws/sagemaker/studio")
    prefixes = (*PREFIXES, names.users_place(user)) if user else PREFIXES
    return [
        read_objects("ReadTheDataBucket", s, *prefixes),
        write_objects("WriteDataModelsAndReports", s, *prefixes),
        list_bucket(s, *prefixes),
        use_key("UseTheDataKey", studio.place.key_arn),
        *grant_key("LetVolumesUseTheDataKey", s, studio.place.key_arn),
        use_key("UseTheStudioKey", studio.key_arn),
        *grant_key("LetAppsUseTheStudioKey", s, studio.key_arn),
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


def endpoints_of_ones_own(s: Settings, place: Placement) -> list[Statement]:
    """What `deploy` of SageMaker's Python SDK does; the pipeline's endpoint stays the pipeline's.

    An account can have endpoints of others: the names are those that the SDK gives, `endpoint-` in version 3 and the
    image's in version 2, and those that begin with the environment's prefix.
    """
    images = catalog.images()
    repositories = (repository for _, repository in images.repositories())
    starts = dict.fromkeys(["endpoint", s.prefix, *repositories])
    endpoints, configs = (
        [names.arn(s, "sagemaker", f"{kind}/{start}-*") for start in starts] for kind in ("endpoint", "endpoint-config")
    )
    return [
        allow(
            "CreateEncryptedEndpointConfigs",
            ["sagemaker:CreateEndpointConfig"],
            on=configs,
            only=encryption.ours(encryption.VOLUME, place.key_arn),
        ),
        allow(
            "KeepEndpointsOfOnesOwn",
            [
                "sagemaker:CreateEndpoint",
                "sagemaker:DeleteEndpoint",
                "sagemaker:DeleteEndpointConfig",
                "sagemaker:DescribeEndpoint",
                "sagemaker:DescribeEndpointConfig",
                "sagemaker:InvokeEndpoint",
            ],
            on=[*endpoints, *configs],
        ),
        allow(
            "TagEndpointsWhenCreated",
            ["sagemaker:AddTags"],
            on=[*endpoints, *configs],
            only=[when("Null", "sagemaker:TaggingAction", "false")],
        ),
        deny(
            "LeaveThePipelinesEndpointAlone",
            [
                "sagemaker:CreateEndpoint",
                "sagemaker:CreateEndpointConfig",
                "sagemaker:DeleteEndpoint",
                "sagemaker:DeleteEndpointConfig",
            ],
            on=[
                names.arn(s, "sagemaker", f"endpoint/{s.pipeline.name}"),
                names.arn(s, "sagemaker", f"endpoint-config/{s.pipeline.name}*"),
            ],
        ),
    ]
