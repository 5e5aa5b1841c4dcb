"""What a person does in Studio with SageMaker Python SDK 3.12.0; runs on one that has its core and `train`."""

from __future__ import annotations

import io
import uuid

import common
import numpy
import v3
from sagemaker.core.resources import Endpoint, EndpointConfig, Model, PipelineExecution
from sagemaker.core.shapes import ContainerDefinition, ProductionVariant

NAME = "endpoint-of-3-12"

with common.step("process"):
    v3.process()

with common.step("train without keys"):
    v3.train(role=v3.ROLE)

with common.step("train without a role"):
    v3.train(**v3.KEYS)

with common.step("train"):
    model = v3.train(**v3.KEYS, role=v3.ROLE)

with common.step("deploy"):
    defaults = v3.SESSION.sagemaker_config["SageMaker"]["Model"]
    container = ContainerDefinition(image=v3.IMAGE, model_data_url=model, environment={"SAGEMAKER_PROGRAM": "train.py"})
    Model.create(
        model_name=NAME,
        primary_container=container,
        execution_role_arn=v3.ROLE,
        enable_network_isolation=True,
        vpc_config={
            "subnets": defaults["VpcConfig"]["Subnets"],
            "security_group_ids": defaults["VpcConfig"]["SecurityGroupIds"],
        },
    )
    variant = ProductionVariant(
        variant_name="all", model_name=NAME, initial_instance_count=1, instance_type="ml.m5.large"
    )
    EndpointConfig.create(endpoint_config_name=NAME, production_variants=[variant], kms_key_id=v3.KEY)
    endpoint = Endpoint.create(endpoint_name=NAME, endpoint_config_name=NAME)
    endpoint.wait_for_status("InService")

with common.step("predict"):
    body = io.BytesIO()
    numpy.save(body, numpy.array([[1.0], [2.0]]))
    answer = endpoint.invoke(body=body.getvalue(), content_type="application/x-npy", accept="application/x-npy")
    common.say(numpy.load(io.BytesIO(answer.body.read())).tolist())

with common.step("delete"):
    endpoint.delete()
    EndpointConfig.get(endpoint_config_name=NAME).delete()
    Model.get(model_name=NAME).delete()

with common.step("pipeline"):
    unnamed = PipelineExecution(pipeline_execution_arn="")
    unnamed.start(pipeline_name=v3.PIPELINE, client_request_token=uuid.uuid4().hex)
    executions = PipelineExecution.get_all(pipeline_name=v3.PIPELINE, sort_by="CreationTime", sort_order="Descending")
    execution = next(executions)
    execution.refresh()
    common.say(execution.pipeline_execution_status)

with common.step("stop the pipeline"):
    execution.stop()

v3.SESSION.sagemaker_client.stop_pipeline_execution(
    PipelineExecutionArn=execution.pipeline_execution_arn, ClientRequestToken=uuid.uuid4().hex
)
