"""The VPC's endpoints: the only ways from the VPC to AWS, each with a policy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from constructs import Construct

from policies import endpoints
from policies.statement import Statement
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.isolated_vpc import IsolatedVpc
from stacks.parts.policy import policy_json


@dataclass(frozen=True)
class Endpoint:
    """An interface endpoint: the service's name (with `{region}`), and the statements of its policy."""

    service: str
    statements: Callable[[Settings], list[Statement]] = endpoints.our_account

    def service_name(self, region: str) -> str:
        """Full service name; Studio's does not begin with com.amazonaws."""
        start = "aws.sagemaker" if self.service == "studio" else "com.amazonaws"
        return f"{start}.{region}.{self.service}"


INTERFACE_ENDPOINTS = (
    Endpoint("sagemaker.api"),
    Endpoint("sagemaker.runtime"),
    Endpoint("studio"),
    Endpoint("ecr.api", endpoints.our_account_and_images),
    Endpoint("ecr.dkr", endpoints.our_account_and_images),
    Endpoint("logs"),
    Endpoint("sts"),
    Endpoint("kms"),
    Endpoint("monitoring"),
)


class EndpointSet(Construct):
    """The S3 gateway endpoint on every route table, and the interface endpoints in every zone (controls N7, N8)."""

    def __init__(
        self, scope: Construct, id: str, *, settings: Settings, vpc: IsolatedVpc, security_group_id: str
    ) -> None:
        super().__init__(scope, id)
        self.settings = settings
        self.s3 = VpcEndpoint(
            self,
            "s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{settings.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[table.id for table in vpc.route_tables],
            policy=policy_json(self, "s3-policy", endpoints.s3(settings)),
            tags={"Name": names.name(settings, "s3")},
        )
        policies = {make: policy_json(self, make.__name__.replace("_", "-"), make(settings)) for make in _policies()}
        self.interfaces = [
            VpcEndpoint(
                self,
                endpoint.service.replace(".", "-"),
                vpc_id=vpc.id,
                service_name=endpoint.service_name(settings.region),
                vpc_endpoint_type="Interface",
                subnet_ids=[subnet.id for subnet in vpc.subnets],
                security_group_ids=[security_group_id],
                private_dns_enabled=True,
                policy=policies[endpoint.statements],
                tags={"Name": names.name(settings, endpoint.service)},
            )
            for endpoint in INTERFACE_ENDPOINTS
        ]


def _policies() -> list[Callable[[Settings], list[Statement]]]:
    """The different policies of the interface endpoints, in the order of the table."""
    return list(dict.fromkeys(endpoint.statements for endpoint in INTERFACE_ENDPOINTS))
