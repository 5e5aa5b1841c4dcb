"""The isolated VPC and the only ways out of it."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.vpc_block_public_access_options import VpcBlockPublicAccessOptions
from constructs import Construct

from sagekeep.settings import Settings
from stacks.base import EstateStack
from stacks.keys import KeysStack
from stacks.parts.endpoint_set import EndpointSet
from stacks.parts.flow_logs import FlowLogs
from stacks.parts.isolated_vpc import IsolatedVpc
from stacks.parts.security_groups import SecurityGroups
from stacks.parts.traffic import GROUPS


class NetworkStack(EstateStack):
    """VPC, isolated subnets, endpoints, security groups, flow logs."""

    NAME = "network"

    def __init__(self, scope: Construct, settings: Settings, *, keys: KeysStack) -> None:
        super().__init__(scope, settings, reads=[keys])
        vpc = IsolatedVpc(self, "isolated", settings=settings)
        groups = SecurityGroups(self, "groups", settings=settings, vpc_id=vpc.id)
        endpoints = EndpointSet(
            self, "endpoint", settings=settings, vpc=vpc, security_group_id=groups.id_of("endpoints")
        )
        groups.connect(s3_prefix_list_id=endpoints.s3.prefix_list_id)
        if settings.network.block_public_access:
            # One for the whole region (control EC2.172): of the environments in an account only one may own it.
            VpcBlockPublicAccessOptions(self, "public-access", internet_gateway_block_mode="block-bidirectional")
        FlowLogs(self, "flow", settings=settings, vpc_id=vpc.id, key_arn=self.read(KeysStack).text("logs_key_arn"))
        self.output("vpc_id", vpc.id, "The isolated VPC")
        self.output("vpc_cidr", settings.network.cidr, "Address range of the VPC")
        self.output("subnet_ids", vpc.subnet_ids, "Isolated subnets, one a zone")
        self.output("route_table_ids", vpc.route_table_ids, "Route tables of the subnets")
        self.output("default_security_group_id", vpc.default_security_group_id, "The VPC's own group, emptied")
        self.output("s3_endpoint_id", endpoints.s3.id, "Gateway endpoint for S3")
        for purpose, description in GROUPS.items():
            self.output(f"{purpose}_security_group_id", groups.id_of(purpose), f"Security group: {description}")
