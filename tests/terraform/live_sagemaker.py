"""SageMaker's calls: action -> (client, method, maker of parameters)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import live_jobs as jobs
from live_jobs import present
from live_words import Asked

Params = Mapping[str, Any]
Form = tuple[str, str, Callable[[Asked], Params]]

_DEFINITION = json.dumps({"Version": "2020-12-01", "Parameters": [], "Steps": []})
_APP_TYPES = ("JupyterLab", "CodeEditor", "KernelGateway", "Canvas")
_TAGS = [{"Key": "x", "Value": "x"}]


def _endpoint(asked: Asked) -> Params:
    name = asked.name if asked.parts[0] == "endpoint" else asked.words["pipeline"]
    return {"EndpointName": name, "EndpointConfigName": f"{name}-x"}


def _encrypted(asked: Asked) -> Params:
    return {**jobs.endpoint_config(asked), "KmsKeyId": asked.words["data_key"]}


def _profile(asked: Asked) -> Params:
    kind, domain, name, *_ = asked.parts
    return {"DomainId": domain, "UserProfileName": name if kind == "user-profile" else asked.words["profile"]}


def _space(asked: Asked, **more: Any) -> Params:
    return {"DomainId": asked.parts[1], "SpaceName": asked.parts[2], **more}


def _new_space(asked: Asked) -> Params:
    owner = asked.key_of("sagemaker:OwnerUserProfileArn").rpartition("/")[2] or asked.words["profile"]
    return _space(
        asked,
        OwnershipSettings={"OwnerUserProfileName": owner},
        SpaceSharingSettings={"SharingType": asked.key_of("sagemaker:SpaceSharingType") or "Private"},
        SpaceSettings={"AppType": "JupyterLab", **_remote(asked)},
    )


def _changed_space(asked: Asked) -> Params:
    return _space(asked, **present(SpaceSettings=_remote(asked)))


def _remote(asked: Asked) -> dict[str, Any]:
    return present(RemoteAccess=asked.key_of("sagemaker:RemoteAccess"))


def _app(asked: Asked) -> Params:
    *_, kind, name = asked.parts
    app_type = next(one for one in _APP_TYPES if one.lower() == kind.lower())
    return _space(asked, AppType=app_type, AppName=name)


def _domain(asked: Asked) -> Params:
    return {"DomainId": asked.parts[1], **present(AppNetworkAccessType=asked.key_of("sagemaker:AppNetworkAccessType"))}


def _new_domain(asked: Asked) -> Params:
    return {
        "DomainName": "open",
        "AuthMode": "IAM",
        "DefaultUserSettings": {"ExecutionRole": asked.words["studio_role"]},
        "SubnetIds": list(asked.subnets),
        "VpcId": asked.words["vpc"],
        "AppNetworkAccessType": asked.key_of("sagemaker:AppNetworkAccessType"),
    }


def _notebook(asked: Asked) -> Params:
    return {
        "NotebookInstanceName": asked.name,
        "InstanceType": "ml.t3.medium",
        "RoleArn": asked.words["job_role"],
        "DirectInternetAccess": asked.key_of("sagemaker:DirectInternetAccess"),
    }


def _new_pipeline(asked: Asked) -> Params:
    passing = asked.action == "iam:PassRole"
    return {
        "PipelineName": asked.words["pipeline"] if passing else asked.name,
        "PipelineDefinition": _DEFINITION,
        "RoleArn": asked.resource if passing else asked.words["pipeline_role"],
        "ClientRequestToken": "x" * 32,
    }


def _pipeline(asked: Asked, **more: Any) -> Params:
    return {"PipelineName": asked.name, **more}


def _named(member: str) -> Callable[[Asked], Params]:
    return lambda asked: {member: asked.name}


def _whole(member: str) -> Callable[[Asked], Params]:
    return lambda asked: {member: asked.resource}


def _token(member: str) -> Callable[[Asked], Params]:
    return lambda asked: {member: asked.resource, "ClientRequestToken": "x" * 32}


def _nothing(_asked: Asked) -> Params:
    return {}


_CALLS: Mapping[str, tuple[str, Callable[[Asked], Params]]] = {
    "AddTags": ("add_tags", lambda a: {"ResourceArn": a.resource, "Tags": _TAGS}),
    "ListTags": ("list_tags", _whole("ResourceArn")),
    "CreateTrainingJob": ("create_training_job", jobs.training_job),
    "CreateProcessingJob": ("create_processing_job", jobs.processing_job),
    "CreateModel": ("create_model", jobs.model),
    "CreateEndpointConfig": ("create_endpoint_config", jobs.endpoint_config),
    "CreateHyperParameterTuningJob": ("create_hyper_parameter_tuning_job", jobs.tuning_job),
    "CreateAutoMLJobV2": ("create_auto_ml_job_v2", jobs.automl_job),
    "CreateCompilationJob": ("create_compilation_job", jobs.compilation_job),
    "CreateEdgePackagingJob": ("create_edge_packaging_job", jobs.edge_packaging_job),
    "CreateLabelingJob": ("create_labeling_job", jobs.labeling_job),
    "CreateInferenceRecommendationsJob": ("create_inference_recommendations_job", jobs.recommendations_job),
    "CreateOptimizationJob": ("create_optimization_job", jobs.optimization_job),
    "CreateEndpoint": ("create_endpoint", _endpoint),
    "UpdateEndpoint": ("update_endpoint", _endpoint),
    "DescribeEndpoint": ("describe_endpoint", _named("EndpointName")),
    "DeleteEndpoint": ("delete_endpoint", _named("EndpointName")),
    "DescribeEndpointConfig": ("describe_endpoint_config", _named("EndpointConfigName")),
    "DeleteEndpointConfig": ("delete_endpoint_config", _named("EndpointConfigName")),
    "DescribeModel": ("describe_model", _named("ModelName")),
    "DeleteModel": ("delete_model", _named("ModelName")),
    "DescribeProcessingJob": ("describe_processing_job", _named("ProcessingJobName")),
    "StopProcessingJob": ("stop_processing_job", _named("ProcessingJobName")),
    "DescribeTrainingJob": ("describe_training_job", _named("TrainingJobName")),
    "StopTrainingJob": ("stop_training_job", _named("TrainingJobName")),
    "CreatePresignedDomainUrl": ("create_presigned_domain_url", _profile),
    "CreateUserProfile": ("create_user_profile", _profile),
    "UpdateUserProfile": ("update_user_profile", _profile),
    "DescribeUserProfile": ("describe_user_profile", _profile),
    "CreateSpace": ("create_space", _new_space),
    "UpdateSpace": ("update_space", _changed_space),
    "DeleteSpace": ("delete_space", _space),
    "DescribeSpace": ("describe_space", _space),
    "CreateApp": ("create_app", _app),
    "DeleteApp": ("delete_app", _app),
    "DescribeApp": ("describe_app", _app),
    "CreateDomain": ("create_domain", _new_domain),
    "UpdateDomain": ("update_domain", _domain),
    "DescribeDomain": ("describe_domain", _domain),
    "CreateNotebookInstance": ("create_notebook_instance", _notebook),
    "CreatePipeline": ("create_pipeline", _new_pipeline),
    "UpdatePipeline": ("update_pipeline", lambda a: _pipeline(a, PipelineDefinition=_DEFINITION)),
    "DeletePipeline": ("delete_pipeline", lambda a: _pipeline(a, ClientRequestToken="x" * 32)),
    "DescribePipeline": ("describe_pipeline", _pipeline),
    "ListPipelineExecutions": ("list_pipeline_executions", _pipeline),
    "StartPipelineExecution": ("start_pipeline_execution", lambda a: _pipeline(a, ClientRequestToken="x" * 32)),
    "DescribePipelineExecution": ("describe_pipeline_execution", _whole("PipelineExecutionArn")),
    "DescribePipelineDefinitionForExecution": (
        "describe_pipeline_definition_for_execution",
        _whole("PipelineExecutionArn"),
    ),
    "ListPipelineExecutionSteps": ("list_pipeline_execution_steps", _whole("PipelineExecutionArn")),
    "ListPipelineParametersForExecution": ("list_pipeline_parameters_for_execution", _whole("PipelineExecutionArn")),
    "StopPipelineExecution": ("stop_pipeline_execution", _token("PipelineExecutionArn")),
    **{
        f"List{what}": (method, _nothing)
        for what, method in (
            ("Apps", "list_apps"),
            ("Domains", "list_domains"),
            ("Endpoints", "list_endpoints"),
            ("Models", "list_models"),
            ("Pipelines", "list_pipelines"),
            ("ProcessingJobs", "list_processing_jobs"),
            ("Spaces", "list_spaces"),
            ("TrainingJobs", "list_training_jobs"),
            ("UserProfiles", "list_user_profiles"),
        )
    },
}

SAGEMAKER: Mapping[str, Form] = {
    **{f"sagemaker:{operation}": ("sagemaker", *call) for operation, call in _CALLS.items()},
    "sagemaker:InvokeEndpoint": (
        "sagemaker-runtime",
        "invoke_endpoint",
        lambda a: {"EndpointName": a.name, "Body": b"x"},
    ),
}

# Handing over a role is part of another call: caller -> that call.
PASSING: Mapping[str, Form] = {
    "studio": ("sagemaker", "create_training_job", jobs.training_job),
    "pipeline": ("sagemaker", "create_training_job", jobs.training_job),
    "pipeline-manager": ("sagemaker", "create_pipeline", _new_pipeline),
}

# So is tagging what is being made: kind of resource -> that call.
TAGGING: Mapping[str, Form] = {
    "endpoint": ("sagemaker", "create_endpoint", lambda a: {**_endpoint(a), "Tags": _TAGS}),
    "endpoint-config": ("sagemaker", "create_endpoint_config", lambda a: {**_encrypted(a), "Tags": _TAGS}),
    "space": ("sagemaker", "create_space", lambda a: {**_new_space(a), "Tags": _TAGS}),
    "app": ("sagemaker", "create_app", lambda a: {**_app(a), "Tags": _TAGS}),
}
