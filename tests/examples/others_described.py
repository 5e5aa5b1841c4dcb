"""All that AWS says of what other teams have made (`others.py`), as text: equal before and after is untouched."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from others import Others

# What changes by being used, or by being asked.
_PASSING = ("ResponseMetadata", "RoleLastUsed", "LastAccessedDate", "AvailableIpAddressCount")
_EC2 = (
    ("describe_subnets", "Subnets"),
    ("describe_route_tables", "RouteTables"),
    ("describe_security_groups", "SecurityGroups"),
    ("describe_network_acls", "NetworkAcls"),
    ("describe_vpc_endpoints", "VpcEndpoints"),
    ("describe_network_interfaces", "NetworkInterfaces"),
)
_BUCKET = (
    "get_bucket_acl",
    "get_bucket_encryption",
    "get_bucket_policy",
    "get_bucket_tagging",
    "get_bucket_versioning",
    "get_bucket_logging",
    "get_bucket_lifecycle_configuration",
    "get_bucket_notification_configuration",
    "get_bucket_ownership_controls",
    "get_public_access_block",
)


def described(others: Others) -> str:
    """Network, keys, buckets with their objects, topic, roles, domain and parameters."""
    things = others.outputs["things"]
    found = {
        "network": dict(_network(others, things["vpc"])),
        "keys": {name: _key(others, arn) for name, arn in things.items() if name.startswith("key_")},
        "buckets": {name: _bucket(others, bucket) for name, bucket in things.items() if name.startswith("bucket_")},
        "topic": _topic(others, things["topic"]),
        "roles": {name: _role(others, arn) for name, arn in things.items() if name.startswith("role_")},
        "domain": _domain(others, things["domain"]),
        "parameters": others.client("ssm").get_parameters_by_path(Path="/others", Recursive=True)["Parameters"],
    }
    return json.dumps(_lasting(found), indent=1, sort_keys=True, default=str)


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lasting(item) for key, item in value.items() if key not in _PASSING}
    return [_lasting(item) for item in value] if isinstance(value, list) else value


def _network(others: Others, vpc: str) -> Iterator[tuple[str, Any]]:
    ec2 = others.client("ec2")
    yield "vpc", ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"]
    for name in ("enableDnsSupport", "enableDnsHostnames"):
        yield name, ec2.describe_vpc_attribute(VpcId=vpc, Attribute=name)
    for call, member in _EC2:
        # Looked through here: the embedded AWS does not hold every call to this filter.
        answer = getattr(ec2, call)(Filters=[{"Name": "vpc-id", "Values": [vpc]}])[member]
        yield member, [thing for thing in answer if thing["VpcId"] == vpc]
    yield "flow logs", ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [vpc]}])["FlowLogs"]


def _key(others: Others, arn: str) -> list[Any]:
    kms = others.client("kms")
    return [
        kms.describe_key(KeyId=arn)["KeyMetadata"],
        kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"],
        kms.get_key_rotation_status(KeyId=arn)["KeyRotationEnabled"],
        kms.list_grants(KeyId=arn)["Grants"],
        kms.list_aliases(KeyId=arn)["Aliases"],
        kms.list_resource_tags(KeyId=arn)["Tags"],
    ]


def _bucket(others: Others, bucket: str) -> dict[str, Any]:
    """Its configuration and their objects with all versions; what the environment wrote beside stays (estates.md)."""
    s3 = others.client("s3")
    found: dict[str, Any] = {}
    for call in _BUCKET:
        try:
            found[call] = getattr(s3, call)(Bucket=bucket)
        except s3.exceptions.ClientError as error:
            found[call] = error.response["Error"]["Code"]
    found["objects"] = s3.list_object_versions(Bucket=bucket, Prefix="theirs/")["Versions"]
    for version in found["objects"]:
        place = {"Bucket": bucket, "Key": version["Key"], "VersionId": version["VersionId"]}
        answer = s3.get_object(**place)
        version |= {**answer, "Body": answer["Body"].read().decode()}
    return found


def _topic(others: Others, arn: str) -> list[Any]:
    sns = others.client("sns")
    return [
        sns.get_topic_attributes(TopicArn=arn)["Attributes"],
        sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"],
        sns.list_tags_for_resource(ResourceArn=arn)["Tags"],
    ]


def _role(others: Others, arn: str) -> list[Any]:
    iam, name = others.client("iam"), arn.rpartition("/")[2]
    policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
    return [
        iam.get_role(RoleName=name)["Role"],
        [iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in policies],
        iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"],
    ]


def _domain(others: Others, domain: str) -> list[Any]:
    sagemaker = others.client("sagemaker")
    found = sagemaker.describe_domain(DomainId=domain)
    return [
        found,
        sagemaker.list_user_profiles(DomainIdEquals=domain)["UserProfiles"],
        sagemaker.list_tags(ResourceArn=found["DomainArn"])["Tags"],
    ]
