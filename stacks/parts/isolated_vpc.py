"""A VPC without any way out: no gateway, no NAT, no default route; isolated subnets, one a zone."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct

from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.isolated_subnets import IsolatedSubnets


class IsolatedVpc(Construct):
    """The VPC, its emptied default group, and in each zone a subnet with its own route table (N1, N2, N4, N10)."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(scope, id)
        self.vpc = Vpc(
            self,
            "vpc",
            cidr_block=settings.network.cidr,
            enable_dns_support=True,  # private names of the interface endpoints need both
            enable_dns_hostnames=True,
            tags={"Name": names.stem(settings)},
        )
        self.id = self.vpc.id
        self.cidr = settings.network.cidr
        group = DefaultSecurityGroup(
            self, "default-group", vpc_id=self.id, tags={"Name": names.name(settings, "default-unused")}
        )
        self.default_security_group_id = str(group.id)
        self.zones_rule = None
        subnets = IsolatedSubnets(self, settings=settings, vpc_id=self.id)
        self.subnet_ids, self.route_table_ids = subnets.ids, subnets.route_table_ids
