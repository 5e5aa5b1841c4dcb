"""The VPC's endpoints: the only ways from the VPC to AWS, each with a policy."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.data_aws_vpc_endpoint import DataAwsVpcEndpoint
from cdktf_cdktf_provider_aws.vpc_endpoint import VpcEndpoint
from cdktf_cdktf_provider_aws.vpc_endpoint_route_table_association import VpcEndpointRouteTableAssociation
from constructs import Construct

from policies import endpoints
from sagekeep import names
from sagekeep.settings import Settings
from sagekeep.settings_existing import ENDPOINT, Reference
from stacks.parts.brought_vpc import BroughtVpc
from stacks.parts.endpoint_table import Endpoint, different_policies, gateway_service_name, interface_endpoints
from stacks.parts.existing import Source, conditions, for_each, resolve
from stacks.parts.isolated_vpc import IsolatedVpc
from stacks.parts.policy import policy_json


class EndpointSet(Construct):
    """The S3 gateway endpoint on every route table, and the interface endpoints in every zone (controls N7, N8).

    Those that are brought are looked up only; `s3` is the data source then.
    """

    def __init__(
        self, scope: Construct, id: str, *, settings: Settings, vpc: IsolatedVpc | BroughtVpc, security_group_id: str
    ) -> None:
        super().__init__(scope, id)
        self.settings, self._vpc = settings, vpc
        brings = settings.existing.endpoints.brings
        self.s3 = self._brought_s3() if brings("s3") else self._s3()
        wanted = interface_endpoints(settings)
        ours = [endpoint for endpoint in wanted if not brings(endpoint.service)]
        policies = {
            make: policy_json(self, make.__name__.replace("_", "-"), make(settings))
            for make in different_policies()
            if any(endpoint.statements is make for endpoint in ours)
        }
        for endpoint in ours:
            self._interface(endpoint, policies[endpoint.statements], security_group_id)
        for endpoint in wanted:
            if brings(endpoint.service):
                self._brought(endpoint.service, endpoint.service_name(settings.region), private_names=True)

    def _s3(self) -> VpcEndpoint:
        return VpcEndpoint(
            self,
            "s3",
            vpc_id=self._vpc.id,
            service_name=gateway_service_name(self.settings.region),
            vpc_endpoint_type="Gateway",
            route_table_ids=self._vpc.route_table_ids,
            policy=policy_json(self, "s3-policy", endpoints.s3(self.settings)),
            tags={"Name": names.name(self.settings, "s3")},
        )

    def _interface(self, endpoint: Endpoint, policy: str, security_group_id: str) -> None:
        VpcEndpoint(
            self,
            endpoint.service.replace(".", "-"),
            vpc_id=self._vpc.id,
            service_name=endpoint.service_name(self.settings.region),
            vpc_endpoint_type="Interface",
            subnet_ids=self._vpc.subnet_ids,
            security_group_ids=[security_group_id],
            private_dns_enabled=True,
            policy=policy,
            tags={"Name": names.name(self.settings, endpoint.service)},
        )

    def _brought_s3(self) -> DataAwsVpcEndpoint:
        """Looked up and, where the settings ask for it, put into our route tables by resources of ours."""
        found = self._brought("s3", gateway_service_name(self.settings.region), private_names=False)
        if self.settings.existing.associate_s3:
            self._associate(str(found.id))
        return found

    def _associate(self, s3_id: str) -> None:
        tables, brought = self._vpc.route_table_ids, self.settings.existing.route_tables
        if isinstance(brought, Reference):  # nobody knows how many before a plan
            association = VpcEndpointRouteTableAssociation(
                self, "s3-association", route_table_id=s3_id, vpc_endpoint_id=s3_id
            )
            for_each(association, "route_table_id", tables)
            return
        for at, table in enumerate(tables, 1):
            VpcEndpointRouteTableAssociation(self, f"s3-association-{at}", route_table_id=table, vpc_endpoint_id=s3_id)

    def _brought(self, service: str, service_name: str, *, private_names: bool) -> DataAwsVpcEndpoint:
        """An endpoint of the VPC that is brought, by its reference or, with `all`, by its service."""
        key, reference = f"existing.endpoints.{service}", self.settings.existing.endpoints.named.get(service)
        name = service.replace(".", "-")
        rules = [
            (f'self.service_name == "{service_name}"', f"{key}: must be an endpoint for {service_name}."),
            (f"self.vpc_id == {self._vpc.vpc.fqn}.id", f"{key}: must be in existing.vpc."),
            ('lower(self.state) == "available"', f"{key}: must be available."),
        ]
        if private_names:
            rules.append(("self.private_dns_enabled", f"{key}: must have private DNS; its owner switches it on."))
        lifecycle = conditions(*rules)
        if reference is None:
            return DataAwsVpcEndpoint(self, name, vpc_id=self._vpc.id, service_name=service_name, lifecycle=lifecycle)
        found = resolve(self, f"{name}-found", reference, Source(key, ENDPOINT, self._vpc.id))
        return DataAwsVpcEndpoint(self, name, id=found, lifecycle=lifecycle)
