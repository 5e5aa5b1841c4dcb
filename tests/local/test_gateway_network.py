"""The network of a VPC: what a function inside reaches, and what its parts hold on to."""

from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ProxyConnectionError

from sagekeep.local.instance import Instance
from sagekeep.local.network import service_of
from tests.local.gateway_cloud import ACCOUNT, REGION, Cloud, allow, code_of, document, drop_role, make_role

PROBE = f'''
import boto3, os
from botocore.config import Config

def handler(event, _context):
    config = Config(retries={{"total_max_attempts": 1}}, connect_timeout=5, read_timeout=10)
    client = boto3.client(event["service"], config=config, region_name="{REGION}")
    try:
        answer = getattr(client, event["operation"])(**event.get("parameters", {{}}))
        answer.pop("ResponseMetadata", None)
        return {{"answer": str(answer)}}
    except Exception as error:
        return {{"error": f"{{type(error).__name__}}: {{error}}"}}
'''


@dataclass
class Net:
    """A VPC of one subnet, with a group for callers and one for endpoints."""

    vpc: str
    subnet: str
    table: str
    callers: str
    endpoints: str


@pytest.fixture(scope="module")
def net(admin: Cloud) -> Iterator[Net]:
    ec2 = admin("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZoneId="use1-az1")["Subnet"]["SubnetId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    association = ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]
    groups = [
        ec2.create_security_group(GroupName=n, Description=n, VpcId=vpc)["GroupId"] for n in ("callers", "endpoints")
    ]
    everywhere = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    for group in groups:
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everywhere)
    made = Net(vpc, subnet, table, *groups)
    yield made
    for endpoint in ec2.describe_vpc_endpoints()["VpcEndpoints"]:
        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    for group in groups:
        strip(admin, group)
    for group in groups:
        ec2.delete_security_group(GroupId=group)
    ec2.disassociate_route_table(AssociationId=association)
    ec2.delete_route_table(RouteTableId=table)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def strip(admin: Cloud, group: str) -> None:
    ec2 = admin("ec2")
    found = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    if found["IpPermissions"]:
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=found["IpPermissions"])
    if found["IpPermissionsEgress"]:
        ec2.revoke_security_group_egress(GroupId=group, IpPermissions=found["IpPermissionsEgress"])


