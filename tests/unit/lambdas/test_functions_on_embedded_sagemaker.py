"""The functions against the tool's own SageMaker, which refuses what AWS refuses."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings

from adapter import Time
from embedded import CALLER, VPC, Embedded
from pipeline_manager import manager
from pipeline_manager.configuration import PipelineConfiguration
from pipeline_manager.definition import build_definition
from pipeline_manager.requests import Ownership, Upsert
from pipeline_reader.reader import describe
from samples import ROLE, documents, sample
from studio_sweeper.domain import sweep_domain

NAME, ENDPOINT = sample()["pipeline_name"], sample()["endpoint_name"]


class World:
    def __init__(self) -> None:
        self.time = Time()
        self.embedded = Embedded(self.time)
        self.client = self.embedded.wire.client

    def upsert(self, document: dict[str, Any]) -> str:
        request = Upsert(PipelineConfiguration.parse(document))
        return manager.run(request, client=self.client, budget=self.time.budget())["status"]

    def remove(self, removal: str = "destroy") -> dict[str, Any]:
        request = Ownership(pipeline_name=NAME, endpoint_name=ENDPOINT, removal=removal, terraform="delete")
        return manager.run(request, client=self.client, budget=self.time.budget())

    def execute(self) -> None:
        """What an execution of the pipeline makes, with the arguments of its own steps."""
        definition = build_definition(PipelineConfiguration.parse(sample()))
        arguments = {step["Name"]: step["Arguments"] for step in definition["Steps"]}
        runs = self.embedded.service.executions
        run = runs.insert(NAME, CALLER)
        model, config = f"pipelines-{run[-12:]}-createmodel", f"{ENDPOINT}-{run[-12:]}"
        data = f"s3://{sample()['bucket']}/models/x/model.tar.gz"
        container = arguments["CreateModel"]["PrimaryContainer"] | {"ModelDataUrl": data}
        made_model = self.client.create_model(
            **arguments["CreateModel"] | {"ModelName": model, "PrimaryContainer": container}
        )
        variant = arguments["EndpointConfig"]["ProductionVariants"][0] | {"ModelName": model}
        made_config = self.client.create_endpoint_config(
            **arguments["EndpointConfig"] | {"EndpointConfigName": config, "ProductionVariants": [variant]}
        )
        change = self.client.update_endpoint if self.client.list_endpoints()["Endpoints"] else None
        endpoint = (change or self.client.create_endpoint)(EndpointName=ENDPOINT, EndpointConfigName=config)
        for name, kind, arn in (
            ("CreateModel", "Model", made_model["ModelArn"]),
            ("EndpointConfig", "EndpointConfig", made_config["EndpointConfigArn"]),
            ("Endpoint", "Endpoint", endpoint["EndpointArn"]),
        ):
            runs.add_step(run, name, kind)
            runs.move_step(run, name, "Succeeded", metadata={kind: {"Arn": arn}})
        runs.move(run, "Succeeded")
        self.time.sleep(10)


@pytest.fixture
def world() -> World:
    return World()


@settings(max_examples=15, deadline=None)
@given(documents())
def test_every_configuration_makes_a_pipeline_that_the_service_takes(document: dict[str, Any]) -> None:
    world = World()
    assert world.upsert(document) == "created"
    assert world.upsert(document) == "unchanged"
    event = {"action": "describe", "configuration": document}
    answer = describe(event, client=lambda: world.client)
    assert (answer["status"], answer["in_sync"], answer["reason"]) == ("live", True, "")


def test_changes_are_made_and_seen(world: World) -> None:
    world.upsert(sample())
    changed = sample(seed=8, tags={"Project": "New"})
    event = {"action": "describe", "configuration": changed}
    assert describe(event, client=lambda: world.client)["in_sync"] is False
    assert world.upsert(changed) == "updated"
    assert describe(event, client=lambda: world.client)["in_sync"] is True
    assert world.upsert(changed) == "unchanged"


def test_a_role_that_does_not_exist_yet_is_waited_for(world: World) -> None:
    account = world.embedded.account
    account.unknown_roles.add(f"{ROLE}pipeline")
    world.time.watchers.append(account.unknown_roles.clear)
    assert world.upsert(sample()) == "created"
    assert world.time.slept > 0


def test_destroy_leaves_nothing_of_three_executions(world: World) -> None:
    world.upsert(sample())
    for _ in range(3):
        world.execute()
    world.embedded.service.executions.insert(NAME, CALLER)
    answer = world.remove()
    assert (len(answer["models"]), len(answer["endpoint_configs"]), answer["left"]) == (3, 3, [])
    client = world.client
    assert client.list_endpoints()["Endpoints"] == []
    assert client.list_endpoint_configs()["EndpointConfigs"] == []
    assert client.list_models()["Models"] == []
    assert client.list_pipelines()["PipelineSummaries"] == []
    world.time.sleep(10)
    world.client.list_endpoints()
    assert world.embedded.account.interfaces == {}
    assert world.remove()["status"] == "deleted"


def test_retain_keeps_all_that_serves(world: World) -> None:
    world.upsert(sample())
    world.execute()
    running = world.embedded.service.executions.insert(NAME, CALLER)
    assert world.remove("retain") == {"status": "retained"}
    assert world.client.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"] == "InService"
    assert world.client.describe_pipeline(PipelineName=NAME)["PipelineStatus"] == "Active"
    stopped = world.client.describe_pipeline_execution(PipelineExecutionArn=running)
    assert stopped["PipelineExecutionStatus"] == "Stopped"


def test_a_domain_with_spaces_and_apps_can_be_deleted_after_the_sweep(world: World) -> None:
    client, role = world.client, sample()["job_role_arn"]
    defaults = {"ExecutionRole": role, "SecurityGroups": ["sg-0aaa"]}
    domain = client.create_domain(
        DomainName="acme",
        AuthMode="IAM",
        VpcId=VPC,
        SubnetIds=["subnet-0aaa"],
        AppNetworkAccessType="VpcOnly",
        DefaultUserSettings=defaults,
        DefaultSpaceSettings=defaults,
    )["DomainId"]
    world.time.sleep(10)
    client.create_user_profile(DomainId=domain, UserProfileName="weirdion")
    world.time.sleep(10)
    for number in range(3):
        client.create_space(
            DomainId=domain,
            SpaceName=f"space{number}",
            SpaceSettings={"AppType": "JupyterLab"},
            OwnershipSettings={"OwnerUserProfileName": "weirdion"},
            SpaceSharingSettings={"SharingType": "Private"},
        )
        world.time.sleep(10)
        client.create_app(
            DomainId=domain,
            SpaceName=f"space{number}",
            AppType="JupyterLab",
            AppName="default",
            ResourceSpec={"InstanceType": "ml.t3.medium"},
        )
    with pytest.raises(ClientError):
        client.delete_user_profile(DomainId=domain, UserProfileName="weirdion")
    swept = sweep_domain(domain, sagemaker=client, budget=world.time.budget())
    assert (len(swept["apps"]), swept["spaces"]) == (3, ["space0", "space1", "space2"])
    client.delete_user_profile(DomainId=domain, UserProfileName="weirdion")
    assert sweep_domain("d-absent", sagemaker=client, budget=world.time.budget())["apps"] == []
