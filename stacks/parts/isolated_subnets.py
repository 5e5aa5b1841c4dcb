"""Subnets without any way out, one a zone, in a VPC that is ours or brought."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network

from cdktf import Fn, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.route_table import RouteTable
from cdktf_cdktf_provider_aws.route_table_association import RouteTableAssociation
from cdktf_cdktf_provider_aws.subnet import Subnet
from constructs import Construct

from sagekeep import names
from sagekeep.settings import Settings
from sagekeep.subnets import subnet_ranges
from stacks.parts.zones import Zones


class IsolatedSubnets:
    """In each zone a subnet with a route table: its own, or one of those that are brought (controls N1, N4, N10).

    No construct: what it makes belongs to `scope`, whose addresses are the same whoever made the VPC.
    """

    def __init__(
        self, scope: Construct, *, settings: Settings, vpc_id: str, route_tables: Sequence[str] | None = None
    ) -> None:
        self._scope, self._settings, self._vpc_id = scope, settings, vpc_id
        self._brought = route_tables
        self._made: list[str] = []
        self._zones = Zones(scope, settings)
        self.ids = [self._subnet(at, block) for at, block in enumerate(subnet_ranges(settings))]
        self.route_table_ids = list(route_tables) if route_tables is not None else self._made

    def _subnet(self, at: int, block: IPv4Network) -> str:
        """Id of a new subnet with a route table."""
        name = names.name(self._settings, f"isolated-{at + 1}")
        # A subnet keeps its range, whatever split a later release or setting has: other zones' are made beside it.
        stays = ["cidr_block"]
        if isinstance(self._settings.network.zones, int):
            stays.append("availability_zone_id")  # AWS may list a new zone first one day
        subnet = Subnet(
            self._scope,
            f"subnet-{at + 1}",
            vpc_id=self._vpc_id,
            cidr_block=str(block),
            availability_zone_id=self._zones.id(at),
            map_public_ip_on_launch=False,
            tags={"Name": name},
            lifecycle=TerraformResourceLifecycle(ignore_changes=stays),
        )
        subnet_id = str(subnet.id)  # each read is a round trip to the kernel
        RouteTableAssociation(
            self._scope, f"association-{at + 1}", subnet_id=subnet_id, route_table_id=self._route_table(at, name)
        )
        return subnet_id

    def _route_table(self, at: int, name: str) -> str:
        if self._brought is not None:
            return str(Fn.element(self._brought, at))
        table = RouteTable(self._scope, f"routes-{at + 1}", vpc_id=self._vpc_id, tags={"Name": name})
        self._made.append(str(table.id))
        return self._made[-1]
