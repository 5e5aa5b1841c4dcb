"""What a rule of a security group lets through that others do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

_CIDRS = ("cidr_ipv4", "cidr_ipv6", "cidr_blocks", "ipv6_cidr_blocks")
_OTHERS = (
    "referenced_security_group_id",
    "source_security_group_id",
    "security_groups",
    "prefix_list_id",
    "prefix_list_ids",
)
_EVERY = ("-1", -1, "all")


def cidrs(side: Any) -> list[str]:
    """Networks that a rule names, however it does."""
    return [text for name in _CIDRS for text in texts(side.get(name))]


def texts(value: Any) -> list[str]:
    """The texts of an attribute that takes one or several."""
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [text for text in listed if isinstance(text, str)]


def is_everybody(cidr: str) -> bool:
    """Whether a network is the internet, or half of it."""
    network = _network(cidr)
    return network is not None and network.prefixlen <= 1


def new_sources(before: Iterable[Any], after: Any) -> list[str]:
    """Networks and groups that a rule lets through on ports on which none of the rules before did."""
    held = [rule for rule in before if rule]
    return [one for one in _sources(after) if not any(_holds(rule, one, after) for rule in held)]


def _sources(rule: Any) -> Iterator[str]:
    yield from cidrs(rule)
    for name in _OTHERS:
        yield from texts(rule.get(name))
    if rule.get("self") is True:
        yield "itself"


def _holds(rule: Any, source: str, wanted: Any) -> bool:
    return _holds_ports(rule, wanted) and any(_within(source, other) for other in _sources(rule))


def _holds_ports(rule: Any, wanted: Any) -> bool:
    mine, theirs = (str(r.get("ip_protocol", r.get("protocol"))).lower() for r in (rule, wanted))
    if mine in _EVERY:
        return True
    ends = [r.get(name) for r in (rule, wanted) for name in ("from_port", "to_port")]
    if mine != theirs or not all(isinstance(end, int | float) for end in ends):
        return mine == theirs and ends[:2] == ends[2:]
    first, last, low, high = ends
    if mine in ("icmp", "icmpv6", "1", "58"):  # type and code, no range
        return (first, last) in ((low, high), (-1, -1))
    return bool(first <= low and high <= last)


def _within(source: str, other: str) -> bool:
    narrow, wide = _network(source), _network(other)
    if isinstance(narrow, IPv4Network) and isinstance(wide, IPv4Network):
        return narrow.subnet_of(wide)
    if isinstance(narrow, IPv6Network) and isinstance(wide, IPv6Network):
        return narrow.subnet_of(wide)
    return source == other


def _network(cidr: str) -> IPv4Network | IPv6Network | None:
    try:
        return ip_network(cidr, strict=False)
    except ValueError:
        return None
