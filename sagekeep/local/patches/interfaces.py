"""Network interfaces: ministack reads no filter of theirs, and deletes one that is in use.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeNetworkInterfaces.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import ec2

from sagekeep.local.patches import lambda_functions

Params = dict[str, Any]
_FILTERS: Mapping[str, Callable[[Params], list[str]]] = {
    "attachment.attachment-id": lambda one: [str((one.get("Attachment") or {}).get("AttachmentId"))],
    "attachment.status": lambda one: [str((one.get("Attachment") or {}).get("Status"))],
    "description": lambda one: [one["Description"]],
    "group-id": lambda one: [group["GroupId"] for group in one["Groups"]],
    "interface-type": lambda one: [one["InterfaceType"]],
    "network-interface-id": lambda one: [one["NetworkInterfaceId"]],
    "status": lambda one: [one["Status"]],
    "subnet-id": lambda one: [one["SubnetId"]],
    "vpc-id": lambda one: [one["VpcId"]],
}


def apply() -> None:
    """Replace describe; guard deletion; an attachment that is dissolved may be none of an instance."""
    plain_delete, plain_detach = ec2._delete_network_interface, ec2._detach_network_interface

    def delete(p: Params) -> Any:
        lambda_functions.settle()
        interface_id = ec2._p(p, "NetworkInterfaceId")
        if ec2._network_interfaces.get(interface_id, {}).get("Status") == "in-use":
            text = f"Network interface '{interface_id}' is currently in use."
            return ec2._error("InvalidParameterValue", text, 400)
        return plain_delete(p)

    def detach(p: Params) -> Any:
        lambda_functions.settle()
        attachments = [one.get("Attachment") or {} for one in ec2._network_interfaces.values()]
        if not any(each.get("AttachmentId") == ec2._p(p, "AttachmentId") for each in attachments):
            return ec2._error("InvalidAttachmentID.NotFound", "The attachment does not exist", 400)
        for one in ec2._network_interfaces.values():
            one["Attachment"] = one.get("Attachment") or {}  # ministack looks into every one
        return plain_detach(p)

    ec2._ACTION_MAP |= {
        "DeleteNetworkInterface": delete,
        "DescribeNetworkInterfaces": _describe,
        "DetachNetworkInterface": detach,
    }


def _describe(p: Params) -> Any:
    lambda_functions.settle()
    wanted, filters = ec2._parse_member_list(p, "NetworkInterfaceId"), ec2._parse_filters(p)
    if unknown := sorted(name for name in filters if name not in _FILTERS and not name.startswith("tag")):
        return ec2._error("NotImplemented", f"the local AWS knows no filter {', '.join(unknown)} of interfaces", 501)
    missing = [one for one in wanted if one not in ec2._network_interfaces]
    if missing:
        text = f"The networkInterface ID '{missing[0]}' does not exist"
        return ec2._error("InvalidNetworkInterfaceID.NotFound", text, 400)
    items = "".join(
        ec2._eni_fields_xml(one)
        for one in ec2._network_interfaces.values()
        if (not wanted or one["NetworkInterfaceId"] in wanted)
        and all(set(_FILTERS[name](one)) & set(values) for name, values in filters.items() if name in _FILTERS)
        and ec2._resource_matches_tag_filters(one["NetworkInterfaceId"], filters)
    )
    return ec2._xml(200, "DescribeNetworkInterfacesResponse", f"<networkInterfaceSet>{items}</networkInterfaceSet>")
