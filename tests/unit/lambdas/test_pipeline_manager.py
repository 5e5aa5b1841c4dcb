"""Promises of create-or-update and of removal, against an account in memory."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from adapter import Time, Wire, arn, refusal
from clouds import SageMakerCloud
from pipeline_manager import manager
from pipeline_manager.configuration import PipelineConfiguration
from pipeline_manager.requests import Ownership, Upsert
from sagekeep_runtime.errors import FunctionError, OutOfTime
from sagekeep_runtime.retry import Budget
from samples import sample

NAME, ENDPOINT = sample()["pipeline_name"], sample()["endpoint_name"]


class World:
    def __init__(self) -> None:
        self.time = Time()
        self.cloud = SageMakerCloud(self.time)
        self.wire = Wire("sagemaker", self.cloud)

    def upsert(self, seconds: float = 900, **changes: Any) -> dict[str, Any]:
        request = Upsert(PipelineConfiguration.parse(sample(**changes)))
        return manager.run(request, client=self.wire.client, budget=self.time.budget(seconds))

    def own(self, terraform: str = "delete", removal: str = "destroy", seconds: float = 850) -> dict[str, Any]:
        request = Ownership(pipeline_name=NAME, endpoint_name=ENDPOINT, removal=removal, terraform=terraform)
        budget: Budget = self.time.budget(seconds)
        return manager.run(request, client=self.wire.client, budget=budget)


@pytest.fixture
def world() -> World:
    return World()


def test_a_missing_pipeline_is_created_with_tags_and_its_hash_is_answered(world: World) -> None:
    answer = world.upsert()
    live = world.cloud.pipelines[NAME]
    assert answer == {
        "status": "created",
        "pipeline_arn": arn("pipeline", NAME),
        "definition_sha256": hashlib.sha256(live["PipelineDefinition"].encode()).hexdigest(),
    }
    assert live["RoleArn"] == sample()["pipeline_role_arn"]
    assert world.cloud.tags[arn("pipeline", NAME)] == sample()["tags"]


def test_a_second_upsert_writes_nothing(world: World) -> None:
    first = world.upsert()
    world.wire.calls.clear()
    assert world.upsert() == {**first, "status": "unchanged"}
    assert world.wire.writes() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"seed": 8},
        {"pipeline_role_arn": "arn:aws:iam::123456789012:role/other"},
        {"description": "Other words"},
        {"tags": {"Project": "New", "Stage": "x"}},
    ],
)
def test_any_difference_is_brought_about_once(world: World, changes: dict[str, Any]) -> None:
    world.upsert()
    assert world.upsert(**changes)["status"] == "updated"
    assert world.upsert(**changes)["status"] == "unchanged"


def test_tags_of_others_stay(world: World) -> None:
    world.upsert()
    world.cloud.tags[arn("pipeline", NAME)] |= {"CostCentre": "42", "Project": "Wrong"}
    world.upsert()
    assert world.cloud.tags[arn("pipeline", NAME)] == {**sample()["tags"], "CostCentre": "42"}


def test_a_pipeline_changed_by_hand_is_put_right(world: World) -> None:
    world.upsert()
    world.cloud.pipelines[NAME]["PipelineDefinition"] = "{}"
    assert world.upsert()["status"] == "updated"
    assert world.upsert()["status"] == "unchanged"


def test_a_create_that_lost_the_race_becomes_an_update(world: World) -> None:
    rival = World()
    rival.upsert(seed=99)

    def rival_creates() -> None:
        world.cloud.pipelines[NAME] = rival.cloud.pipelines[NAME]
        world.cloud.tags = rival.cloud.tags

    world.wire.faults["CreatePipeline"] = [rival_creates]
    assert world.upsert()["status"] == "updated"
    assert world.upsert()["status"] == "unchanged"


def test_an_update_whose_pipeline_has_gone_becomes_a_create(world: World) -> None:
    world.upsert()
    world.wire.faults["UpdatePipeline"] = [world.cloud.pipelines.clear]
    assert world.upsert(seed=8)["status"] == "created"


def test_a_change_in_progress_is_waited_for(world: World) -> None:
    world.upsert()
    world.wire.faults["UpdatePipeline"] = [refusal("ConflictException", "busy"), refusal("ConflictException")]
    assert world.upsert(seed=8)["status"] == "updated"


def test_a_pipeline_that_is_being_deleted_is_waited_for_and_made_anew(world: World) -> None:
    world.upsert()
    world.own()
    world.upsert()
    world.wire.client.delete_pipeline(PipelineName=NAME)
    assert world.upsert(seed=8)["status"] == "created"


def test_a_role_that_has_not_spread_yet_is_waited_for(world: World) -> None:
    role = sample()["pipeline_role_arn"]
    world.wire.faults["CreatePipeline"] = [
        refusal("ValidationException", f"The role {role} cannot be assumed by sagemaker."),
        refusal("AccessDeniedException", "not authorized to perform: iam:PassRole"),
    ]
    assert world.upsert()["status"] == "created"
    assert 0 < world.time.slept <= 90


def test_a_refusal_that_stays_is_raised_within_the_settling_time(world: World) -> None:
    world.wire.faults["CreatePipeline"] = [refusal("AccessDeniedException", "no") for _ in range(50)]
    with pytest.raises(ClientError, match="AccessDeniedException"):
        world.upsert()
    assert 60 < world.time.slept <= 90


def test_a_refusal_is_raised_before_the_function_is_out_of_time(world: World) -> None:
    world.wire.faults["CreatePipeline"] = [refusal("AccessDeniedException", "no") for _ in range(50)]
    with pytest.raises(ClientError):
        world.upsert(seconds=20)
    assert world.time.slept <= 20


def test_a_request_that_aws_calls_wrong_is_not_repeated(world: World) -> None:
    world.wire.faults["CreatePipeline"] = [refusal("ValidationException", "Unable to parse pipeline definition.")]
    with pytest.raises(ClientError, match="Unable to parse"):
        world.upsert()
    assert world.time.slept == 0


def test_a_definition_over_the_limit_is_refused_in_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "MAX_DEFINITION_CHARACTERS", 1000)
    with pytest.raises(FunctionError, match="SageMaker takes at most 1,000"):
        world.upsert()
    assert world.wire.calls == []


# Removal


@pytest.mark.parametrize("terraform", ["create", "update"])
def test_owning_does_nothing_until_terraform_deletes(world: World, terraform: str) -> None:
    assert world.own(terraform) == {"status": "owned"}
    assert world.wire.calls == []


def test_destroy_removes_all_that_any_execution_made_and_then_the_pipeline(world: World) -> None:
    world.upsert()
    for number in range(5):
        world.cloud.run(NAME, number, endpoint=ENDPOINT)
    answer = world.own()
    cloud = world.cloud
    assert (cloud.endpoints, cloud.configs, cloud.models, cloud.pipelines) == ({}, {}, set(), {})
    assert (len(answer["models"]), len(answer["endpoint_configs"]), answer["left"]) == (5, 5, [])
    order = list(dict.fromkeys(world.wire.writes()))
    assert order[1:] == ["DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel", "DeletePipeline"]


def test_destroy_stops_what_runs_and_removes_what_it_made_while_stopping(world: World) -> None:
    world.upsert()
    world.cloud.run(NAME, 1, endpoint=ENDPOINT, status="Executing")
    world.cloud.run(NAME, 2, status="Stopping")
    world.cloud.executions[NAME][0]["PipelineExecutionStatus"] = "Executing"
    world.own()
    assert world.cloud.pipelines == world.cloud.endpoints == {}
    assert world.wire.operations().count("StopPipelineExecution") == 2


def test_an_execution_started_meanwhile_is_stopped_too(world: World) -> None:
    world.upsert()

    def somebody_starts_one() -> None:
        world.cloud.run(NAME, 9, status="Executing")

    world.wire.faults["DeletePipeline"] = [somebody_starts_one]
    world.own()
    assert world.cloud.pipelines == {}


def test_an_endpoint_that_is_updating_is_waited_for(world: World) -> None:
    world.upsert()
    world.cloud.run(NAME, 1, endpoint=ENDPOINT)
    world.cloud.endpoints[ENDPOINT]["EndpointStatus"] = "Updating"
    world.cloud.after(120, lambda: world.cloud.endpoints[ENDPOINT].update(EndpointStatus="InService"))
    world.own()
    assert world.cloud.endpoints == {}


def test_an_endpoint_with_capitals_is_found_though_its_arn_has_none(world: World) -> None:
    world.upsert()
    world.cloud.run(NAME, 1, endpoint="Acme-Churn")
    request = Ownership(pipeline_name=NAME, endpoint_name="Acme-Churn", removal="destroy", terraform="delete")
    answer = manager.run(request, client=world.wire.client, budget=world.time.budget())
    assert answer["endpoints"] == ["Acme-Churn"]
    assert world.cloud.endpoints == {}


def test_an_sdk_that_drops_endpoint_metadata_still_finds_the_endpoint_by_its_models(world: World) -> None:
    world.upsert()
    execution = world.cloud.run(NAME, 1, endpoint=ENDPOINT)
    for step in world.cloud.steps[execution]:
        for key in ("Endpoint", "EndpointConfig"):
            step["Metadata"].pop(key, None)
    world.own()
    assert (world.cloud.endpoints, world.cloud.configs, world.cloud.models) == ({}, {}, set())


def test_an_endpoint_of_somebody_else_is_left_and_named(world: World) -> None:
    world.upsert()
    world.cloud.configs["theirs"] = "their-model"
    world.cloud.endpoints[ENDPOINT] = {"EndpointStatus": "InService", "EndpointConfigName": "theirs"}
    assert world.own()["left"] == [f"endpoint/{ENDPOINT}"]
    assert list(world.cloud.endpoints) == [ENDPOINT]


def test_removal_can_be_repeated_and_finds_nothing_to_do(world: World) -> None:
    world.upsert()
    world.cloud.run(NAME, 1, endpoint=ENDPOINT)
    world.own()
    world.wire.calls.clear()
    assert world.own()["status"] == "deleted"
    assert world.wire.writes() == []


def test_removal_goes_on_after_parts_have_been_deleted_by_hand(world: World) -> None:
    world.upsert()
    for number in range(2):
        world.cloud.run(NAME, number, endpoint=ENDPOINT)
    world.cloud.endpoints.clear()
    world.cloud.configs.clear()
    world.cloud.models.pop()
    world.own()
    assert world.cloud.models == set()


def test_retain_stops_executions_and_deletes_nothing(world: World) -> None:
    world.upsert()
    world.cloud.run(NAME, 1, endpoint=ENDPOINT)
    world.cloud.run(NAME, 2, status="Executing")
    assert world.own(removal="retain") == {"status": "retained"}
    assert NAME in world.cloud.pipelines
    assert ENDPOINT in world.cloud.endpoints
    assert not [name for name in world.wire.writes() if name.startswith("Delete")]
    assert {item["PipelineExecutionStatus"] for item in world.cloud.executions[NAME]} == {"Succeeded", "Stopped"}


def test_out_of_time_says_what_is_left_and_the_next_call_goes_on(world: World) -> None:
    world.upsert()
    world.cloud.run(NAME, 1, endpoint=ENDPOINT)
    with pytest.raises(OutOfTime, match=f"endpoint {ENDPOINT} is Deleting, and the function's time is over"):
        world.own(seconds=12)
    assert world.own()["status"] == "deleted"
    assert world.cloud.pipelines == {}
