"""The network that is brought, as EC2 describes it: what the checks look at. Each answer is asked for once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from ipaddress import IPv4Network
from typing import Any

from sagekeep import names
from sagekeep.estate.clients import Clients, filtered
from sagekeep.estate.fault import Missing
from sagekeep.settings import Settings
from sagekeep.subnets import subnet_ranges

Described = Mapping[str, Any]


class Facts:
    """The brought VPC and what is in it."""

    def __init__(self, clients: Clients, settings: Settings) -> None:
        self._clients = clients
        self._settings = settings
        self.services: Mapping[str, str] = clients.required["endpoints"]  # full names by their last part

    @classmethod
    def of(cls, clients: Clients, settings: Settings) -> Facts:
        """The facts that go with these clients."""
        facts: Facts = clients.kept.setdefault("network", cls(clients, settings))
        return facts

    @property
    def clients(self) -> Clients:
        """For what is not of EC2."""
        return self._clients

    def _all(self, call: str, member: str, **filters: Iterable[str]) -> list[Described]:
        return self._clients.pages("ec2", call, member, **filtered(**filters))

    def _named(self, call: str, member: str, **ids: Iterable[str]) -> list[Described]:
        """The members with some ids; none where there is one that does not exist."""
        try:
            return self._clients.pages("ec2", call, member, **{name: list(found) for name, found in ids.items()})
        except LookupError:
            return []

    @cached_property
    def vpc_id(self) -> str:
        """Its id. Raises Missing where it does not exist."""
        return str(self.vpc["VpcId"])

    @cached_property
    def vpc(self) -> Described:
        """The VPC. Raises Missing where it does not exist."""
        found = self._clients.one("existing.vpc")
        return self.existing("existing.vpc", self._named("describe_vpcs", "Vpcs", VpcIds=[found]), found)

    def existing(self, key: str, described: list[Described], id: str) -> Described:
        """The only member of an answer. Raises Missing where there is none."""
        if not described:
            s = self._settings
            raise Missing(key, f"{id} does not exist in account {s.account_id}, region {s.region}")
        return described[0]

    @cached_property
    def ranges(self) -> list[IPv4Network]:
        """Address ranges of the VPC."""
        associated = self.vpc.get("CidrBlockAssociationSet") or [self.vpc]
        return [IPv4Network(block["CidrBlock"]) for block in associated]

    def dns(self, attribute: str) -> bool:
        """`enableDnsSupport` or `enableDnsHostnames` of the VPC."""
        found = self._clients.ask("ec2", "describe_vpc_attribute", VpcId=self.vpc_id, Attribute=attribute)
        return bool(found[attribute[0].upper() + attribute[1:]]["Value"])

    @cached_property
    def ways_out(self) -> list[str]:
        """Ids of gateways through which the VPC reaches the internet."""
        attached = self._all("describe_internet_gateways", "InternetGateways", attachment_vpc_id=[self.vpc_id])
        nats = self._all("describe_nat_gateways", "NatGateways", vpc_id=[self.vpc_id])
        egress = self._all("describe_egress_only_internet_gateways", "EgressOnlyInternetGateways")
        return [
            *(gateway["InternetGatewayId"] for gateway in attached if self._is_attached(gateway)),
            *(nat["NatGatewayId"] for nat in nats if nat.get("State") not in {"deleted", "deleting", "failed"}),
            *(gateway["EgressOnlyInternetGatewayId"] for gateway in egress if self._is_attached(gateway)),
        ]

    def _is_attached(self, gateway: Described) -> bool:
        return any(attachment.get("VpcId") == self.vpc_id for attachment in gateway.get("Attachments", ()))

    @cached_property
    def every_subnet(self) -> list[Described]:
        """All subnets of the VPC."""
        return self._all("describe_subnets", "Subnets", vpc_id=[self.vpc_id])

    @cached_property
    def subnets(self) -> list[Described]:
        """The subnets that are brought, wherever they are. Raises Missing for one that does not exist."""
        ids = self._clients.many("existing.subnets")
        # By a filter: of several ids the call tells the first only that does not exist.
        found = {subnet["SubnetId"]: subnet for subnet in self._all("describe_subnets", "Subnets", subnet_id=ids)}
        return [self.existing("existing.subnets", [found[i]] if i in found else [], i) for i in ids]

    @cached_property
    def our_ranges(self) -> list[IPv4Network]:
        """Ranges that the environment's code runs in."""
        if self._settings.existing.subnets:
            return [IPv4Network(subnet["CidrBlock"]) for subnet in self.subnets]
        return subnet_ranges(self._settings)

    @cached_property
    def tables(self) -> dict[str, Described]:
        """All route tables of the VPC, by id."""
        found = self._all("describe_route_tables", "RouteTables", vpc_id=[self.vpc_id])
        return {table["RouteTableId"]: table for table in found}

    def table_of(self, subnet_id: str) -> Described:
        """A subnet's route table: the one that it is associated with, or the VPC's main one."""
        main: Described = {}
        for table in self.tables.values():
            for association in table.get("Associations", ()):
                if association.get("SubnetId") == subnet_id:
                    return table
                main = table if association.get("Main") else main
        return main

    @cached_property
    def used_tables(self) -> list[Described]:
        """The route tables of the subnets that are brought or, where those are ours, the tables that are."""
        if self._settings.existing.subnets:
            found = {t["RouteTableId"]: t for t in (self.table_of(s["SubnetId"]) for s in self.subnets) if t}
            return list(found.values())
        return [self.tables[i] for i in self.table_ids if i in self.tables]

    @cached_property
    def table_ids(self) -> tuple[str, ...]:
        """Ids of the route tables that are brought."""
        return self._clients.many("existing.route_tables")

    @cached_property
    def endpoints(self) -> list[Described]:
        """All endpoints of the VPC that are there or being made."""
        found = self._all("describe_vpc_endpoints", "VpcEndpoints", vpc_id=[self.vpc_id])
        return [
            e for e in found if str(e.get("State", "")).lower() not in {"deleted", "deleting", "failed", "rejected"}
        ]

    def is_ours(self, endpoint: Described, service: str) -> bool:
        """Whether the environment made an endpoint: it has the name that the network stack gives."""
        tags = {tag["Key"]: tag["Value"] for tag in endpoint.get("Tags", ())}
        return tags.get("Name") == names.name(self._settings, service)

    def brought_endpoint(self, service: str) -> Described:
        """The endpoint that is brought for a service. Raises Missing where there is none, or not one."""
        key, full = f"existing.endpoints.{service}", self.services[service]
        if not self._settings.existing.endpoints.all:
            found = self._clients.one(key)
            return self.existing(
                key, self._named("describe_vpc_endpoints", "VpcEndpoints", VpcEndpointIds=[found]), found
            )
        of_service = [endpoint for endpoint in self.endpoints if endpoint["ServiceName"] == full]
        if len(of_service) != 1:
            listed = ", ".join(endpoint["VpcEndpointId"] for endpoint in of_service) or "none"
            raise Missing(
                "existing.endpoints.all", f"{self.vpc_id} must have one endpoint for {full}, and has {listed}"
            )
        return of_service[0]

    def group_id(self, purpose: str) -> str:
        """Id of a security group that is brought or that the environment made already; "" before its first deploy."""
        if purpose in self._settings.existing.security_groups:
            return self._clients.one(f"existing.security_groups.{purpose}")
        name = names.name(self._settings, purpose)
        made = self._all("describe_security_groups", "SecurityGroups", vpc_id=[self.vpc_id], group_name=[name])
        return str(made[0]["GroupId"]) if made else ""

    def group(self, purpose: str) -> Described:
        """A security group that is brought. Raises Missing where it does not exist."""
        key, found = f"existing.security_groups.{purpose}", self.group_id(purpose)
        return self.existing(key, self._named("describe_security_groups", "SecurityGroups", GroupIds=[found]), found)

    def interfaces_of_ours(self, subnet_id: str) -> int:
        """How many network interfaces in a subnet are in one of the environment's security groups."""
        groups = [g for g in (self.group_id(p) for p in ("endpoints", "studio", "jobs", "functions")) if g]
        if not groups:
            return 0
        filters = {"subnet_id": [subnet_id], "group_id": groups}
        return len(self._all("describe_network_interfaces", "NetworkInterfaces", **filters))

    @cached_property
    def s3_prefix_list(self) -> str:
        """Id of S3's prefix list in the region."""
        name = self.services["s3"]
        found = self._all("describe_prefix_lists", "PrefixLists", prefix_list_name=[name])
        return str(found[0]["PrefixListId"]) if found else ""
