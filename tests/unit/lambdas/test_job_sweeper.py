"""The job sweeper on the tool's own SageMaker, whose interfaces outlive endpoints and go with the role's rights."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from adapter import Time
from embedded import VPC, Ec2, Embedded
from job_sweeper.requests import parse
from job_sweeper.sweep import GIVEN_UP_SECONDS, run
from policies.functions import job_sweeper
from sagekeep.settings import parse as parse_settings
from sagekeep_runtime.errors import FunctionError, OutOfTime, RequestError
from samples import sample

GROUP, SUBNETS = sample()["security_group_ids"][0], sample()["subnet_ids"]
ROLE = sample()["job_role_arn"]
MINUTES = 60.0
POC = {"prefix": "acme", "account_id": "123456789012", "region": "us-east-1"}
SETTINGS = parse_settings(POC, environment="test")


class World:
    """An account with an endpoint that works as the job role, in service."""

    def __init__(self) -> None:
        self.time = Time()
        self.embedded = Embedded(self.time)
        self.embedded.service.state.interfaces.linger = 14 * MINUTES
        self.ec2 = Ec2(self.embedded.account, self.embedded.service)
        self.clients = {"sagemaker": self.embedded.wire.client, "ec2": self.ec2.wire.client}
        self.serve()

    @property
    def interfaces(self) -> dict[str, Any]:
        return self.embedded.account.interfaces

    def serve(self, name: str = "mine", role: str = ROLE, group: str = GROUP) -> None:
        sagemaker = self.clients["sagemaker"]
        sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=role,
            PrimaryContainer={"Image": "x", "ModelDataUrl": "s3://b/model.tar.gz"},
            VpcConfig={"Subnets": SUBNETS, "SecurityGroupIds": [group]},
        )
        variant = {"VariantName": "v", "ModelName": name, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        self.time.sleep(10)

    def delete(self, name: str = "mine") -> None:
        """As the manager does, which goes on when the endpoint is gone."""
        self.clients["sagemaker"].delete_endpoint(EndpointName=name)
        self.time.sleep(10)
        assert name not in str(self.clients["sagemaker"].list_endpoints()["Endpoints"])

    def sweep(self, seconds: float = 15 * MINUTES, terraform: str = "delete", **changes: str) -> dict[str, Any]:
        event = {
            "action": "await_interfaces",
            "security_group_id": GROUP,
            "subnet_ids": SUBNETS,
            "job_role_arn": ROLE,
            "network": "ours",
            "job_role": "ours",
            "removal": "destroy",
            "tf": {"action": terraform, "prev_input": None},
            **changes,
        }
        return run(parse(event), client=self.clients.__getitem__, budget=self.time.budget(seconds))


@pytest.fixture
def world() -> World:
    return World()


def test_the_role_stays_until_sagemaker_has_left_the_network_and_the_log_says_what_was_waited_for(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.delete()
    (interface,) = world.interfaces
    with caplog.at_level(logging.INFO):
        answer = world.sweep()
    assert world.interfaces == {}
    assert answer["status"] == "gone"
    assert [text.split()[0] for text in answer["waited_for"]] == [interface]
    assert "endpoint/mine" in answer["waited_for"][0]
    assert answer["waited_seconds"] > 12 * MINUTES
    facts = [record for record in caplog.records if record.getMessage() == "interfaces are gone"]
    assert [record.waited_for for record in facts] == [answer["waited_for"]]  # type: ignore[attr-defined]


def test_without_the_wait_the_interface_stays_for_good(world: World) -> None:
    world.delete()
    world.embedded.account.powerless.add(ROLE)
    world.time.sleep(10_000)
    world.embedded.service.settle()
    assert [item["Status"] for item in world.interfaces.values()] == ["available"]


def test_what_sagemaker_has_given_up_is_deleted_as_a_last_resort(world: World) -> None:
    world.delete()
    world.embedded.account.powerless.add(ROLE)
    world.time.sleep(15 * MINUTES)
    began = world.time.now
    (interface,) = world.interfaces
    assert world.sweep()["deleted"] == [interface]
    assert world.interfaces == {}
    assert world.time.now - began >= GIVEN_UP_SECONDS


def test_when_the_functions_time_is_over_the_same_command_goes_on(world: World) -> None:
    world.delete()
    with pytest.raises(OutOfTime, match=r"1 network interface\(s\) .*endpoint/mine.*run the same terraform command"):
        world.sweep(seconds=60)
    assert world.sweep()["status"] == "gone"


def test_an_endpoint_of_others_is_left_alone_and_named_at_once(world: World) -> None:
    slept = world.time.slept
    with pytest.raises(FunctionError, match=r"Endpoint\(s\) mine still serve with the role .*job") as refused:
        world.sweep()
    assert not isinstance(refused.value, OutOfTime)
    assert world.time.slept == slept
    assert world.clients["sagemaker"].describe_endpoint(EndpointName="mine")["EndpointStatus"] == "InService"


def test_endpoints_with_another_role_or_elsewhere_do_not_matter(world: World) -> None:
    world.delete()
    world.serve("theirs", role=ROLE + "-other")
    world.serve("elsewhere", group="sg-0123")
    with pytest.raises(OutOfTime, match="endpoint/theirs"):
        world.sweep()
    assert len(world.interfaces) == 2


def test_in_a_network_of_others_what_is_left_is_told_and_not_touched(world: World) -> None:
    world.delete()
    world.serve("theirs", role=ROLE + "-other")
    answer = world.sweep(network="existing")
    assert (answer["status"], answer["deleted"]) == ("left", [])
    assert any("endpoint/theirs" in text for text in answer["waited_for"])
    assert len(world.interfaces) == 1


@pytest.mark.parametrize(
    "changes", [{"removal": "retain"}, {"network": "existing", "job_role": "existing"}], ids=["retain", "all existing"]
)
def test_nothing_is_waited_for_where_nothing_goes(world: World, changes: dict[str, str]) -> None:
    slept = world.time.slept
    assert world.sweep(**changes)["status"].startswith("nothing")
    assert world.time.slept == slept
    assert len(world.interfaces) == 1


def test_its_role_may_call_what_it_calls_and_no_more(world: World) -> None:
    with pytest.raises(FunctionError, match="still serve"):
        world.sweep()
    world.delete()
    world.embedded.account.powerless.add(ROLE)
    world.time.sleep(15 * MINUTES)
    world.sweep()
    called = {f"ec2:{name}" for name in world.ec2.wire.operations()}
    own = {"ListEndpoints", "DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel"}
    called |= {f"sagemaker:{name}" for name in world.embedded.wire.operations() if name in own}
    statements = job_sweeper(SETTINGS, VPC)
    assert {action for statement in statements for action in statement.actions} == called


def test_in_a_network_of_others_its_role_may_delete_nothing() -> None:
    brought = {
        "vpc": "vpc-0a1b2c3d4e5f67890",
        "subnets": ["subnet-0aaa1111", "subnet-0bbb2222"],
        "route_tables": ["rtb-0aaa1111"],
    }
    statements = job_sweeper(parse_settings({**POC, "existing": brought}, environment="test"), VPC)
    assert not [action for statement in statements for action in statement.actions if "Delete" in action]


@pytest.mark.parametrize("terraform", ["create", "update"])
def test_nothing_happens_until_terraform_deletes(world: World, terraform: str) -> None:
    assert world.sweep(terraform=terraform) == {"status": "nothing to do"}
    assert world.ec2.wire.calls == []


def test_a_request_that_breaks_the_contract_is_refused_with_every_fault() -> None:
    with pytest.raises(RequestError) as refused:
        parse({"action": "sweep", "network": "mine", "subnet_ids": []})
    for name in ("action", "network", "subnet_ids", "security_group_id", "job_role_arn", "job_role", "removal", "tf"):
        assert f"- {name}: " in str(refused.value)
