"""How the VPC's address range is split over the zones, and whether each part is large enough."""

from __future__ import annotations

from ipaddress import IPv4Network

from sagekeep.settings import Settings

RESERVED_BY_AWS = 5  # in every subnet (VPC user guide, subnet sizing)
INTERFACE_ENDPOINTS = 9  # beside the extra ones of the settings
MOST_SUBNETS = 6  # of a reference that gives a list, nobody knows how many before a plan
ADDRESSES_PER_USER = 4  # two to four a Studio user (SageMaker developer guide, VpcOnly mode)
JOBS_AND_FUNCTIONS = 32  # two a job or model instance, and the functions' shared interfaces


def subnet_prefix(s: Settings) -> int:
    """Prefix length of each zone's subnet: the range in `network.subnet_slots` equal parts, however many zones."""
    return s.network.range.prefixlen + s.network.subnet_slots.bit_length() - 1


def subnet_ranges(s: Settings) -> list[IPv4Network]:
    """Range of each zone's subnet, in the order of the zones: a zone that is added takes the next free part."""
    ranges = s.network.range.subnets(new_prefix=subnet_prefix(s))
    return [next(ranges) for _ in range(s.network.zone_count)]


def subnet_count(s: Settings) -> int:
    """How many subnets the network has: one a zone or, of those that are brought, at most this many."""
    brought = s.existing.subnets
    if not brought:
        return s.network.zone_count
    return len(brought) if isinstance(brought, tuple) else MOST_SUBNETS


def needed_addresses(s: Settings) -> int:
    """Addresses that one zone must have; Studio may put every user's apps into the same zone."""
    endpoints = INTERFACE_ENDPOINTS + len(s.network.extra_endpoints)
    users = ADDRESSES_PER_USER * len(s.studio.users)
    file_system = 1
    return endpoints + file_system + users + JOBS_AND_FUNCTIONS + 2 * s.pipeline.endpoint_instances


def capacity_of_subnet(s: Settings) -> int:
    """Addresses of a zone's subnet that may be used."""
    return int(2 ** (32 - subnet_prefix(s))) - RESERVED_BY_AWS
