"""The tool's own SageMaker control plane behind a boto3 client: its validation is AWS's."""

# ruff: noqa: ARG002 - the protocol of the world names the arguments

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from adapter import ACCOUNT, REGION, Params, Time, Wire, refusal, sent
from sagekeep.local.sagemaker import AwsError, Caller, Group, Permission, SageMaker, Subnet

CALLER = Caller(f"arn:aws:sts::{ACCOUNT}:assumed-role/functions/manager", ACCOUNT, "AROAEXAMPLE:manager")
VPC = "vpc-0abc"


class Account:
    """EC2, IAM and KMS around it: every role trusts SageMaker, every subnet is in one VPC."""

    account_id, region, partition = ACCOUNT, REGION, "aws"

    def __init__(self) -> None:
        self.interfaces: dict[str, Params] = {}
        self.powerless: set[str] = set()  # roles whose policy is gone
        self._numbers = itertools.count()
        self.unknown_roles: set[str] = set()

    def subnet(self, subnet_id: str) -> Subnet | None:
        return Subnet(subnet_id, VPC, f"use1-az{1 + ord(subnet_id[-1]) % 2}")

    def security_group(self, group_id: str) -> Group | None:
        return Group(group_id, VPC)

    def create_security_group(self, vpc_id: str, name: str, description: str, tags: dict[str, str]) -> str:
        return f"sg-{next(self._numbers):08x}"

    def authorize_ingress(self, group_id: str, *, port: int, peer_group_id: str) -> None: ...

    def authorize_egress(self, group_id: str, *, port: int, peer_group_id: str) -> None: ...

    def create_network_interface(self, subnet_id: str, groups: Sequence[str], description: str) -> str:
        interface_id = f"eni-{next(self._numbers):08x}"
        self.interfaces[interface_id] = {
            "NetworkInterfaceId": interface_id,
            "SubnetId": subnet_id,
            "Groups": [{"GroupId": group} for group in groups],
            "Description": description,
            "Status": "in-use",
        }
        return interface_id

    def delete_network_interface(self, interface_id: str) -> None:
        self.interfaces.pop(interface_id)

    def release_network_interface(self, interface_id: str) -> None:
        self.interfaces[interface_id]["Status"] = "available"

    def denied(self, role_arn: str, session: str, permission: Permission) -> str:
        return "its policy is gone" if role_arn in self.powerless else ""

    def role_exists(self, arn: str) -> bool:
        return arn not in self.unknown_roles

    def role_trusts(self, arn: str, service: str) -> bool:
        return self.role_exists(arn)

    def key_usable(self, key: str) -> bool:
        return True

    def emit_event(self, detail_type: str, detail: dict[str, Any], resources: Sequence[str]) -> None: ...


class Ec2:
    """A backend for `Wire`: the interfaces of the account around the control plane."""

    def __init__(self, account: Account, service: SageMaker) -> None:
        self._account, self._service = account, service
        self.wire = Wire("ec2", self)

    def answer(self, operation: str, params: Params) -> Params:
        """DescribeNetworkInterfaces with two filters, DeleteNetworkInterface of one that is not in use."""
        self._service.settle()  # time has passed
        if operation == "DeleteNetworkInterface":
            found = self._account.interfaces[params["NetworkInterfaceId"]]
            if found["Status"] == "in-use":
                raise refusal("InvalidParameterValue", "Network interface is currently in use.")
            del self._account.interfaces[params["NetworkInterfaceId"]]
            return {}
        wanted = {item["Name"]: set(item["Values"]) for item in params["Filters"]}
        return {
            "NetworkInterfaces": [
                dict(item)
                for item in self._account.interfaces.values()
                if {group["GroupId"] for group in item["Groups"]} & wanted["group-id"]
                and item["SubnetId"] in wanted.get("subnet-id", {item["SubnetId"]})
            ]
        }


class Embedded:
    """A backend for `Wire`; the clock is the test's."""

    def __init__(self, time: Time) -> None:
        self.account = Account()
        self.service = SageMaker(self.account, clock=lambda: time.now)
        self.wire = Wire("sagemaker", self)

    def answer(self, operation: str, params: Params) -> Params:
        """The service's answer; permissions are not this test's subject."""
        try:
            return self.service.call(operation, sent(self.wire.client, operation, params), CALLER)
        except AwsError as error:
            raise refusal(error.code, error.message) from error
