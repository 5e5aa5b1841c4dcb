"""Endpoints on a platform: model servers that come, fail, replace each other and go."""

from __future__ import annotations

from typing import Any

import pytest

from sagekeep.local.sagemaker import AwsError, Permission, Variant
from sagekeep.local.sagemaker.platform import FAILED, ServerState
from tests.local.fake_platform import RunningAccount
from tests.local.fake_world import ACCOUNT, Account

VPC = {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}
VARIANT = {"VariantName": "v", "ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
UNHEALTHY = "The primary container for production variant v did not pass the ping health check."


@pytest.fixture
def account() -> RunningAccount:
    account = RunningAccount()
    account.model(VpcConfig=VPC)
    account.config()
    account.config("c2", ProductionVariants=[VARIANT | {"InitialInstanceCount": 2}])
    account("CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    return account


def describe(account: RunningAccount) -> dict[str, Any]:
    return account("DescribeEndpoint", EndpointName="e")


def update(account: RunningAccount, config: str = "c2") -> None:
    account("UpdateEndpoint", EndpointName="e", EndpointConfigName=config)


def serving(account: RunningAccount) -> str:
    """The endpoint is in service; the id of its server."""
    account.platform.serve()
    account.wait()
    return account.sagemaker.variant("e").server_id


def test_an_endpoint_is_creating_until_its_server_is_in_service(account: RunningAccount) -> None:
    account.wait(3600)
    assert describe(account)["EndpointStatus"] == "Creating"
    (server,) = account.platform.servers.values()
    assert (server.endpoint, server.variant, server.model["ModelName"]) == ("e", "v", "m")
    with pytest.raises(AwsError, match=f"Endpoint e of account {ACCOUNT} not found") as refusal:
        account.sagemaker.variant("e")
    assert (refusal.value.code, refusal.value.status) == ("ValidationError", 400)
    assert serving(account) == server.id
    endpoint = describe(account)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "c")
    assert endpoint["ProductionVariants"][0]["CurrentInstanceCount"] == 1


def test_the_configuration_gives_the_container_its_time_to_start(account: RunningAccount) -> None:
    (usual,) = account.platform.servers.values()
    account.config("patient", ProductionVariants=[VARIANT | {"ContainerStartupHealthCheckTimeoutInSeconds": 900}])
    account("CreateEndpoint", EndpointName="p", EndpointConfigName="patient")
    patient = next(server for server in account.platform.servers.values() if server.endpoint == "p")
    assert (usual.startup_seconds, patient.startup_seconds) == (0, 900)


def test_an_endpoint_whose_server_fails_is_failed_and_holds_nothing(account: RunningAccount) -> None:
    account.platform.serve(but=UNHEALTHY)
    account.wait()
    endpoint = describe(account)
    assert (endpoint["EndpointStatus"], endpoint["FailureReason"]) == ("Failed", UNHEALTHY)
    assert account.platform.alive() == []
    account.interfaces_go()
    assert account.world.interfaces == {}
    with pytest.raises(AwsError, match="in status Failed: delete it"):
        update(account)
    account("DeleteEndpoint", EndpointName="e")
    account.wait(5)
    account("CreateEndpoint", EndpointName="e", EndpointConfigName="c")


def test_an_update_replaces_the_old_server_when_the_new_one_is_in_service(account: RunningAccount) -> None:
    old = serving(account)
    update(account)
    assert (describe(account)["EndpointStatus"], describe(account)["EndpointConfigName"]) == ("Updating", "c")
    assert account.sagemaker.variant("e").server_id == old
    assert len(account.world.interfaces) == 3  # both, while both run
    new = serving(account)
    assert account.platform.alive() == [new] != [old]
    assert (describe(account)["EndpointStatus"], describe(account)["EndpointConfigName"]) == ("InService", "c2")
    account.interfaces_go()
    assert len(account.world.interfaces) == 2


def test_an_update_that_fails_leaves_the_old_configuration_in_service(account: RunningAccount) -> None:
    old = serving(account)
    update(account)
    account.platform.serve(but=UNHEALTHY)
    account.wait()
    endpoint = describe(account)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "c")
    assert endpoint["FailureReason"] == UNHEALTHY
    assert account.platform.alive() == [old]
    assert account.sagemaker.variant("e").server_id == old
    account.interfaces_go()
    assert len(account.world.interfaces) == 1
    account.config("c3")
    update(account, "c3")
    serving(account)
    assert "FailureReason" not in describe(account)


def test_an_endpoint_in_progress_is_left_alone(account: RunningAccount) -> None:
    with pytest.raises(AwsError, match="Cannot update in-progress endpoint"):
        update(account)
    with pytest.raises(AwsError, match="Cannot update in-progress endpoint"):
        account("DeleteEndpoint", EndpointName="e")


def test_deleting_stops_the_servers_and_nothing_answers(account: RunningAccount) -> None:
    serving(account)
    account("DeleteEndpoint", EndpointName="e")
    assert account.platform.alive() == []
    with pytest.raises(AwsError, match="not found"):
        account.sagemaker.variant("e")
    account.wait(5)
    assert account("ListEndpoints")["Endpoints"] == []
    account.interfaces_go()
    assert account.world.interfaces == {}


