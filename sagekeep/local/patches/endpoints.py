"""VPC endpoints: ministack forgets groups, private DNS and policy, leaves out network interfaces, reads no filter."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import ec2

from sagekeep.local.patches.endpoint_services import unsupported

Params = dict[str, Any]

_FULL_ACCESS = {
    "Version": "2008-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


def apply() -> None:
    """Replace create, modify, delete, describe of endpoints, and how one is written."""
    plain_fields, plain_create, plain_modify = ec2._vpce_fields_xml, ec2._create_vpc_endpoint, ec2._modify_vpc_endpoint

    def fields(record: dict[str, Any], tag: str = "item") -> str:
        xml: str = plain_fields(record, tag)
        if "PolicyDocument" not in record:  # ministack's own create writes the record before it is complete
            return xml
        return xml.removesuffix(f"</{tag}>") + _extra_fields(record) + f"</{tag}>"

    def create(p: Params) -> Any:
        subnets = ec2._parse_member_list(p, "SubnetId")
        refusal = _two_in_one_zone(subnets) or unsupported(ec2._p(p, "ServiceName"), subnets)
        if refusal:
            return refusal
        before = set(ec2._vpc_endpoints)
        plain_create(p)
        (endpoint_id,) = set(ec2._vpc_endpoints) - before
        record = ec2._vpc_endpoints[endpoint_id]
        _complete(record, p)
        return ec2._xml(200, "CreateVpcEndpointResponse", fields(record, tag="vpcEndpoint"))

    def modify(p: Params) -> Any:
        changed = ec2._vpc_endpoints.get(ec2._p(p, "VpcEndpointId"), {})
        refusal = unsupported(str(changed.get("ServiceName")), ec2._parse_member_list(p, "AddSubnetId"))
        if refusal:
            return refusal
        answer = plain_modify(p)
        record = ec2._vpc_endpoints.get(ec2._p(p, "VpcEndpointId"))
        if record is not None:
            _modify(record, p)
        return answer

    ec2._vpce_fields_xml = fields
    changed = {"CreateVpcEndpoint": create, "ModifyVpcEndpoint": modify, "DeleteVpcEndpoints": _delete}
    ec2._ACTION_MAP |= {**changed, "DescribeVpcEndpoints": _describe}


# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpoints.html
_FILTERS = {
    "service-name": "ServiceName",
    "vpc-endpoint-id": "VpcEndpointId",
    "vpc-endpoint-state": "State",
    "vpc-endpoint-type": "VpcEndpointType",
    "vpc-id": "VpcId",
}


def _describe(p: Params) -> Any:
    wanted, filters = ec2._parse_member_list(p, "VpcEndpointId"), ec2._parse_filters(p)
    unknown = [name for name in filters if name not in _FILTERS and not name.startswith("tag")]
    if unknown:
        return ec2._error("InvalidParameterValue", f"The filter '{unknown[0]}' is invalid", 400)
    missing = [endpoint_id for endpoint_id in wanted if endpoint_id not in ec2._vpc_endpoints]
    if missing:
        message = f"The Vpc Endpoint Id '{missing[0]}' does not exist"
        return ec2._error("InvalidVpcEndpointId.NotFound", message, 400)
    found = (record for record in ec2._vpc_endpoints.values() if _fits(record, wanted, filters))
    items = "".join(ec2._vpce_fields_xml(record) for record in found)
    return ec2._xml(200, "DescribeVpcEndpointsResponse", f"<vpcEndpointSet>{items}</vpcEndpointSet>")


def _fits(record: dict[str, Any], wanted: list[str], filters: dict[str, list[str]]) -> bool:
    if wanted and record["VpcEndpointId"] not in wanted:
        return False
    plain = ((record.get(_FILTERS[name], ""), values) for name, values in filters.items() if name in _FILTERS)
    fits = all(any(str(have).lower() == value.lower() for value in values) for have, values in plain)
    return fits and bool(ec2._resource_matches_tag_filters(record["VpcEndpointId"], filters))


def _two_in_one_zone(subnets: list[str]) -> Any:
    """AWS's error for an endpoint with two subnets of one availability zone, or None."""
    taken: dict[str, str] = {}
    for subnet in subnets:
        zone = ec2._subnets[subnet]["AvailabilityZone"] if subnet in ec2._subnets else subnet
        if zone in taken:
            message = f"Found another VPC endpoint subnet in the availability zone of {taken[zone]}"
            return ec2._error("DuplicateSubnetsInSameZone", message, 400)
        taken[zone] = subnet
    return None


