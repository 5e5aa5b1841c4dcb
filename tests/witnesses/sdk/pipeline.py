"""Builds the pipeline with SageMaker's Python SDK, as a person would; runs where that SDK is.

Reads a JSON list on standard input, each item the configuration of one environment, as the manager gets it, and answers
with a line `=== [DOCUMENT, ...]`: the definitions that the SDK would send to CreatePipeline.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import boto3
from sagemaker.core.network import NetworkConfig
from sagemaker.core.processing import Processor
from sagemaker.core.shapes import (
    ProcessingInput,
    ProcessingOutput,
    ProcessingS3Input,
    ProcessingS3Output,
    StoppingCondition,
    Tag,
)
from sagemaker.core.training.configs import Compute, InputData, Networking, OutputDataConfig
from sagemaker.core.workflow.execution_variables import ExecutionVariables
from sagemaker.core.workflow.functions import Join
from sagemaker.core.workflow.parameters import ParameterInteger, ParameterString
from sagemaker.core.workflow.pipeline_context import PipelineSession
from sagemaker.mlops.workflow.endpoint_step import EndpointConfigStep, EndpointStep
from sagemaker.mlops.workflow.model_step import ModelStep
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.mlops.workflow.retry import (
    SageMakerJobExceptionTypeEnum,
    SageMakerJobStepRetryPolicy,
    StepExceptionTypeEnum,
    StepRetryPolicy,
)
from sagemaker.mlops.workflow.steps import CacheConfig, ProcessingStep, TrainingStep
from sagemaker.serve import ModelBuilder
from sagemaker.train import ModelTrainer

CACHE = CacheConfig(enable_caching=True, expire_after="P1D")
CALLS = StepRetryPolicy(
    [StepExceptionTypeEnum.SERVICE_FAULT, StepExceptionTypeEnum.THROTTLING], interval_seconds=10, max_attempts=5
)
JOBS = SageMakerJobStepRetryPolicy(
    failure_reason_types=[SageMakerJobExceptionTypeEnum.INTERNAL_ERROR, SageMakerJobExceptionTypeEnum.CAPACITY_ERROR],
    interval_seconds=60,
    max_attempts=3,
)
PROCESSING = "/opt/ml/processing"
# What whoever writes the pipeline with the SDK has to know of the containers.
PRESETS = [
    "best_quality", "extreme_quality", "good_quality", "high_quality", "ignore_text", "interpretable", "medium_quality",
    "optimize_for_deployment",
]  # fmt: skip
START_TRAINING = {
    "sagemaker_program": "train.py",
    "sagemaker_submit_directory": "/opt/ml/input/data/code",
    "sagemaker_toolkit_native_launcher_enabled": "true",
}
START_SERVING = {
    "SAGEMAKER_PROGRAM": "inference.py",
    "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
    "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
    "SAGEMAKER_MODEL_SERVER_TIMEOUT": "900",
    "TS_DEFAULT_STARTUP_TIMEOUT": "900",
    "TS_MAX_REQUEST_SIZE": "26214400",
    "TS_MAX_RESPONSE_SIZE": "26214400",
}
STARTUP_SECONDS = 900


class Builder:
    """The steps of one environment, in the order in which each takes what the one before has made."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.root = f"s3://{facts['bucket']}"
        self.code = f"{self.root}/{facts['code_prefix']}"
        self.vpc = {"subnets": sorted(facts["subnet_ids"]), "security_group_ids": sorted(facts["security_group_ids"])}
        self.tags = [{"Key": key, "Value": value} for key, value in sorted(facts["tags"].items())] or None
        self.session = PipelineSession(
            boto_session=boto3.Session(region_name="us-east-1"), default_bucket=facts["bucket"], sagemaker_config={}
        )
        self.data = ParameterString("InputDataUri", default_value=f"{self.root}/raw/default/")
        self.label = ParameterString("Label", default_value=facts["label"])
        self.presets = ParameterString("Presets", default_value=facts["presets"], enum_values=PRESETS)
        self.limit = ParameterInteger("TimeLimitSeconds", default_value=facts["time_limit_seconds"])

    def definition(self) -> dict[str, Any]:
        """The document."""
        preprocess = self.preprocess()
        train = self.train(preprocess.properties.ProcessingOutputConfig.Outputs["train"].S3Output.S3Uri)
        model = self.model(train.properties.ModelArtifacts.S3ModelArtifacts)
        config = self.config(model.properties.ModelName)
        endpoint = self.endpoint(config.properties.EndpointConfigName)
        pipeline = Pipeline(
            name=self.facts["pipeline_name"],
            parameters=[self.data, self.label, self.presets, self.limit],
            steps=[preprocess, train, model, config, endpoint],
            sagemaker_session=self.session,
        )
        return dict(json.loads(pipeline.definition()))

    def under_execution(self, prefix: str, *names: str) -> Join:
        """A place in the bucket that no other execution has."""
        return Join(on="/", values=[f"{self.root}/{prefix}", ExecutionVariables.PIPELINE_EXECUTION_ID, *names])

    def preprocess(self) -> ProcessingStep:
        facts, key = self.facts, self.facts["kms_key_arn"]
        processor = Processor(
            role=facts["job_role_arn"],
            image_uri=facts["images"]["process"],
            entrypoint=["python3", f"{PROCESSING}/input/code/preprocess.py"],
            instance_count=1,
            instance_type=facts["instances"]["process"],
            volume_size_in_gb=facts["volume_gib"]["process"],
            volume_kms_key=key,
            output_kms_key=key,
            max_runtime_in_seconds=facts["max_runtime_seconds"]["process"],
            network_config=NetworkConfig(
                enable_network_isolation=True, encrypt_inter_container_traffic=True, **self.vpc
            ),
            tags=self.tags,
            sagemaker_session=self.session,
        )
        arguments = [Join(on="", values=["--label=", self.label]), "--seed", str(facts["seed"])]
        arguments += ["--test-fraction", repr(facts["test_fraction"])]
        arguments += ["--problem-type", facts["problem_type"]] if facts["problem_type"] else []
        ran = processor.run(
            inputs=[self._input("data", self.data), self._input("code", f"{self.code}/preprocess/")],
            outputs=[self._output("train"), self._output("test")],
            arguments=arguments,
        )
        return ProcessingStep("Preprocess", step_args=ran, cache_config=CACHE, retry_policies=[CALLS, JOBS])

    def train(self, rows: object) -> TrainingStep:
        facts, key = self.facts, self.facts["kms_key_arn"]
        trainer = ModelTrainer(
            role=facts["job_role_arn"],
            training_image=facts["images"]["train"],
            compute=Compute(
                instance_type=facts["instances"]["train"],
                instance_count=1,
                volume_size_in_gb=facts["volume_gib"]["train"],
                volume_kms_key_id=key,
            ),
            networking=Networking(
                enable_network_isolation=True, enable_inter_container_traffic_encryption=True, **self.vpc
            ),
            output_data_config=OutputDataConfig(s3_output_path=self.under_execution("models"), kms_key_id=key),
            stopping_condition=StoppingCondition(max_runtime_in_seconds=facts["max_runtime_seconds"]["train"]),
            hyperparameters=self._hyperparameters(),
            tags=[Tag(key=tag["Key"], value=tag["Value"]) for tag in self.tags or ()] or None,
            sagemaker_session=self.session,
        )
        channels = [
            InputData(channel_name="train", data_source=rows, content_type="text/csv"),
            InputData(channel_name="code", data_source=f"{self.code}/train/"),
            InputData(channel_name="serving", data_source=f"{self.code}/inference/"),
        ]
        trained = trainer.train(input_data_config=channels)
        return TrainingStep("Train", step_args=trained, cache_config=CACHE, retry_policies=[CALLS, JOBS])

    def model(self, artifact: object) -> ModelStep:
        facts = self.facts
        builder = ModelBuilder(
            image_uri=facts["images"]["inference"],
            s3_model_data_url=artifact,
            env_vars=START_SERVING,
            role_arn=facts["job_role_arn"],
            network=Networking(enable_network_isolation=True, **self.vpc),
            sagemaker_session=self.session,
        )
        return ModelStep("CreateModel", step_args=builder.build(tags=self.tags), retry_policies=[CALLS])

    def config(self, model: object) -> EndpointConfigStep:
        facts = self.facts
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": model,
            "InitialInstanceCount": facts["instance_counts"]["endpoint"],
            "InstanceType": facts["instances"]["endpoint"],
            "InitialVariantWeight": 1.0,
            "ContainerStartupHealthCheckTimeoutInSeconds": STARTUP_SECONDS,
        }
        made = self.session.create_endpoint_config(
            name=facts["endpoint_name"], production_variants=[variant], kms_key=facts["kms_key_arn"], tags=self.tags
        )
        return EndpointConfigStep("EndpointConfig", step_args=made, retry_policies=[CALLS])

    def endpoint(self, config: object) -> EndpointStep:
        made = self.session.create_endpoint(endpoint_name=self.facts["endpoint_name"], config_name=config)
        return EndpointStep("Endpoint", step_args=made)

    def _hyperparameters(self) -> dict[str, Any]:
        facts = self.facts
        found = START_TRAINING | {
            "label": Join(on="", values=['"', self.label, '"']),
            "seed": facts["seed"],
            "presets": self.presets,
            "time_limit": self.limit.to_string(),
        }
        return found | ({"problem_type": facts["problem_type"]} if facts["problem_type"] else {})

    @staticmethod
    def _input(name: str, uri: object) -> ProcessingInput:
        source = ProcessingS3Input(
            s3_uri=uri,
            local_path=f"{PROCESSING}/input/{name}",
            s3_data_type="S3Prefix",
            s3_input_mode="File",
            s3_data_distribution_type="FullyReplicated",
            s3_compression_type="None",
        )
        return ProcessingInput(input_name=name, s3_input=source)

    def _output(self, name: str) -> ProcessingOutput:
        target = ProcessingS3Output(
            s3_uri=self.under_execution("processed", name),
            local_path=f"{PROCESSING}/output/{name}",
            s3_upload_mode="EndOfJob",
        )
        return ProcessingOutput(output_name=name, s3_output=target)


def no_network(event: str, _: tuple[Any, ...]) -> None:
    """Refuses look-ups and connections: AWS_ENDPOINT_URL does not keep the SDK's telemetry from a bucket of AWS."""
    if event in ("socket.getaddrinfo", "socket.connect", "socket.sendto"):
        raise OSError("the definition is built without a network")


if __name__ == "__main__":
    sys.addaudithook(no_network)
    documents = [Builder(facts).definition() for facts in json.load(sys.stdin)]
    sys.stdout.write(f"\n=== {json.dumps(documents)}\n")
