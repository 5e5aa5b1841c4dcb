"""Interfaces of jobs and endpoints outlive them, and go only while the execution role may delete them."""

from __future__ import annotations

import pytest

from tests.local.fake_platform import RunningAccount
from tests.local.fake_world import ROLE

VPC = {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]}


@pytest.fixture
def account() -> RunningAccount:
    """With an endpoint that is deleted, and gone, a moment ago."""
    account = RunningAccount()
    account.model(VpcConfig=VPC)
    account.config()
    account.sagemaker.state.interfaces.linger = 900.0
    account("CreateEndpoint", EndpointName="e", EndpointConfigName="c")
    account.platform.serve()
    account.wait()
    account("DescribeEndpoint", EndpointName="e")
    account("DeleteEndpoint", EndpointName="e")
    account.wait(5)
    assert account("ListEndpoints")["Endpoints"] == []
    return account


def test_an_endpoints_interface_is_there_for_a_while_after_the_endpoint(account: RunningAccount) -> None:
    account.wait(890)
    account.sagemaker.settle()
    (interface,) = account.world.interfaces.values()
    assert interface.groups == ("sg-1",)
    assert account.world.released == set()
    account.wait(15)
    account.sagemaker.settle()
    assert account.world.interfaces == {}
    assert [(role, wish.action) for role, _, wish in account.world.asked][-1] == (ROLE, "ec2:DeleteNetworkInterface")


def test_it_stays_for_good_once_the_execution_role_may_not_delete_it(account: RunningAccount) -> None:
    account.world.forbidden.add("ec2:DeleteNetworkInterface")
    account.wait(905)
    account.sagemaker.settle()
    assert account.world.released == set(account.world.interfaces) != set()
    account.world.forbidden.clear()
    account.wait(100_000)
    account.sagemaker.settle()
    assert len(account.world.interfaces) == 1