def https(group: str) -> list[dict[str, Any]]:
    return [{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": group}]}]


@pytest.fixture(scope="module")
def probe(admin: Cloud, net: Net) -> Iterator[Any]:
    """Calls AWS from a function inside the VPC: probe("sts", "get_caller_identity")."""
    interfaces = [f"ec2:{verb}NetworkInterface{s}" for verb, s in (("Create", ""), ("Describe", "s"), ("Delete", ""))]
    role = make_role(admin, "prober", "lambda.amazonaws.com", allow("s3:*", "sts:*", *interfaces))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("app.py", PROBE)
    functions = admin("lambda")
    functions.create_function(
        FunctionName="prober", Runtime="python3.12", Role=role, Handler="app.handler", Timeout=60,
        Code={"ZipFile": out.getvalue()}, VpcConfig={"SubnetIds": [net.subnet], "SecurityGroupIds": [net.callers]},
    )  # fmt: skip
    functions.get_waiter("function_active_v2").wait(FunctionName="prober", WaiterConfig={"Delay": 0.2})

    def call(service: str, operation: str, **parameters: Any) -> dict[str, str]:
        event = json.dumps({"service": service, "operation": operation, "parameters": parameters})
        answer = functions.invoke(FunctionName="prober", Payload=event)
        return dict(json.loads(answer["Payload"].read()))

    yield call
    functions.delete_function(FunctionName="prober")
    drop_role(admin, "prober")


def test_a_function_in_a_vpc_reaches_aws_through_its_endpoints_only(admin: Cloud, net: Net, probe: Any) -> None:
    """One story, step by step: each part that is missing is told by name."""
    ec2 = admin("ec2")
    assert "ProxyConnectionError" in probe("sts", "get_caller_identity")["error"]
    ec2.create_vpc_endpoint(
        VpcId=net.vpc, VpcEndpointType="Interface", ServiceName=f"com.amazonaws.{REGION}.sts",
        SubnetIds=[net.subnet], SecurityGroupIds=[net.endpoints], PrivateDnsEnabled=True,
    )  # fmt: skip
    assert "ProxyConnectionError" in probe("sts", "get_caller_identity")["error"]
    ec2.authorize_security_group_egress(GroupId=net.callers, IpPermissions=https(net.endpoints))
    assert "ProxyConnectionError" in probe("sts", "get_caller_identity")["error"]
    ec2.authorize_security_group_ingress(GroupId=net.endpoints, IpPermissions=https(net.callers))
    assert "assumed-role/prober/prober" in probe("sts", "get_caller_identity")["answer"]
    assert "ProxyConnectionError" in probe("kms", "list_keys")["error"]
    assert "has no endpoint for kms" in Path(admin.variables["AWS_CA_BUNDLE"]).with_name("log").read_text()


def test_the_gateway_endpoint_its_policy_and_the_buckets_perimeter(admin: Cloud, net: Net, probe: Any) -> None:
    ec2, s3 = admin("ec2"), admin("s3")
    s3.create_bucket(Bucket="inside-only")
    policy = document({"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "*"})
    endpoint = ec2.create_vpc_endpoint(
        VpcId=net.vpc, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[net.table], PolicyDocument=policy
    )["VpcEndpoint"]["VpcEndpointId"]
    lists = ec2.describe_managed_prefix_lists(
        Filters=[{"Name": "prefix-list-name", "Values": [f"com.amazonaws.{REGION}.s3"]}]
    )["PrefixLists"]
    to_s3 = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443,
             "PrefixListIds": [{"PrefixListId": lists[0]["PrefixListId"], "Description": "to S3"}]}  # fmt: skip
    assert "ProxyConnectionError" in probe("s3", "list_objects_v2", Bucket="inside-only")["error"]
    ec2.authorize_security_group_egress(GroupId=net.callers, IpPermissions=[to_s3])
    assert "KeyCount" in probe("s3", "list_objects_v2", Bucket="inside-only")["answer"]
    refused = probe("s3", "put_object", Bucket="inside-only", Key="k")["error"]
    assert "because no VPC endpoint policy allows the s3:PutObject action" in refused
    # The bucket is open through this endpoint only.
    deny = {"Sid": "OnlyThroughTheEndpoint", "Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket",
            "Resource": "arn:aws:s3:::inside-only",
            "Condition": {"StringNotEquals": {"aws:SourceVpce": endpoint}}}  # fmt: skip
    s3.put_bucket_policy(Bucket="inside-only", Policy=document(deny))
    assert "KeyCount" in probe("s3", "list_objects_v2", Bucket="inside-only")["answer"]
    with pytest.raises(ClientError, match="explicit deny"):
        s3.list_objects_v2(Bucket="inside-only")
    s3.delete_bucket_policy(Bucket="inside-only")
    s3.delete_bucket(Bucket="inside-only")


def test_a_mark_that_was_not_issued_is_refused(running: Instance, net: Net, become: Any) -> None:
    forged = f"http://{net.vpc}.{net.subnet}.{net.callers}:guess@127.0.0.1:{running.proxy_port}"
    with pytest.raises(ProxyConnectionError):
        become(allow("s3:*"), proxy=forged)("s3").list_buckets()


def test_a_process_can_be_placed_in_the_vpc(running: Instance, net: Net, become: Any) -> None:
    entrance = running.entrance(net.vpc, [net.subnet], [net.callers])
    with pytest.raises(ProxyConnectionError):
        become(allow("kms:*"), proxy=entrance)("kms").list_keys()


def test_what_is_in_use_cannot_be_deleted(admin: Cloud) -> None:
    ec2 = admin("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.1.0/24", AvailabilityZoneId="use1-az2")["Subnet"]["SubnetId"]
    one, two = (ec2.create_security_group(GroupName=n, Description=n, VpcId=vpc)["GroupId"] for n in ("one", "two"))
    ec2.authorize_security_group_ingress(GroupId=two, IpPermissions=https(one))
    card = ec2.create_network_interface(SubnetId=subnet, Groups=[two])["NetworkInterface"]["NetworkInterfaceId"]
    for call in (
        lambda: ec2.delete_security_group(GroupId=one),  # two's rules name it
        lambda: ec2.delete_security_group(GroupId=two),  # an interface wears it
        lambda: ec2.delete_subnet(SubnetId=subnet),
        lambda: ec2.delete_vpc(VpcId=vpc),
    ):
        with pytest.raises(ClientError) as refused:
            call()
        assert code_of(refused) == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=card)
    for group in (two, one):
        ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def found(ec2: Any, name: str, value: str) -> list[dict[str, Any]]:
    return list(ec2.describe_network_interfaces(Filters=[{"Name": name, "Values": [value]}])["NetworkInterfaces"])


def test_interfaces_are_found_by_what_they_are_in(admin: Cloud, net: Net) -> None:
    ec2 = admin("ec2")
    made = ec2.create_network_interface(SubnetId=net.subnet, Groups=[net.endpoints])["NetworkInterface"]
    card = made["NetworkInterfaceId"]
    for name, value in (("group-id", net.endpoints), ("subnet-id", net.subnet), ("vpc-id", net.vpc)):
        assert card in [one["NetworkInterfaceId"] for one in found(ec2, name, value)]
    assert card not in [one["NetworkInterfaceId"] for one in found(ec2, "group-id", net.callers)]
    with pytest.raises(ClientError, match="NotImplemented"):
        found(ec2, "colour", "blue")
    ec2.delete_network_interface(NetworkInterfaceId=card)


def test_a_functions_interface_outlives_it_and_goes_once_it_is_not_in_use(
    admin: Cloud, net: Net, running: Instance
) -> None:
    ec2, functions = admin("ec2"), admin("lambda")
    verbs = [f"ec2:{verb}NetworkInterface{s}" for verb, s in (("Create", ""), ("Describe", "s"), ("Delete", ""))]
    role = make_role(admin, "leaver", "lambda.amazonaws.com", allow(*verbs))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("app.py", PROBE)
    functions.create_function(
        FunctionName="leaver", Runtime="python3.12", Role=role, Handler="app.handler",
        Code={"ZipFile": out.getvalue()}, VpcConfig={"SubnetIds": [net.subnet], "SecurityGroupIds": [net.callers]},
    )  # fmt: skip
    running.linger(functions=1.0)
    try:
        functions.delete_function(FunctionName="leaver")
    finally:
        running.linger()
    (left,) = found(ec2, "description", "AWS Lambda VPC ENI-leaver")
    with pytest.raises(ClientError, match="currently in use"):
        ec2.delete_network_interface(NetworkInterfaceId=left["NetworkInterfaceId"])
    time.sleep(1.1)
    (left,) = found(ec2, "description", "AWS Lambda VPC ENI-leaver")
    assert left["Status"] == "available"
    ec2.detach_network_interface(AttachmentId=left["Attachment"]["AttachmentId"])
    ec2.delete_network_interface(NetworkInterfaceId=left["NetworkInterfaceId"])
    drop_role(admin, "leaver")


def test_a_function_needs_a_role_that_may_make_interfaces(admin: Cloud, net: Net) -> None:
    role = make_role(admin, "without-interfaces", "lambda.amazonaws.com")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("app.py", PROBE)
    with pytest.raises(ClientError, match="permissions to call CreateNetworkInterface on EC2"):
        admin("lambda").create_function(
            FunctionName="nowhere", Runtime="python3.12", Role=role, Handler="app.handler",
            Code={"ZipFile": out.getvalue()}, VpcConfig={"SubnetIds": [net.subnet], "SecurityGroupIds": [net.callers]},
        )  # fmt: skip
    drop_role(admin, "without-interfaces")


def test_zone_ids_name_the_zones_of_the_region(admin: Cloud) -> None:
    zones = admin("ec2").describe_availability_zones()["AvailabilityZones"]
    assert {"use1-az1", "use1-az2", "use1-az3"} <= {zone["ZoneId"] for zone in zones}


def test_a_subnet_lies_in_the_zone_that_was_asked_for(admin: Cloud, net: Net) -> None:
    ec2 = admin("ec2")
    made = ec2.create_subnet(VpcId=net.vpc, CidrBlock="10.9.2.0/24", AvailabilityZoneId="use1-az4")["Subnet"]
    ec2.delete_subnet(SubnetId=made["SubnetId"])
    assert made["AvailabilityZoneId"] == "use1-az4"
    assert "use1-az4" in [zone["ZoneId"] for zone in ec2.describe_availability_zones()["AvailabilityZones"]]


@pytest.mark.parametrize("zone", [{"AvailabilityZoneId": "use1-az9"}, {"AvailabilityZone": "us-east-1z"}])
def test_a_zone_that_the_region_lacks_is_refused(admin: Cloud, net: Net, zone: dict[str, str]) -> None:
    with pytest.raises(ClientError, match=r"InvalidParameterValue.*use1-az6|InvalidParameterValue.*us-east-1f"):
        admin("ec2").create_subnet(VpcId=net.vpc, CidrBlock="10.9.2.0/24", **zone)


FLOW_LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:flows"
LOGGING = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")


@pytest.mark.parametrize(
    ("service", "statements", "status"),
    [
        ("vpc-flow-logs", [allow(*LOGGING, on=f"{FLOW_LOG_GROUP}:*"), allow("logs:DescribeLogGroups")], "SUCCESS"),
        ("vpc-flow-logs", [allow(*LOGGING, on=f"{FLOW_LOG_GROUP}:*")], "FAILED"),
        ("lambda", [allow("logs:*")], "FAILED"),
    ],
    ids=["enough", "without DescribeLogGroups", "another service's role"],
)
def test_flow_logs_arrive_where_their_role_may_do_what_the_guide_asks(
    admin: Cloud, net: Net, service: str, statements: list[dict[str, Any]], status: str
) -> None:
    ec2, logs = admin("ec2"), admin("logs")
    logs.create_log_group(logGroupName="flows")
    role = make_role(admin, "flow-logger", f"{service}.amazonaws.com", *statements)
    (made,) = ec2.create_flow_logs(
        ResourceIds=[net.vpc], ResourceType="VPC", TrafficType="ALL", LogGroupName="flows",
        DeliverLogsPermissionArn=role,
    )["FlowLogIds"]  # fmt: skip
    try:
        (found,) = ec2.describe_flow_logs(FlowLogIds=[made])["FlowLogs"]
    finally:
        ec2.delete_flow_logs(FlowLogIds=[made])
        logs.delete_log_group(logGroupName="flows")
        drop_role(admin, "flow-logger")
    assert found["DeliverLogsStatus"] == status
    assert found.get("DeliverLogsErrorMessage") == ("Access error" if status == "FAILED" else None)


def test_an_endpoint_and_a_function_are_refused_in_a_zone_that_lacks_them(admin: Cloud, net: Net) -> None:
    ec2 = admin("ec2")
    zone = {"AvailabilityZoneId": "use1-az3"}
    subnet = ec2.create_subnet(VpcId=net.vpc, CidrBlock="10.9.3.0/24", **zone)["Subnet"]["SubnetId"]
    studio = f"aws.sagemaker.{REGION}.studio"
    role = make_role(admin, "placeless", "lambda.amazonaws.com", allow("ec2:*"))
    try:
        (service,) = ec2.describe_vpc_endpoint_services(ServiceNames=[studio])["ServiceDetails"]
        assert "us-east-1a" in service["AvailabilityZones"]
        assert "us-east-1b" not in service["AvailabilityZones"]
        with pytest.raises(
            ClientError, match=f"{studio} does not support the availability zone of the subnet: {subnet}"
        ):
            ec2.create_vpc_endpoint(
                VpcId=net.vpc, ServiceName=studio, VpcEndpointType="Interface", SubnetIds=[net.subnet, subnet]
            )
        with pytest.raises(ClientError, match=f"not available in the availability zone of the subnet {subnet}"):
            admin("lambda").create_function(
                FunctionName="nowhere", Runtime="python3.12", Role=role, Handler="app.handler",
                Code={"ZipFile": b"x"}, VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [net.callers]},
            )  # fmt: skip
    finally:
        drop_role(admin, "placeless")
        ec2.delete_subnet(SubnetId=subnet)


def test_a_service_that_has_no_endpoint_is_not_described(admin: Cloud) -> None:
    with pytest.raises(ClientError, match="does not exist"):
        admin("ec2").describe_vpc_endpoint_services(ServiceNames=[f"com.amazonaws.{REGION}.nothing"])


def test_an_endpoint_takes_one_subnet_a_zone(admin: Cloud, net: Net) -> None:
    ec2 = admin("ec2")
    zone = {"AvailabilityZoneId": "use1-az1"}
    second = ec2.create_subnet(VpcId=net.vpc, CidrBlock="10.9.3.0/24", **zone)["Subnet"]["SubnetId"]
    try:
        with pytest.raises(ClientError, match="DuplicateSubnetsInSameZone"):
            ec2.create_vpc_endpoint(
                VpcId=net.vpc,
                ServiceName=f"com.amazonaws.{REGION}.sts",
                VpcEndpointType="Interface",
                SubnetIds=[net.subnet, second],
            )
    finally:
        ec2.delete_subnet(SubnetId=second)


@pytest.mark.parametrize(("region", "service"), [("us-east-1", "s3"), ("eu-west-1", "s3.amazonaws.com")])
def test_the_endpoint_of_s3_serves_its_global_name_in_us_east_1_only(region: str, service: str) -> None:
    assert service_of("s3.amazonaws.com", region) == service
