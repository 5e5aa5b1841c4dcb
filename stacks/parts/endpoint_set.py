"""The VPC's endpoints: the only ways from the VPC to AWS, each with a policy."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from constructs import Construct

from policies import endpoints
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.endpoint_table import different_policies, gateway_service_name, interface_endpoints
from stacks.parts.isolated_vpc import IsolatedVpc
from stacks.parts.policy import policy_json


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
            service_name=gateway_service_name(settings.region),
            vpc_endpoint_type="Gateway",
            route_table_ids=vpc.route_table_ids,
            policy=policy_json(self, "s3-policy", endpoints.s3(settings)),
            tags={"Name": names.name(settings, "s3")},
        )
        policies = {
            make: policy_json(self, make.__name__.replace("_", "-"), make(settings)) for make in different_policies()
        }
        self.interfaces = [
            VpcEndpoint(
                self,
                endpoint.service.replace(".", "-"),
                vpc_id=vpc.id,
                service_name=endpoint.service_name(settings.region),
                vpc_endpoint_type="Interface",
                subnet_ids=vpc.subnet_ids,
                security_group_ids=[security_group_id],
                private_dns_enabled=True,
                policy=policies[endpoint.statements],
                tags={"Name": names.name(settings, endpoint.service)},
            )
            for endpoint in interface_endpoints(settings)
        ]
