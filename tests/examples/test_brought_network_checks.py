"""`sagekeep estate check` in a network that others have made: each fault with its setting, and what mends it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from brought_network import ACCOUNT, REGION, ROOT, SETTINGS, Platform
from sagekeep.estate.fault import Fault
from sagekeep.local import instance

ABSENT = "vpc-0123456789abcdef0"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    made = Platform.begin(tmp_path_factory.mktemp("platform"))
    try:
        yield made
    finally:
        instance.down(made.instance.home)


@pytest.fixture
def undo(platform: Platform) -> Iterator[ExitStack]:
    """What a test changes it puts back; then the network is again as its owners made it."""
    with ExitStack() as stack:
        yield stack
    assert platform.faults() == []


def only(faults: list[Fault]) -> Fault:
    (fault,) = faults
    return fault


def test_the_example_is_as_it_must_be(platform: Platform) -> None:
    assert platform.faults() == []


def test_references_of_every_kind_lead_to_the_same_network(platform: Platform) -> None:
    ssm, s3 = platform.client("ssm"), platform.client("s3")
    ssm.put_parameter(Name="/network/subnets", Type="StringList", Value=",".join(platform.subnet_ids))
    s3.create_bucket(Bucket="platform-state")
    state = (platform.folder / "team" / "terraform.tfstate").read_bytes()
    s3.put_object(Bucket="platform-state", Key="network.tfstate", Body=state)
    states = {"platform": {"bucket": "platform-state", "key": "network.tfstate", "region": REGION}}
    vpc = {"state": "platform", "output": "vpc_id"}
    for subnets in ({"ssm": "/network/subnets"}, {"state": "platform", "output": "private_subnet_ids"}):
        assert platform.faults(platform.settings(vpc=vpc, subnets=subnets, states=states)) == []
    missing = platform.settings(vpc={"state": "platform", "output": "vpc"}, states=states)
    assert only(platform.faults(missing)).text.startswith("state platform has no output vpc; it has private_subnet_ids")
    wrong = platform.settings(vpc={"ssm": "/network/subnets"})
    assert "must be the id of a VPC" in only(platform.faults(wrong)).text


def test_what_does_not_exist_is_named_with_its_setting(platform: Platform) -> None:
    assert only(platform.faults(platform.settings(vpc=ABSENT))) == Fault(
        "existing.vpc", f"{ABSENT} does not exist in account {ACCOUNT}, region {REGION}"
    )
    subnets = [platform.subnet_ids[0], "subnet-0123456789abcdef0"]
    faults = platform.faults(platform.settings(subnets=subnets))
    assert ("existing.subnets", True) in {
        (f.key, f.text.startswith("subnet-0123456789abcdef0 does not")) for f in faults
    }
    nothing = platform.settings(vpc={"tags": {"Name": "elsewhere"}})
    assert only(platform.faults(nothing)).text == "there is no VPC with tags Name=elsewhere in us-east-1"


def test_private_names_need_dns_hostnames(platform: Platform, undo: ExitStack) -> None:
    change = {"VpcId": platform.vpc_id, "EnableDnsHostnames": {"Value": False}}
    platform.ec2.modify_vpc_attribute(**change)
    fault = only(platform.faults())
    undo.callback(platform.ec2.modify_vpc_attribute, **json.loads(fault.paste))
    assert fault.key == "existing.vpc"
    assert "has DNS hostnames off" in fault.text


def test_a_way_to_the_internet_is_refused_unless_the_settings_allow_it(platform: Platform, undo: ExitStack) -> None:
    gateway = platform.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    undo.callback(platform.ec2.delete_internet_gateway, InternetGatewayId=gateway)
    attachment = {"InternetGatewayId": gateway, "VpcId": platform.vpc_id}
    platform.ec2.attach_internet_gateway(**attachment)
    undo.callback(platform.ec2.detach_internet_gateway, **attachment)
    assert f"has an internet gateway, {gateway}" in only(platform.faults()).text
    table = platform.one("describe_route_tables", "RouteTables", Tier="private")["RouteTableId"]
    route = {"RouteTableId": table, "DestinationCidrBlock": "0.0.0.0/0"}
    platform.ec2.create_route(**route, GatewayId=gateway)
    undo.callback(platform.ec2.delete_route, **route)
    keys = [fault.key for fault in platform.faults()]
    assert keys == ["existing.vpc", "existing.subnets"]
    assert platform.faults(platform.settings({"sealed": False})) == []
    assert exit_code_of_plan(platform) == (2, True)


def exit_code_of_plan(platform: Platform) -> tuple[int, bool]:
    """Of `sagekeep plan`, and whether it names the setting; the state bucket must be there for it to come so far."""
    bucket = platform.synthesis.state["bucket"]
    platform.client("s3").create_bucket(Bucket=bucket)
    command = [sys.executable, "-m", "sagekeep", "plan", "--env", str(SETTINGS), "--out", str(platform.synthesis.out)]
    environment = {**platform.variables, "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, "existing.vpc: " in done.stderr and "internet gateway" in done.stderr


def test_subnets_elsewhere_too_small_or_in_one_zone_are_refused(platform: Platform, undo: ExitStack) -> None:
    other = platform.ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"][0]
    here = platform.subnet_ids[0]
    faults = platform.faults(platform.settings(subnets=[here, other["SubnetId"]]))
    assert f"{other['SubnetId']} is in {other['VpcId']}, not in existing.vpc" in " ".join(f.text for f in faults)
    zone = platform.ec2.describe_subnets(SubnetIds=[here])["Subnets"][0]["AvailabilityZoneId"]
    small = platform.ec2.create_subnet(VpcId=platform.vpc_id, CidrBlock="10.60.8.0/28", AvailabilityZoneId=zone)
    undo.callback(platform.ec2.delete_subnet, SubnetId=small["Subnet"]["SubnetId"])
    texts = [f.text for f in platform.faults(platform.settings(subnets=[here, small["Subnet"]["SubnetId"]]))]
    assert any("are in the same zone" in text for text in texts)
    assert any("11 addresses left of 11" in text for text in texts)


def test_our_range_lies_in_the_vpc_where_nothing_else_is(platform: Platform) -> None:
    def faults(cidr: str) -> list[str]:
        return [
            f.text for f in platform.faults(platform.settings({"cidr": cidr}, subnets=None)) if f.key == "network.cidr"
        ]

    assert faults("10.60.16.0/20") == []
    assert "is not in the range of" in faults("10.61.0.0/20")[0]
    assert len(faults("10.60.0.0/21")) == 2  # overlaps both subnets


def test_the_route_to_s3_is_theirs_to_add_or_ours_where_we_may(platform: Platform, undo: ExitStack) -> None:
    endpoint = platform.one("describe_vpc_endpoints", "VpcEndpoints", Name="platform-s3")
    s3, tables = endpoint["VpcEndpointId"], endpoint["RouteTableIds"]
    platform.ec2.modify_vpc_endpoint(VpcEndpointId=s3, RemoveRouteTableIds=tables)
    fault = only(platform.faults())
    undo.callback(platform.ec2.modify_vpc_endpoint, **json.loads(fault.paste))
    assert fault.key == "existing.endpoints.s3"
    assert platform.faults(platform.settings(associate_s3=True)) == []


def test_an_s3_endpoint_of_ours_cannot_go_where_theirs_is(platform: Platform) -> None:
    endpoints = {"sts": {"tags": {"Name": "platform-sts"}}}
    fault = only(platform.faults(platform.settings(endpoints=endpoints)))
    assert fault.key == "existing.route_tables"
    assert "leads to S3 already, through vpce-" in fault.text


def test_a_second_endpoint_with_the_same_private_name_is_refused(platform: Platform) -> None:
    fault = only(platform.faults(platform.settings(endpoints={"s3": {"tags": {"Name": "platform-s3"}}})))
    assert fault.key == "existing.endpoints.sts"
    assert "name it here" in fault.text


def test_an_endpoint_policy_that_stops_our_calls_is_mended_by_what_is_pasted(
    platform: Platform, undo: ExitStack
) -> None:
    endpoint = platform.one("describe_vpc_endpoints", "VpcEndpoints", Name="platform-s3")
    s3, before = endpoint["VpcEndpointId"], endpoint["PolicyDocument"]
    undo.callback(platform.ec2.modify_vpc_endpoint, VpcEndpointId=s3, PolicyDocument=before)
    nobody: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
    elsewhere = {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "arn:aws:s3:::elsewhere/*"}
    nobody["Statement"].append(elsewhere)
    platform.ec2.modify_vpc_endpoint(VpcEndpointId=s3, PolicyDocument=json.dumps(nobody))
    faults = platform.faults()
    assert [fault.key for fault in faults] == ["existing.endpoints.s3"] * 2  # our principals, and ECR's layers
    nobody["Statement"] += [json.loads(fault.paste) for fault in faults]
    platform.ec2.modify_vpc_endpoint(VpcEndpointId=s3, PolicyDocument=json.dumps(nobody))
    assert platform.faults() == []
    denial = {"Sid": "NoUploads", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject", "Resource": "*"}
    nobody["Statement"].append(denial)
    platform.ec2.modify_vpc_endpoint(VpcEndpointId=s3, PolicyDocument=json.dumps(nobody))
    assert "statement NoUploads of the policy of" in only(platform.faults()).text


def test_an_endpoint_policy_that_asks_for_a_replaced_condition_key_is_told_what_to_write(
    platform: Platform, undo: ExitStack
) -> None:
    endpoint = platform.one("describe_vpc_endpoints", "VpcEndpoints", Name="platform-s3")
    s3, before = endpoint["VpcEndpointId"], endpoint["PolicyDocument"]
    undo.callback(platform.ec2.modify_vpc_endpoint, VpcEndpointId=s3, PolicyDocument=before)
    policy = json.loads(before)
    old = {"StringNotEquals": {"sagemaker:OutputKmsKey": "arn:aws:kms:us-east-1:123456789012:key/theirs"}}
    denial = {"Sid": "OneKey", "Effect": "Deny", "Principal": "*", "Action": "sagemaker:Create*", "Resource": "*"}
    policy["Statement"] = [*policy["Statement"], {**denial, "Condition": old}]
    platform.ec2.modify_vpc_endpoint(VpcEndpointId=s3, PolicyDocument=json.dumps(policy))
    fault = only(platform.faults())
    assert fault.key == "existing.endpoints.s3"
    assert f"the policy of {s3} asks for sagemaker:OutputKmsKey in its statement OneKey" in fault.text
    assert list(json.loads(fault.paste)["StringNotEquals"]) == ["sagemaker:OutputKmsKeyArn"]


def test_groups_are_mended_by_the_rules_that_are_pasted(platform: Platform, undo: ExitStack) -> None:
    group = platform.ec2.create_security_group(GroupName="theirs", Description="jobs", VpcId=platform.vpc_id)["GroupId"]
    undo.callback(platform.ec2.delete_security_group, GroupId=group)
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    platform.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
    endpoints = {"tags": {"Name": "platform-endpoints"}}
    settings = platform.settings(security_groups={"jobs": group, "endpoints": endpoints})
    faults = platform.faults(settings)
    assert {fault.key for fault in faults} == {"existing.security_groups.jobs"}
    assert len(faults) == 4  # to the endpoints, to S3, to each other and from each other
    for fault in faults:
        call = "ingress" if "authorize-security-group-ingress" in fault.text else "egress"
        getattr(platform.ec2, f"authorize_security_group_{call}")(**json.loads(fault.paste))
    assert platform.faults(settings) == []


def test_the_endpoints_group_must_let_our_subnets_in(platform: Platform, undo: ExitStack) -> None:
    group = platform.one("describe_security_groups", "SecurityGroups", Name="platform-endpoints")
    rules = {"GroupId": group["GroupId"], "IpPermissions": group["IpPermissions"]}
    platform.ec2.revoke_security_group_ingress(**rules)
    undo.callback(platform.ec2.authorize_security_group_ingress, **rules)
    faults = platform.faults()
    assert {fault.key for fault in faults} == {"existing.security_groups.endpoints"}
    ranges = [entry["CidrIp"] for entry in json.loads(faults[0].paste)["IpPermissions"][0]["IpRanges"]]
    assert sorted(ranges) == ["10.60.0.0/22", "10.60.4.0/22"]
