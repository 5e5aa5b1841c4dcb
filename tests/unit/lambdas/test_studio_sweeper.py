"""Promises of the sweeps: users' apps and spaces, and the groups that reference each other."""

from __future__ import annotations

from typing import Any

import pytest

from adapter import Time, Wire, refusal
from clouds import Ec2Cloud, SageMakerCloud
from sagekeep_runtime.errors import OutOfTime, RequestError
from studio_sweeper.requests import parse
from studio_sweeper.sweep import run

DOMAIN, VPC = "d-abc123", "vpc-0abc"


class World:
    def __init__(self) -> None:
        self.time = Time()
        self.studio, self.network = SageMakerCloud(self.time), Ec2Cloud()
        self.wires = {"sagemaker": Wire("sagemaker", self.studio), "ec2": Wire("ec2", self.network)}

    def sweep(self, what: str, terraform: str = "delete", seconds: float = 850) -> dict[str, Any]:
        target = {"domain_id": DOMAIN} if what == "sweep_domain" else {"vpc_id": VPC}
        event = {"action": what, **target, "tf": {"action": terraform, "prev_input": None}}
        return run(parse(event), client=lambda service: self.wires[service].client, budget=self.time.budget(seconds))

    def app(self, name: str, status: str = "InService", **owner: str) -> dict[str, Any]:
        app = {"DomainId": DOMAIN, "AppType": "JupyterLab", "AppName": name, "Status": status, **owner}
        self.studio.apps.append(app)
        return app


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("what", ["sweep_domain", "sweep_network"])
@pytest.mark.parametrize("terraform", ["create", "update"])
def test_nothing_happens_until_terraform_deletes(world: World, what: str, terraform: str) -> None:
    assert world.sweep(what, terraform) == {"status": "nothing to do"}
    assert not any(wire.calls for wire in world.wires.values())


def test_all_apps_and_then_all_spaces_go(world: World) -> None:
    for number in range(5):
        world.studio.spaces[f"space{number}"] = "InService"
        world.app("default", SpaceName=f"space{number}")
    world.app("default", UserProfileName="weirdion")
    answer = world.sweep("sweep_domain")
    assert world.studio.spaces == {}
    assert {app["Status"] for app in world.studio.apps} == {"Deleted"}
    assert (len(answer["apps"]), len(answer["spaces"])) == (6, 5)
    writes = world.wires["sagemaker"].writes()
    assert writes == ["DeleteApp"] * 6 + ["DeleteSpace"] * 5


def test_apps_of_other_domains_stay(world: World) -> None:
    other = world.app("default", UserProfileName="u")
    other["DomainId"] = "d-other"
    world.sweep("sweep_domain")
    assert other["Status"] == "InService"


def test_an_app_that_is_still_starting_is_deleted_once_it_has(world: World) -> None:
    app = world.app("default", "Pending", UserProfileName="u")
    world.studio.after(60, lambda: app.update(Status="InService"))
    world.sweep("sweep_domain")
    assert app["Status"] == "Deleted"


def test_a_deleted_app_in_the_list_is_not_waited_for(world: World) -> None:
    world.app("old", "Deleted", UserProfileName="u")
    assert world.sweep("sweep_domain") == {"status": "swept", "apps": [], "spaces": []}
    assert world.time.slept == 0


def test_a_domain_that_is_gone_has_nothing(world: World) -> None:
    for operation in ("ListApps", "ListSpaces"):
        world.wires["sagemaker"].faults[operation] = [refusal("ResourceNotFound", "Domain not found.")]
    assert world.sweep("sweep_domain")["status"] == "swept"


def test_a_slow_app_is_named_when_time_is_over_and_the_next_call_goes_on(world: World) -> None:
    world.studio.slow = 1200
    world.app("default", SpaceName="s")
    with pytest.raises(OutOfTime, match=r"s/JupyterLab/default \(Deleting\).*run the same terraform command again"):
        world.sweep("sweep_domain")
    assert world.time.slept <= 850
    assert world.sweep("sweep_domain")["status"] == "swept"
    assert world.wires["sagemaker"].writes() == ["DeleteApp"]


