"""What differs between AWS's partitions: how ARNs, hosts and names of endpoint services are written.

Sources: AWS General Reference (ARNs, endpoints); the names of endpoint services as aws-cdk-lib has them
(aws-ec2/lib/vpc-endpoint.ts, November 2026), which come from `aws ec2 describe-vpc-endpoint-services`; principals of
services in China from aws-cdk-lib (region-info/lib/default.ts). Isolated partitions are left as far as images go.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Partition:
    """One partition.

    Attributes:
        name: as it stands in ARNs.
        regions: how the names of its regions begin.
        dns_suffix: what its hosts end with.
        reversed_names: how the names of the endpoint services begin that do not begin with `com.amazonaws`.
        reversed_services: those services.
    """

    name: str
    regions: str
    dns_suffix: str = "amazonaws.com"
    reversed_names: str = ""
    reversed_services: frozenset[str] = frozenset()


_EVERYWHERE = {"ec2", "ecr.api", "ecr.dkr", "sagemaker.api", "sagemaker.runtime", "sqs"}
_CHINA = frozenset(_EVERYWHERE | {"athena", "lambda", "monitoring", "s3", "servicecatalog", "sts"})
_ISOLATED = frozenset(_EVERYWHERE | {"sns"})
PARTITIONS = (
    Partition("aws-cn", "cn-", "amazonaws.com.cn", "cn.com.amazonaws", _CHINA),
    Partition("aws-us-gov", "us-gov-"),
    Partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov", "gov.sgov.sc2s", _ISOLATED),
    Partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov", "gov.ic.hci.csp", frozenset({"ecr.api", "ecr.dkr"})),
    Partition("aws-iso", "us-iso-", "c2s.ic.gov", "gov.ic.c2s", _ISOLATED | {"athena"}),
    Partition("aws", ""),
)


def partition_of(region: str) -> Partition:
    """The partition that a region belongs to, by its name."""
    return next(partition for partition in PARTITIONS if region.startswith(partition.regions))


def host(service: str, region: str) -> str:
    """Host of a service in a region, such as `s3.us-east-1.amazonaws.com`; `kms:ViaService` has the same form."""
    return f"{service}.{region}.{partition_of(region).dns_suffix}"


def interface_service_name(service: str, region: str) -> str:
    """Name of the service behind an interface endpoint; Studio's begins with its own word everywhere."""
    if service == "studio":
        return f"aws.sagemaker.{region}.studio"
    partition = partition_of(region)
    start = partition.reversed_names if service in partition.reversed_services else "com.amazonaws"
    return f"{start}.{region}.{service}"


def gateway_service_name(service: str, region: str) -> str:
    """Name of the service behind a gateway endpoint: the same form in every partition."""
    return f"com.amazonaws.{region}.{service}"
