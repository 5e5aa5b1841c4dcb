"""The manager's role allows what the manager does, and nothing else."""

from __future__ import annotations

from adapter import Time, Wire
from clouds import SageMakerCloud
from pipeline_manager import manager
from pipeline_manager.configuration import PipelineConfiguration
from pipeline_manager.requests import Ownership, Upsert
from policies.functions import pipeline_manager
from sagekeep.settings import parse
from samples import sample

SETTINGS = parse({"prefix": "acme", "account_id": "123456789012", "region": "us-east-1"}, environment="test")


def test_the_manager_may_call_what_it_calls_in_a_pipelines_life_and_no_more() -> None:
    time = Time()
    cloud = SageMakerCloud(time)
    wire = Wire("sagemaker", cloud)
    name, endpoint = sample()["pipeline_name"], sample()["endpoint_name"]
    for document in (sample(), sample(seed=8, tags={"Project": "other"})):
        manager.run(Upsert(PipelineConfiguration.parse(document)), client=wire.client, budget=time.budget())
    cloud.run(name, 1, endpoint=endpoint)
    cloud.run(name, 2, status="Executing")
    gone = Ownership(pipeline_name=name, endpoint_name=endpoint, removal="destroy", terraform="delete")
    manager.run(gone, client=wire.client, budget=time.budget())
    assert (cloud.pipelines, cloud.endpoints, cloud.configs, cloud.models) == ({}, {}, {}, set())
    allowed = {action for statement in pipeline_manager(SETTINGS) for action in statement.actions}
    assert allowed == {f"sagemaker:{operation}" for operation in wire.operations()} | {"iam:PassRole"}
