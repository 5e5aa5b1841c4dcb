"""A VPC that is brought, with subnets of ours in it or brought as well. Nothing of it is adopted or changed.

What data sources can tell is a condition of the plan; `sagekeep estate check` knows more, and is asked before.
"""

from __future__ import annotations

from typing import cast

from cdktf import Fn, Precondition, Token
from cdktf_cdktf_provider_aws.data_aws_nat_gateways import DataAwsNatGateways
from cdktf_cdktf_provider_aws.data_aws_route_table import DataAwsRouteTable
from cdktf_cdktf_provider_aws.data_aws_route_tables import DataAwsRouteTables, DataAwsRouteTablesFilter
from cdktf_cdktf_provider_aws.data_aws_security_group import DataAwsSecurityGroup
from cdktf_cdktf_provider_aws.data_aws_subnet import DataAwsSubnet
from cdktf_cdktf_provider_aws.data_aws_vpc import DataAwsVpc
from constructs import Construct

from sagekeep.settings import Settings
from sagekeep.settings_existing import ROUTE_TABLE, SUBNET, VPC, Reference
from stacks.parts.existing import Source, conditions, for_each, resolve, resolve_list
from stacks.parts.isolated_subnets import IsolatedSubnets

# What a route to the internet has: where it leads (data source aws_route_table).
_OUT = 'length(regexall("^igw-", r.gateway_id)) == 0 && r.nat_gateway_id == "" && r.egress_only_gateway_id == ""'
_DEFAULT = 'r.cidr_block != "0.0.0.0/0" && r.ipv6_cidr_block != "::/0"'

_MEND = "remove it, or set network.sealed = false"


class BroughtVpc(Construct):
    """The same attributes as `IsolatedVpc`, of which only our subnets, if any, are resources."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, vpc: Reference) -> None:
        super().__init__(scope, id)
        self._settings, self._existing = settings, settings.existing
        found = resolve(self, "found", vpc, Source("existing.vpc", VPC))
        self.vpc = self._described(found)
        self.id = str(self.vpc.id)
        self.cidr = str(self.vpc.cidr_block)
        group = DataAwsSecurityGroup(self, "default-group", vpc_id=self.id, name="default")
        self.default_security_group_id = str(group.id)
        if settings.network.sealed:
            self._sealed()
        self.zones_rule: Precondition | None = None
        self.subnet_ids, self.route_table_ids = self._subnets()
        if settings.network.sealed and (self._existing.route_tables or self._existing.subnets):
            text = f"existing.subnets: a route table of theirs has a default route; {_MEND}."
            self._routes("our-table", self.route_table_ids, _DEFAULT, text)

    def _described(self, vpc_id: str) -> DataAwsVpc:
        both = "private names of the endpoints need both; its owner switches it on"
        return DataAwsVpc(
            self,
            "vpc",
            id=vpc_id,
            lifecycle=conditions(
                ("self.enable_dns_support", f"existing.vpc: DNS support is off: {both}."),
                ("self.enable_dns_hostnames", f"existing.vpc: DNS hostnames are off: {both}."),
            ),
        )

    def _sealed(self) -> None:
        """No NAT in the VPC, and no way out in any of its route tables."""
        rule = ("length(self.ids) == 0", f"existing.vpc: the VPC has a NAT gateway; {_MEND}.")
        DataAwsNatGateways(self, "nat", vpc_id=self.id, lifecycle=conditions(rule))
        tables = DataAwsRouteTables(self, "every-table", vpc_id=self.id)
        text = f"existing.vpc: one of its route tables leads to a gateway to the internet; {_MEND}."
        self._routes("each-table", tables.ids, _OUT, text)

    def _routes(self, id: str, tables: list[str], rule: str, text: str) -> None:
        """What holds for every route of some tables."""
        lifecycle = conditions((f"alltrue([for r in self.routes : {rule}])", text))
        for_each(DataAwsRouteTable(self, id, lifecycle=lifecycle), "route_table_id", tables)

    def _subnets(self) -> tuple[list[str], list[str]]:
        """Ids of the subnets and of their route tables."""
        tables = self._route_tables()
        references = self._existing.subnets
        if not references:
            made = IsolatedSubnets(self, settings=self._settings, vpc_id=self.id, route_tables=tables)
            return made.ids, made.route_table_ids
        ids = resolve_list(self, "subnets", references, Source("existing.subnets", SUBNET, self.id))
        described = DataAwsSubnet(
            self,
            "subnet",
            lifecycle=conditions(
                (f"self.vpc_id == {self.vpc.fqn}.id", "existing.subnets: a subnet must be in existing.vpc."),
                ("!self.map_public_ip_on_launch", "existing.subnets: a subnet must not hand out public addresses."),
            ),
        )
        for_each(described, "id", ids)
        self.zones_rule = Precondition(
            condition=f"${{length(distinct(values({described.fqn})[*].availability_zone_id)) == length({described.fqn})"
            f" && length({described.fqn}) >= 2}}",
            error_message="existing.subnets: they must be at least two, each in another zone.",
        )
        return ids, tables if tables is not None else self._tables_of(ids)

    def _route_tables(self) -> list[str] | None:
        tables = self._existing.route_tables
        source = Source("existing.route_tables", ROUTE_TABLE, self.id)
        return resolve_list(self, "routes", tables, source) if tables else None

    def _tables_of(self, subnet_ids: list[str]) -> list[str]:
        """Route tables that are associated with the subnets; subnets without one have the VPC's main table."""
        filters = [DataAwsRouteTablesFilter(name="association.subnet-id", values=subnet_ids)]
        found = DataAwsRouteTables(self, "tables", vpc_id=self.id, filter=filters)
        return cast("list[str]", Token.as_list(Fn.coalescelist([found.ids, [self.vpc.main_route_table_id]])))
