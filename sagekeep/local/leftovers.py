"""What is in an account beyond what a fresh one has: the proof that nothing is left after a destroy."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from sagekeep.local.instance import Instance

Client = Any
_NOT_MODELLED = "NotImplemented"


def left(instance: Instance) -> list[str]:
    """`leftovers` of a running instance, seen by its administrator."""
    return leftovers(instance.variables(session="leftovers"))


def leftovers(session_environment: Mapping[str, str]) -> list[str]:
    """One line a resource, "kind name", sorted; empty when the account is as fresh as on its first day.

    `session_environment` is what Instance.variables() or Instance.environment() gives.
    """
    session = boto3.Session(
        aws_access_key_id=session_environment["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=session_environment["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=session_environment["AWS_SESSION_TOKEN"],
        region_name=session_environment["AWS_REGION"],
    )
    config = Config(proxies={"https": session_environment["HTTPS_PROXY"]}, retries={"total_max_attempts": 2})

    def client(service: str) -> Client:
        return session.client(service, config=config, verify=session_environment["AWS_CA_BUNDLE"])

    clients = {service: client(service) for service in {service for service, _ in _SURVEYS}}

    def survey(entry: tuple[str, Survey]) -> list[str]:
        service, look = entry
        return list(look(clients[service]))

    with ThreadPoolExecutor(8) as threads:
        return sorted(line for lines in threads.map(survey, _SURVEYS) for line in lines)


Survey = Callable[[Client], Iterator[str]]


def _pages(client: Client, operation: str, member: str, **request: Any) -> Iterator[Any]:
    if client.can_paginate(operation):
        for page in client.get_paginator(operation).paginate(**request):
            yield from page.get(member, [])
    else:
        yield from getattr(client, operation)(**request).get(member, [])


def _all(kind: str, operation: str, member: str, name: str, **request: Any) -> Survey:
    """A survey that names every member of one listing; `name` "" where the members are names."""

    def look(client: Client) -> Iterator[str]:
        for item in _pages(client, operation, member, **request):
            yield f"{kind} {item[name] if name else item}"

    return look


def _in_vpcs(kind: str, operation: str, member: str, name: str) -> Survey:
    """As _all, without what belongs to the account's default VPC."""

    def look(client: Client) -> Iterator[str]:
        default = {vpc["VpcId"] for vpc in client.describe_vpcs()["Vpcs"] if vpc["IsDefault"]}
        for item in _pages(client, operation, member):
            if item.get("VpcId") not in default:
                yield f"{kind} {item[name]}"

    return look


def _roles(client: Client) -> Iterator[str]:
    admin = _administrator(client)
    for role in _pages(client, "list_roles", "Roles"):
        if role["RoleName"] == admin:
            policies = set(_pages(client, "list_role_policies", "PolicyNames", RoleName=admin))
            yield from (f"policy of role {admin}: {name}" for name in sorted(policies - {"Administrator"}))
        else:
            yield f"role {role['RoleName']}"


def _administrator(client: Client) -> str:
    """The administrator: the one role whose inline policy allows everything by the name it has in a fresh account."""
    for role in _pages(client, "list_roles", "Roles"):
        try:
            client.get_role_policy(RoleName=role["RoleName"], PolicyName="Administrator")
        except ClientError:
            continue
        return str(role["RoleName"])
    return ""


def _keys(client: Client) -> Iterator[str]:
    for item in _pages(client, "list_keys", "Keys"):
        key = client.describe_key(KeyId=item["KeyId"])["KeyMetadata"]
        if key["KeyState"] != "PendingDeletion" and key["KeyManager"] == "CUSTOMER":
            yield f"key {key['Arn']} ({key.get('Description', '')})"


def _aliases(client: Client) -> Iterator[str]:
    for alias in _pages(client, "list_aliases", "Aliases"):
        if not alias["AliasName"].startswith("alias/aws/"):
            yield f"alias {alias['AliasName']}"