def test_a_server_that_dies_is_started_again_once(account: RunningAccount) -> None:
    first = serving(account)
    account("DeleteModel", ModelName="m")  # the endpoint goes on with what it was made from
    account.platform.server_states[first] = ServerState(FAILED, "out of memory")
    account.wait()
    second = account.sagemaker.variant("e").server_id
    assert second != first
    assert account.platform.alive() == [second]
    assert account.platform.servers[second].model == account.platform.servers[first].model
    endpoint = describe(account)
    assert (endpoint["EndpointStatus"], endpoint["FailureReason"]) == ("InService", "out of memory")
    account.platform.server_states[second] = ServerState(FAILED, "out of memory")
    account.wait()
    assert len(account.platform.servers) == 2
    assert account.sagemaker.variant("e").server_id == second


def test_every_variant_has_a_server_and_is_chosen_by_weight_or_name(account: RunningAccount) -> None:
    names = {"a": 1.0, "b": 0.0, "c": 2.0}
    variants = [VARIANT | {"VariantName": name, "InitialVariantWeight": weight} for name, weight in names.items()]
    account.config("many", ProductionVariants=variants)
    serving(account)
    update(account, "many")
    serving(account)
    assert len(account.platform.alive()) == 3
    drawn = {account.sagemaker.variant("e").name for _ in range(200)}
    assert drawn == {"a", "c"}
    chosen = account.sagemaker.variant("e", "b")
    assert account.platform.servers[chosen.server_id].variant == chosen.name == "b"
    with pytest.raises(AwsError, match="Variant d of endpoint e not found"):
        account.sagemaker.variant("e", "d")


def test_an_update_waits_for_all_variants_and_one_that_fails_is_enough(account: RunningAccount) -> None:
    account.config("two", ProductionVariants=[VARIANT | {"VariantName": name} for name in ("a", "b")])
    old = serving(account)
    update(account, "two")
    first, second = [server_id for server_id in account.platform.alive() if server_id != old]
    account.platform.server_states[first] = ServerState("InService")
    account.wait()
    assert account.sagemaker.variant("e") == Variant("v", old)
    account.platform.server_states[second] = ServerState(FAILED, UNHEALTHY)
    account.wait()
    assert account.platform.alive() == [old]


def test_events_tell_the_endpoints_changes_in_the_words_of_events(account: RunningAccount) -> None:
    serving(account)
    update(account)
    account.platform.serve(but=UNHEALTHY)
    account.wait()
    account("DeleteEndpoint", EndpointName="e")
    told = [d for name, d, _ in account.world.events if name == "SageMaker Endpoint State Change"]
    statuses = [d["EndpointStatus"] for d in told]
    assert statuses == ["CREATING", "IN_SERVICE", "UPDATING", "IN_SERVICE", "DELETING"]
    assert (told[3]["FailureReason"], told[3]["EndpointConfigName"]) == (UNHEALTHY, "c")


def test_invoking_needs_the_endpoint_with_its_tags(account: RunningAccount) -> None:
    account("CreateEndpoint", EndpointName="E2", EndpointConfigName="c", Tags=[{"Key": "Team", "Value": "ml"}])
    arn = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/e2"
    tags = {"aws:ResourceTag/Team": "ml", "sagemaker:ResourceTag/Team": "ml"}
    assert account.sagemaker.needs_to_invoke("E2") == [Permission("sagemaker:InvokeEndpoint", arn, tags)]


@pytest.mark.parametrize(
    ("operation", "changes", "member"),
    [
        ("CreateModel", {"PrimaryContainer": None, "Containers": [{"Image": "i"}]}, "Containers"),
        ("CreateModel", {"PrimaryContainer": {"Image": "i", "Mode": "MultiModel"}}, "Mode"),
        ("CreateEndpointConfig",
         {"DataCaptureConfig": {"InitialSamplingPercentage": 9, "DestinationS3Uri": "s3://b",
                                "CaptureOptions": [{"CaptureMode": "Input"}]}}, "DataCaptureConfig"),
        ("CreateEndpointConfig",
         {"ProductionVariants": [{"VariantName": "v", "ModelName": "m",
                                  "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}]},
         "ServerlessConfig"),
        ("UpdateEndpoint", {"RetainAllVariantProperties": True}, "RetainAllVariantProperties"),
    ],
)  # fmt: skip
def test_hosting_that_would_work_otherwise_is_not_modelled(
    account: RunningAccount, operation: str, changes: dict[str, Any], member: str
) -> None:
    make = {
        "CreateModel": lambda: account.model("other", **changes),
        "CreateEndpointConfig": lambda: account.config("other", **changes),
        "UpdateEndpoint": lambda: account("UpdateEndpoint", EndpointName="e", EndpointConfigName="c2", **changes),
    }[operation]
    with pytest.raises(AwsError, match=member) as refusal:
        make()
    assert refusal.value.status == 501


def test_without_a_platform_nothing_answers() -> None:
    account = Account()
    account.model()
    account.config()
    account("CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    account.wait()
    assert account("DescribeEndpoint", EndpointName="e")["EndpointStatus"] == "InService"


def test_a_model_without_its_archive_is_refused(account: RunningAccount) -> None:
    account.world.lost.add("s3://data/model.tar.gz")
    container = {"Image": "i", "ModelDataUrl": "s3://data/model.tar.gz"}
    with pytest.raises(AwsError, match=r"Could not find model data at s3://data/model\.tar\.gz\."):
        account.model("lost", PrimaryContainer=container)