def _complete(record: dict[str, Any], p: Params) -> None:
    record["PolicyDocument"] = ec2._p(p, "PolicyDocument") or json.dumps(_FULL_ACCESS)
    if record["VpcEndpointType"] != "Interface":
        return
    record["Groups"] = ec2._parse_member_list(p, "SecurityGroupId") or [_default_group(record["VpcId"])]
    record["PrivateDns"] = (ec2._p(p, "PrivateDnsEnabled") or "true").lower()
    record["Interfaces"] = {subnet: _interface(record, subnet) for subnet in record["SubnetIds"]}


def _modify(record: dict[str, Any], p: Params) -> None:
    if ec2._p(p, "ResetPolicy") == "true":
        record["PolicyDocument"] = json.dumps(_FULL_ACCESS)
    if record["VpcEndpointType"] != "Interface":
        return
    groups = [*record["Groups"], *ec2._parse_member_list(p, "AddSecurityGroupId")]
    removed = set(ec2._parse_member_list(p, "RemoveSecurityGroupId"))
    record["Groups"] = [group for group in dict.fromkeys(groups) if group not in removed]
    record["PrivateDns"] = (ec2._p(p, "PrivateDnsEnabled") or record["PrivateDns"]).lower()
    interfaces = record["Interfaces"]
    for subnet in set(interfaces) - set(record["SubnetIds"]):
        ec2._network_interfaces.pop(interfaces.pop(subnet), None)
    for subnet in set(record["SubnetIds"]) - set(interfaces):
        interfaces[subnet] = _interface(record, subnet)
    for interface in interfaces.values():
        ec2._network_interfaces[interface]["Groups"] = _named(record["Groups"])


def _delete(p: Params) -> Any:
    for endpoint_id in ec2._parse_member_list(p, "VpcEndpointId"):
        record = ec2._vpc_endpoints.pop(endpoint_id, None)
        ec2._tags.pop(endpoint_id, None)
        for interface in (record or {}).get("Interfaces", {}).values():
            ec2._network_interfaces.pop(interface, None)
    return ec2._xml(200, "DeleteVpcEndpointsResponse", "<unsuccessful/>")


def _interface(record: dict[str, Any], subnet_id: str) -> str:
    """An endpoint owns a network interface in each of its subnets."""
    before = set(ec2._network_interfaces)
    request = {"SubnetId": subnet_id, "Description": f"VPC Endpoint Interface {record['VpcEndpointId']}"}
    request |= {f"SecurityGroupId.{place}": group for place, group in enumerate(record["Groups"], 1)}
    ec2._create_network_interface(request)
    (interface_id,) = set(ec2._network_interfaces) - before
    ec2._network_interfaces[interface_id] |= {"Status": "in-use", "InterfaceType": "vpc_endpoint"}
    return str(interface_id)


def _default_group(vpc_id: str) -> str:
    groups = ec2._security_groups.values()
    return next(str(g["GroupId"]) for g in groups if g["VpcId"] == vpc_id and g["GroupName"] == "default")


def _named(group_ids: list[str]) -> list[dict[str, str]]:
    names = {group_id: ec2._security_groups.get(group_id, {}).get("GroupName", "") for group_id in group_ids}
    return [{"GroupId": group_id, "GroupName": name} for group_id, name in names.items()]


def _extra_fields(record: dict[str, Any]) -> str:
    policy = f"<policyDocument>{escape(record.get('PolicyDocument', ''))}</policyDocument>"
    if record["VpcEndpointType"] != "Interface":
        return f"<privateDnsEnabled>false</privateDnsEnabled>{policy}"
    groups = "".join(
        f"<item><groupId>{g['GroupId']}</groupId><groupName>{escape(g['GroupName'])}</groupName></item>"
        for g in _named(record["Groups"])
    )
    interfaces = "".join(f"<item>{interface}</item>" for interface in record["Interfaces"].values())
    service = record["ServiceName"].rsplit(".", 1)[-1]
    name = f"{record['VpcEndpointId']}.{service}.{ec2.get_region()}.vpce.amazonaws.com"
    return (
        f"<groupSet>{groups}</groupSet><privateDnsEnabled>{record['PrivateDns']}</privateDnsEnabled>{policy}"
        f"<networkInterfaceIdSet>{interfaces}</networkInterfaceIdSet><ipAddressType>ipv4</ipAddressType>"
        "<dnsOptions><dnsRecordIpType>ipv4</dnsRecordIpType></dnsOptions>"
        f"<dnsEntrySet><item><dnsName>{name}</dnsName><hostedZoneId>ZLOCAL</hostedZoneId></item></dnsEntrySet>"
    )
