"""Availability zones: ministack gives every region three, and puts a subnet of an unknown zone id into the first.

Names are an account's own: here us-east-1b is use1-az3, which only some accounts have. Lambda and SageMaker's endpoint
services are not in it (terraform-aws-modules/terraform-aws-vpc issue 462, aws/aws-cdk issue 4912). That one service
more is not in us-east-1c stands for whatever AWS leaves out somewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ministack.core.responses import get_region
from ministack.services import ec2

Params = dict[str, Any]

# Letters of the zones where they are not a, b and c. ministack numbers a zone's id by its letter, so these give the ids
# of https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
_LETTERS = {
    "ap-northeast-1": "abd",
    "ap-northeast-2": "abcd",
    "ca-central-1": "abd",
    "us-east-1": "abcdef",
    "us-west-1": "ac",
    "us-west-2": "abcd",
}
# Numbers of the zones' ids where they do not follow the letters.
_NUMBERS = {"us-east-1": "135246"}
# Services by zone id, as in the last words of the names of their endpoints' services.
_MISSING = {"use1-az3": ("lambda", "sagemaker.api", "sagemaker.runtime", "studio"), "use1-az5": ("monitoring",)}


def apply() -> None:
    """Replace the list of zones and the way from an id to a name; refuse a subnet in a zone that is not in the list."""
    plain_create = ec2._create_subnet

    def create(p: Params) -> Any:
        known_zones = zones()
        for member, known in (("availabilityZone", known_zones), ("availabilityZoneId", known_zones.values())):
            asked = ec2._p(p, member[0].upper() + member[1:])
            if asked and asked not in known:
                offer = (
                    f"Subnets can currently only be created in the following availability zones: {', '.join(known)}."
                )
                message = f"Value ({asked}) for parameter {member} is invalid. {offer}"
                return ec2._error("InvalidParameterValue", message, 400)
        return plain_create(p)

    plain_id = ec2._az_id_for_zone_name

    def id_of(name: str) -> str:
        region, letter = name[:-1], name[-1]
        place = _LETTERS.get(region, "").find(letter)
        return f"{ec2._az_id_prefix(region)}-az{_NUMBERS[region][place]}" if region in _NUMBERS else str(plain_id(name))

    ec2._az_id_for_zone_name = id_of
    ec2._zone_name_for_az_id = _name_of
    ec2._ACTION_MAP |= {"CreateSubnet": create, "DescribeAvailabilityZones": _describe}


def zones() -> dict[str, str]:
    """Zone ids by zone name, of the request's region."""
    region = get_region()
    names = (f"{region}{letter}" for letter in _LETTERS.get(region, "abc"))
    return {name: ec2._az_id_for_zone_name(name) for name in names}


def lacks(service: str, subnet_ids: Iterable[str]) -> str:
    """The first of the subnets in whose zone a service is not, or ""."""
    places = {subnet: ec2._subnets[subnet].get("AvailabilityZoneId") for subnet in subnet_ids if subnet in ec2._subnets}
    return next((subnet for subnet, zone in places.items() if service in _MISSING.get(str(zone), ())), "")


def names_with(service: str) -> list[str]:
    """Names of the zones in which a service is."""
    return [name for name, zone in zones().items() if service not in _MISSING.get(str(zone), ())]


def _name_of(zone_id: str) -> str | None:
    return next((name for name, value in zones().items() if value == zone_id), None)


def _describe(_p: Params) -> Any:
    items = "".join(_item(name, zone_id, get_region()) for name, zone_id in zones().items())
    return ec2._xml(200, "DescribeAvailabilityZonesResponse", f"<availabilityZoneInfo>{items}</availabilityZoneInfo>")


def _item(name: str, zone_id: str, region: str) -> str:
    members = {
        "zoneName": name,
        "zoneState": "available",
        "regionName": region,
        "zoneId": zone_id,
        "groupName": f"{region}-zg-1",
        "networkBorderGroup": region,
        "optInStatus": "opt-in-not-required",
        "zoneType": "availability-zone",
    }
    return f"<item>{''.join(f'<{key}>{value}</{key}>' for key, value in members.items())}</item>"