def test_why_aws_makes_it_wait_is_said(world: World) -> None:
    world.app("default", "Pending", SpaceName="s")
    with pytest.raises(OutOfTime, match="AWS says: App is not in a state that can be deleted"):
        world.sweep("sweep_domain", seconds=30)


def test_the_groups_of_a_gone_domain_go_though_each_names_the_other(world: World) -> None:
    world.network.add_nfs_pair(VPC, DOMAIN)
    world.network.add_nfs_pair(VPC, "d-second")
    answer = world.sweep("sweep_network")
    assert world.network.groups == {}
    assert len(answer["groups"]) == 4


def test_groups_of_a_living_domain_of_other_vpcs_and_with_other_names_stay(world: World) -> None:
    world.studio.domains["d-alive"] = "InService"
    world.network.add_nfs_pair(VPC, "d-alive")
    world.network.add_nfs_pair("vpc-0other", "d-gone")
    group = {"GroupId": "sg-1", "VpcId": VPC, "IpPermissions": [], "IpPermissionsEgress": []}
    for number, name in enumerate(("default", f"security-group-for-inbound-nfs-{DOMAIN}/x", "my-nfs-d-abc")):
        world.network.groups[f"sg-{number}"] = {**group, "GroupId": f"sg-{number}", "GroupName": name}
    before = set(world.network.groups)
    answer = world.sweep("sweep_network")
    assert set(world.network.groups) == before
    assert world.wires["ec2"].writes() == []
    assert len(answer["kept"]) == 2


def test_a_domain_that_is_being_deleted_is_waited_for(world: World) -> None:
    world.studio.domains[DOMAIN] = "Deleting"
    world.network.add_nfs_pair(VPC, DOMAIN)
    world.studio.after(100, world.studio.domains.clear)
    world.sweep("sweep_network")
    assert world.network.groups == {}


def test_half_of_a_pair_is_enough(world: World) -> None:
    world.network.add_nfs_pair(VPC, DOMAIN)
    gone = world.network.groups.pop(f"sg-in-{DOMAIN}")
    world.sweep("sweep_network")
    assert gone
    assert world.network.groups == {}


def test_an_interface_that_uses_a_group_is_waited_for_and_then_named(world: World) -> None:
    world.network.add_nfs_pair(VPC, DOMAIN)
    interface = {
        "NetworkInterfaceId": "eni-1",
        "Description": "EFS mount target for fs-1",
        "Status": "in-use",
        "Groups": [f"sg-in-{DOMAIN}"],
    }
    world.network.interfaces.append(interface)
    with pytest.raises(OutOfTime, match=r"is in use by eni-1 \(EFS mount target for fs-1, in-use\)"):
        world.sweep("sweep_network", seconds=60)
    world.network.interfaces.clear()
    world.sweep("sweep_network")
    assert world.network.groups == {}


def test_a_group_deleted_meanwhile_is_fine(world: World) -> None:
    world.network.add_nfs_pair(VPC, DOMAIN)
    world.wires["ec2"].faults["RevokeSecurityGroupIngress"] = [refusal("InvalidGroup.NotFound", "gone")]
    world.wires["ec2"].faults["DeleteSecurityGroup"] = [refusal("InvalidGroup.NotFound", "gone")]
    world.network.groups[f"sg-in-{DOMAIN}"]["IpPermissionsEgress"] = []
    assert world.sweep("sweep_network")["status"] == "swept"


@pytest.mark.parametrize(
    ("event", "named"),
    [
        ({"action": "sweep"}, "action: must be one of"),
        ({"action": "sweep_domain", "domain_id": "abc"}, "domain_id: must be a domain's id"),
        ({"action": "sweep_network", "domain_id": "d-1"}, "vpc_id: is missing"),
    ],
)
def test_events_that_break_the_contract_are_refused(event: Any, named: str) -> None:
    with pytest.raises(RequestError, match=named):
        parse(event)
