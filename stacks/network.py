"""The isolated VPC and the only ways out of it."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.vpc_block_public_access_options import VpcBlockPublicAccessOptions
from constructs import Construct

from sagekeep.settings import Settings
from stacks.base import EstateStack
from stacks.keys import KeysStack
from stacks.parts.brought import known
from stacks.parts.brought_vpc import BroughtVpc
from stacks.parts.endpoint_set import EndpointSet
from stacks.parts.endpoint_table import services
from stacks.parts.flow_logs import FlowLogs
from stacks.parts.isolated_vpc import IsolatedVpc
from stacks.parts.security_groups import SecurityGroups
from stacks.parts.traffic import GROUPS, written


class NetworkStack(EstateStack):
    """VPC, isolated subnets, endpoints, security groups, flow logs; what is brought of these is looked up."""

    NAME = "network"

    def __init__(self, scope: Construct, settings: Settings, *, keys: KeysStack) -> None:
        super().__init__(scope, settings, reads=[keys])
        settings = self.settings = known(self, settings, "data_bucket", "roles.flow-logs")
        vpc = self._vpc()
        groups = SecurityGroups(self, "groups", settings=settings, vpc=vpc)
        endpoints = EndpointSet(
            self, "endpoint", settings=settings, vpc=vpc, security_group_id=groups.id_of("endpoints")
        )
        groups.connect(s3_prefix_list_id=endpoints.s3.prefix_list_id)
        if settings.network.block_public_access:
            # One for the whole region (control EC2.172): of the environments in an account only one may own it.
            VpcBlockPublicAccessOptions(self, "public-access", internet_gateway_block_mode="block-bidirectional")
        if settings.network.flow_logs or settings.existing.vpc is None:
            FlowLogs(self, "flow", settings=settings, vpc_id=vpc.id, key_arn=self.read(KeysStack).text("logs_key_arn"))
        self.output("vpc_id", vpc.id, "The isolated VPC")
        self.output("vpc_cidr", vpc.cidr, "Address range of the VPC")
        self.output("subnet_ids", vpc.subnet_ids, "Isolated subnets, one a zone", only_if=vpc.zones_rule)
        self.output("route_table_ids", vpc.route_table_ids, "Route tables of the subnets")
        self.output("default_security_group_id", vpc.default_security_group_id, "The VPC's own group, emptied")
        self.output("s3_endpoint_id", endpoints.s3.id, "Gateway endpoint for S3")
        for purpose, description in GROUPS.items():
            self.output(f"{purpose}_security_group_id", groups.id_of(purpose), f"Security group: {description}")

    def _vpc(self) -> IsolatedVpc | BroughtVpc:
        """Ours, or the one that is brought, of which the tool must know what we need."""
        brought = self.settings.existing.vpc
        if brought is None:
            return IsolatedVpc(self, "isolated", settings=self.settings)
        self.required |= {"endpoints": services(self.settings), "traffic": written()}
        return BroughtVpc(self, "isolated", settings=self.settings, vpc=brought)
