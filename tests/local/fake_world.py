"""A small account in memory: EC2, IAM, KMS and S3 as far as the SageMaker control plane looks at them."""

# ruff: noqa: ARG002 - the protocol of the world names the arguments

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sagekeep.local.sagemaker import AwsError, Caller, Group, Permission, SageMaker, Subnet
from sagekeep.local.sagemaker.platform import Platform

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/acme-studio"
STRANGER = f"arn:aws:iam::{ACCOUNT}:role/lambda-only"
KEY = f"arn:aws:kms:us-east-1:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"
CALLER = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/deploy/me", ACCOUNT, "AROAEXAMPLE:me")
TOKEN = "0" * 32
LATER = 5.0  # seconds after which every change is over


@dataclass
class Interface:
    subnet_id: str
    groups: tuple[str, ...]
    description: str


@dataclass
class FakeGroup:
    vpc_id: str
    name: str
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)
    ingress: list[tuple[int, str]] = field(default_factory=list)
    egress: list[tuple[int, str]] = field(default_factory=list)


class FakeWorld:
    """Two subnets in two zones of vpc-1 with the group sg-1; vpc-2 with subnet-x and sg-x."""

    account_id, region, partition = ACCOUNT, "us-east-1", "aws"

    def __init__(self) -> None:
        self.subnets = {
            "subnet-1": Subnet("subnet-1", "vpc-1", "use1-az1"),
            "subnet-2": Subnet("subnet-2", "vpc-1", "use1-az2"),
            "subnet-3": Subnet("subnet-3", "vpc-1", "use1-az3"),
            "subnet-x": Subnet("subnet-x", "vpc-2", "use1-az1"),
        }
        self.groups = {"sg-1": FakeGroup("vpc-1", "studio"), "sg-x": FakeGroup("vpc-2", "other")}
        self.interfaces: dict[str, Interface] = {}
        self.released: set[str] = set()
        self.roles = {ROLE: {"sagemaker.amazonaws.com"}, STRANGER: {"lambda.amazonaws.com"}}
        self.keys = {KEY}
        self.events: list[tuple[str, dict[str, Any], list[str]]] = []
        self.asked: list[tuple[str, str, Permission]] = []  # role, session, what it wanted to do
        self.forbidden: set[str] = set()  # actions that no role may
        self.faults: list[tuple[str, AwsError]] = []  # for the next calls of an action
        self.lost: set[str] = set()
        self.objects: dict[str, bytes] = {}
        self._number = 0

    def _id(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}-{self._number:08x}"

    def subnet(self, subnet_id: str) -> Subnet | None:
        return self.subnets.get(subnet_id)

    def security_group(self, group_id: str) -> Group | None:
        group = self.groups.get(group_id)
        return Group(group_id, group.vpc_id) if group else None

    def create_security_group(self, vpc_id: str, name: str, description: str, tags: dict[str, str]) -> str:
        group_id = self._id("sg")
        self.groups[group_id] = FakeGroup(vpc_id, name, description, tags)
        return group_id

    def authorize_ingress(self, group_id: str, *, port: int, peer_group_id: str) -> None:
        self.groups[group_id].ingress.append((port, peer_group_id))

    def authorize_egress(self, group_id: str, *, port: int, peer_group_id: str) -> None:
        self.groups[group_id].egress.append((port, peer_group_id))

    def create_network_interface(self, subnet_id: str, groups: Sequence[str], description: str) -> str:
        interface_id = self._id("eni")
        self.interfaces[interface_id] = Interface(subnet_id, tuple(groups), description)
        return interface_id

    def delete_network_interface(self, interface_id: str) -> None:
        del self.interfaces[interface_id]
        self.released.discard(interface_id)

    def release_network_interface(self, interface_id: str) -> None:
        self.released.add(interface_id)

    def role_exists(self, arn: str) -> bool:
        return arn in self.roles

    def role_trusts(self, arn: str, service: str) -> bool:
        return service in self.roles.get(arn, ())

    def key_usable(self, key: str) -> bool:
        return key in self.keys

    def emit_event(self, detail_type: str, detail: dict[str, Any], resources: Sequence[str]) -> None:
        self.events.append((detail_type, detail, list(resources)))

    def denied(self, role_arn: str, session: str, permission: Permission) -> str:
        self.asked.append((role_arn, session, permission))
        name = role_arn.rpartition("/")[2]
        denial = f"User: arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{session} is not authorized to {permission.action}"
        return denial if permission.action in self.forbidden else ""

    def fault(self, action: str, resource_arn: str) -> AwsError | None:
        place = next((index for index, (hit, _) in enumerate(self.faults) if hit == action), None)
        return None if place is None else self.faults.pop(place)[1]

    def object_exists(self, uri: str) -> bool:
        return uri not in self.lost

    def read_object(self, role_arn: str, session: str, uri: str) -> bytes:
        if uri not in self.objects:
            raise AwsError("NoSuchKey", f"{uri} does not exist.")
        return self.objects[uri]

    def named(self, name: str) -> tuple[str, FakeGroup]:
        """The one group of this name, with its id."""
        (found,) = [(group_id, group) for group_id, group in self.groups.items() if group.name == name]
        return found