def _sagemaker(kind: str) -> Survey:
    """A survey of one kind of thing of SageMaker: "Domains" and the like."""

    def look(client: Client) -> Iterator[str]:
        operation = client.meta.method_to_api_mapping
        method = next(name for name, api in operation.items() if api == f"List{kind}")
        try:
            for page in client.get_paginator(method).paginate():
                (items,) = (value for value in page.values() if isinstance(value, list))
                there = (item for item in items if not _over(item))
                yield from (f"sagemaker {kind} {_label(item)}" for item in there)
        except ClientError as error:
            if error.response["Error"]["Code"] != _NOT_MODELLED:
                raise

    return look


def _over(item: Mapping[str, Any]) -> bool:
    """What AWS goes on listing though it is gone: a deleted app for a day, a job that has ended for ever."""
    job = item.get("ProcessingJobStatus") or item.get("TrainingJobStatus")
    return item.get("Status") == "Deleted" or job in ("Completed", "Failed", "Stopped")


def _label(item: Mapping[str, Any]) -> str:
    for name, value in item.items():
        if name.endswith("Arn"):
            return str(value)
    return json.dumps(item, default=str)


_SURVEYS: list[tuple[str, Survey]] = [
    ("ec2", _in_vpcs("vpc", "describe_vpcs", "Vpcs", "VpcId")),
    ("ec2", _in_vpcs("subnet", "describe_subnets", "Subnets", "SubnetId")),
    ("ec2", _in_vpcs("security group", "describe_security_groups", "SecurityGroups", "GroupId")),
    ("ec2", _in_vpcs("route table", "describe_route_tables", "RouteTables", "RouteTableId")),
    ("ec2", _all("network interface", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId")),
    ("ec2", _all("vpc endpoint", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId")),
    ("ec2", _all("flow log", "describe_flow_logs", "FlowLogs", "FlowLogId")),
    ("ec2", _all("elastic ip", "describe_addresses", "Addresses", "PublicIp")),
    ("ec2", _all("nat gateway", "describe_nat_gateways", "NatGateways", "NatGatewayId")),
    ("s3", _all("bucket", "list_buckets", "Buckets", "Name")),
    ("kms", _keys),
    ("kms", _aliases),
    ("iam", _roles),
    ("iam", _all("policy", "list_policies", "Policies", "Arn", Scope="Local")),
    ("iam", _all("user", "list_users", "Users", "UserName")),
    ("iam", _all("instance profile", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName")),
    ("lambda", _all("function", "list_functions", "Functions", "FunctionName")),
    ("lambda", _all("layer", "list_layers", "Layers", "LayerName")),
    ("lambda", _all("event source mapping", "list_event_source_mappings", "EventSourceMappings", "UUID")),
    ("logs", _all("log group", "describe_log_groups", "logGroups", "logGroupName")),
    ("events", _all("rule", "list_rules", "Rules", "Name")),
    ("sns", _all("topic", "list_topics", "Topics", "TopicArn")),
    ("sns", _all("subscription", "list_subscriptions", "Subscriptions", "SubscriptionArn")),
    ("sqs", _all("queue", "list_queues", "QueueUrls", "")),
    ("cloudwatch", _all("alarm", "describe_alarms", "MetricAlarms", "AlarmName")),
    ("efs", _all("file system", "describe_file_systems", "FileSystems", "FileSystemId")),
    ("ssm", _all("parameter", "describe_parameters", "Parameters", "Name")),
    ("secretsmanager", _all("secret", "list_secrets", "SecretList", "Name")),
    *(
        ("sagemaker", _sagemaker(kind))
        for kind in (
            "Domains", "UserProfiles", "Spaces", "Apps", "StudioLifecycleConfigs", "Pipelines", "Models",
            "EndpointConfigs", "Endpoints", "ModelPackageGroups", "ProcessingJobs", "TrainingJobs",
        )
    ),
]  # fmt: skip
