"""What VPC endpoints there can be, and in which zones: ministack knows fewer services, and each in zones a, b and c.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServices.html.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from ministack.core.responses import get_region
from ministack.services import ec2

from sagekeep import partitions
from sagekeep.local.patches import zones
from sagekeep.settings_fields import EXTRA_ENDPOINTS, USUAL_ENDPOINTS

Params = dict[str, Any]
_GATEWAYS = ("dynamodb", "s3")


def apply() -> None:
    """Replace the description; `unsupported` is for whoever makes and changes endpoints."""
    ec2._ACTION_MAP |= {"DescribeVpcEndpointServices": _describe}


def unsupported(service_name: str, subnet_ids: Iterable[str]) -> Any:
    """AWS's error for a subnet in a zone without the service, or None."""
    subnet = zones.lacks(_short(service_name), subnet_ids)
    if not subnet:
        return None
    message = f"The VPC endpoint service {service_name} does not support the availability zone of the subnet: {subnet}."
    return ec2._error("InvalidParameter", message, 400)


def _services() -> dict[str, str]:
    """Kind of endpoint by name of the service."""
    region = get_region()
    interfaces = {partitions.interface_service_name(one, region): "Interface" for one in _INTERFACES}
    return {**interfaces, **{partitions.gateway_service_name(one, region): "Gateway" for one in _GATEWAYS}}


_INTERFACES = (*USUAL_ENDPOINTS, *EXTRA_ENDPOINTS)


def _short(service_name: str) -> str:
    return service_name.rpartition(f".{get_region()}.")[2]


def _describe(p: Params) -> Any:
    known, wanted = _services(), ec2._parse_member_list(p, "ServiceName")
    missing = [name for name in wanted if name not in known]
    if missing:
        message = f"The Vpc Endpoint Service '{missing[0]}' does not exist"
        return ec2._error("InvalidServiceName", message, 400)
    filters = ec2._parse_filters(p)
    unknown = [name for name in filters if name not in ("service-name", "service-type")]
    if unknown:
        return ec2._error("InvalidParameterValue", f"The filter '{unknown[0]}' is invalid", 400)
    found = {
        name: kind
        for name, kind in known.items()
        if (not wanted or name in wanted)
        and name in filters.get("service-name", [name])
        and kind in filters.get("service-type", [kind])
    }
    names = "".join(f"<item>{name}</item>" for name in found)
    details = "".join(_item(name, kind) for name, kind in found.items())
    body = f"<serviceNameSet>{names}</serviceNameSet><serviceDetailSet>{details}</serviceDetailSet>"
    return ec2._xml(200, "DescribeVpcEndpointServicesResponse", body)


def _item(name: str, kind: str) -> str:
    places = "".join(f"<item>{zone}</item>" for zone in zones.names_with(_short(name)))
    members = {
        "serviceName": name,
        "serviceId": f"vpce-svc-{hashlib.sha256(name.encode()).hexdigest()[:17]}",
        "serviceType": f"<item><serviceType>{kind}</serviceType></item>",
        "availabilityZoneSet": places,
        "owner": "amazon",
        "vpcEndpointPolicySupported": "true",
        "acceptanceRequired": "false",
        "managesVpcEndpoints": "false",
        "supportedIpAddressTypeSet": "<item>ipv4</item>",
    }
    return f"<item>{''.join(f'<{key}>{value}</{key}>' for key, value in members.items())}</item>"
