"""What a person does in Studio with the newest SageMaker Python SDK; runs on an interpreter that has it."""

from __future__ import annotations

import io

import common
import numpy
import v3
from sagemaker.core.resources import EndpointConfig
from sagemaker.mlops.workflow.pipeline import Pipeline
from sagemaker.serve import ModelBuilder
from sagemaker.train.configs import Networking

with common.step("process"):
    v3.process()

with common.step("train without keys"):
    v3.train()

with common.step("train"):
    model = v3.train(**v3.KEYS)

with common.step("deploy"):
    start = {"SAGEMAKER_PROGRAM": "train.py"}
    builder = ModelBuilder(
        image_uri=v3.IMAGE,
        s3_model_data_url=model,
        env_vars=start,
        role_arn=v3.ROLE,
        network=Networking(enable_network_isolation=True),
    )
    built = builder.build()
    endpoint = builder.deploy(instance_type="ml.m5.large", initial_instance_count=1)

with common.step("predict"):
    body = io.BytesIO()
    numpy.save(body, numpy.array([[1.0], [2.0]]))
    answer = endpoint.invoke(body=body.getvalue(), content_type="application/x-npy", accept="application/x-npy")
    common.say(numpy.load(io.BytesIO(answer.body.read())).tolist())

with common.step("delete"):
    config = EndpointConfig.get(endpoint_config_name=endpoint.endpoint_config_name)
    endpoint.delete()
    config.delete()
    built.delete()

with common.step("pipeline"):
    execution = Pipeline(name=v3.PIPELINE, sagemaker_session=v3.SESSION).start()
    common.say(execution.describe()["PipelineExecutionStatus"])
    execution.stop()