class Account:
    """A control plane in a fake world, at a time that the test moves."""

    def __init__(self, platform: Platform | None = None) -> None:
        self.world = FakeWorld()
        self.now = 1_800_000_000.0
        self.sagemaker = SageMaker(self.world, platform=platform, clock=lambda: self.now)

    def __call__(self, operation: str, **params: Any) -> dict[str, Any]:
        return self.sagemaker.call(operation, params, CALLER)

    def wait(self, seconds: float = LATER) -> None:
        self.now += seconds

    def interfaces_go(self) -> None:
        """So much later that SageMaker has deleted what jobs and endpoints that are over left in the network."""
        self.wait()
        self.sagemaker.settle()

    def domain(self, **changes: Any) -> str:
        """A domain, InService; its id."""
        request: dict[str, Any] = {
            "DomainName": "studio",
            "AuthMode": "IAM",
            "VpcId": "vpc-1",
            "SubnetIds": ["subnet-1", "subnet-2"],
            "AppNetworkAccessType": "VpcOnly",
            "DefaultUserSettings": {"ExecutionRole": ROLE, "SecurityGroups": ["sg-1"]},
        }
        domain_id: str = self("CreateDomain", **request | changes)["DomainId"]
        self.wait()
        return domain_id

    def profile(self, domain_id: str, name: str = "ada") -> str:
        self("CreateUserProfile", DomainId=domain_id, UserProfileName=name)
        self.wait()
        return name

    def space(self, domain_id: str, name: str = "lab", owner: str = "ada") -> str:
        self(
            "CreateSpace",
            DomainId=domain_id,
            SpaceName=name,
            OwnershipSettings={"OwnerUserProfileName": owner},
            SpaceSharingSettings={"SharingType": "Private"},
            SpaceSettings={"AppType": "JupyterLab"},
        )
        self.wait()
        return name

    def app(self, domain_id: str, space: str = "lab", **changes: Any) -> dict[str, str]:
        """An app that is starting; the request that names it."""
        key = {"DomainId": domain_id, "SpaceName": space, "AppType": "JupyterLab", "AppName": "default"}
        self("CreateApp", **key | changes)
        return key

    def model(self, name: str = "m", **changes: Any) -> str:
        self(
            "CreateModel", **{"ModelName": name, "PrimaryContainer": {"Image": "i"}, "ExecutionRoleArn": ROLE} | changes
        )
        return name

    def config(self, name: str = "c", model: str = "m", **changes: Any) -> str:
        variant = {"VariantName": "v", "ModelName": model, "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        self("CreateEndpointConfig", **{"EndpointConfigName": name, "ProductionVariants": [variant]} | changes)
        return name
