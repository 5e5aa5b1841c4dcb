"""A VPC without any way out: no gateway, no NAT, no default route; isolated subnets, one a zone."""

from __future__ import annotations

from ipaddress import IPv4Network

from cdktf import Fn, Postcondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_availability_zones import (
    DataAwsAvailabilityZones,
    DataAwsAvailabilityZonesFilter,
)
from cdktf_cdktf_provider_aws.default_security_group import DefaultSecurityGroup
from cdktf_cdktf_provider_aws.route_table import RouteTable
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.subnet import Subnet
from cdktf_cdktf_provider_aws.vpc import Vpc
from constructs import Construct

from sagekeep import names
from sagekeep.settings import Settings
from sagekeep.subnets import subnet_ranges


def _enough(zones: int) -> Postcondition:
    """`element` begins again at the list's end: a second subnet in a zone, which no endpoint takes."""
    return Postcondition(
        condition=f"${{length(self.zone_ids) >= {zones}}}",
        error_message=f"network.zones: there are fewer than {zones} availability zones for this account in the region.",
    )


class IsolatedVpc(Construct):
    """The VPC, its emptied default group, and in each zone a subnet with its own route table (N1, N2, N4, N10)."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings) -> None:
        super().__init__(scope, id)
        self.settings = settings
        self.vpc = Vpc(
            self,
            "vpc",
            cidr_block=settings.network.cidr,
            enable_dns_support=True,  # private names of the interface endpoints need both
            enable_dns_hostnames=True,
            tags={"Name": settings.prefix},
        )
        self.id = self.vpc.id
        group = DefaultSecurityGroup(
            self, "default-group", vpc_id=self.id, tags={"Name": names.name(settings, "default-unused")}
        )
        self.default_security_group_id = str(group.id)
        self.route_table_ids: list[str] = []
        self.subnet_ids = [self._subnet(at, block) for at, block in enumerate(subnet_ranges(settings))]

    def _zone_id(self, at: int) -> str:
        zones = self.settings.network.zones
        if not isinstance(zones, int):
            return zones[at]
        if at == 0:
            self._zones = DataAwsAvailabilityZones(
                self,
                "zones",
                state="available",
                filter=[DataAwsAvailabilityZonesFilter(name="opt-in-status", values=["opt-in-not-required"])],
                lifecycle=TerraformResourceLifecycle(postcondition=[_enough(zones)]),
            )
        return str(Fn.element(self._zones.zone_ids, at))

    def _subnet(self, at: int, block: IPv4Network) -> str:
        """Id of a new subnet with a route table."""
        name = names.name(self.settings, f"isolated-{at + 1}")
        chosen_by_aws = isinstance(self.settings.network.zones, int)
        subnet = Subnet(
            self,
            f"subnet-{at + 1}",
            vpc_id=self.id,
            cidr_block=str(block),
            availability_zone_id=self._zone_id(at),
            map_public_ip_on_launch=False,
            tags={"Name": name},
            # AWS may list a new zone first one day; a subnet stays where it is.
            lifecycle=TerraformResourceLifecycle(ignore_changes=["availability_zone_id"]) if chosen_by_aws else None,
        )
        table = RouteTable(self, f"routes-{at + 1}", vpc_id=self.id, tags={"Name": name})
        subnet_id, table_id = str(subnet.id), str(table.id)  # each read is a round trip to the kernel
        RouteTableAssociation(self, f"association-{at + 1}", subnet_id=subnet_id, route_table_id=table_id)
        self.route_table_ids.append(table_id)
        return subnet_id
