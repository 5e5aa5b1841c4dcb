"""List operations: filters, order and pages, read off the names of the request's members.

`XEquals`, `XContains`, `XPrefix`, `XAfter` and `XBefore` filter by the summary's member X; `NameContains` and the
times have other names in some operations, which `Listing` says.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sagekeep.local.sagemaker.errors import invalid
from sagekeep.local.sagemaker.model import Params, output_shape, pick
from sagekeep.local.sagemaker.times import epoch

_TIMES = {"Creation": "CreationTime", "Created": "CreationTime", "Modified": "LastModifiedTime"}
_TIME_SUFFIXES = ("TimeAfter", "TimeBefore", "After", "Before")


@dataclass(frozen=True)
class Listing:
    """How one operation lists: the answer's member, what `Name` means, and the defaults."""

    operation: str
    result: str
    name: str
    order: str = "Ascending"
    sort: str = "CreationTime"
    page: int = 10  # MaxResults where the request has none
    also: Mapping[str, str] = field(default_factory=dict)  # members named otherwise in the request


@dataclass(frozen=True)
class Row:
    """One candidate: the members of its summary, and the serial number that orders equals."""

    serial: int
    data: Params


def listed(listing: Listing, request: Params, rows: list[Row]) -> Params:
    """The answer: the page of `rows` that the request asks for, and `NextToken` when there is more."""
    keep = [row for row in rows if all(test(row.data) for test in _filters(listing, request))]
    by = request.get("SortBy", listing.sort)
    member = listing.name if by == "Name" else listing.also.get(by, by)
    downward = request.get("SortOrder", listing.order) == "Descending"

    def position(row: Row) -> tuple[Any, int]:
        return row.data.get(member, ""), row.serial

    keep.sort(key=position, reverse=downward)
    last = _decode(request.get("NextToken"), member)
    if last is not None:
        # By position, not by count: a caller may delete what it has read between two pages.
        keep = [row for row in keep if (position(row) < last if downward else position(row) > last)]
    size = request.get("MaxResults", listing.page)
    shape = output_shape(listing.operation)
    summary = shape.members[listing.result].member if shape else None
    page: Params = {listing.result: [pick(summary, row.data) for row in keep[:size]]}
    if len(keep) > size:
        page["NextToken"] = _encode(member, position(keep[size - 1]))
    return page


def _filters(listing: Listing, request: Params) -> list[Callable[[Params], bool]]:
    found = [_filter(listing, name, value) for name, value in request.items()]
    return [test for test in found if test]


def _filter(listing: Listing, name: str, value: Any) -> Callable[[Params], bool] | None:
    def member(base: str) -> str:
        return listing.name if base == "Name" else listing.also.get(base, base)

    for suffix, test in _TESTS.items():
        if name.endswith(suffix):
            base = member(name.removesuffix(suffix))
            return lambda data: test(data.get(base, ""), value)
    for suffix in _TIME_SUFFIXES:
        if name.endswith(suffix):
            base = name.removesuffix(suffix)
            base = _TIMES.get(base, f"{base}Time")
            return _time_test(base, epoch(value), after=suffix.endswith("After"))
    return None


def _time_test(member: str, limit: float, *, after: bool) -> Callable[[Params], bool]:
    return lambda data: data[member] > limit if after else data[member] < limit


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda have, want: have == want,
    "Contains": lambda have, want: want.lower() in have.lower(),
    "Prefix": lambda have, want: have.startswith(want),
}


def _encode(member: str, position: tuple[Any, int]) -> str:
    return base64.urlsafe_b64encode(json.dumps([member, *position]).encode()).decode()


def _decode(token: str | None, member: str) -> tuple[Any, int] | None:
    if token is None:
        return None
    try:
        sorted_by, value, serial = json.loads(base64.urlsafe_b64decode(token.encode()))
    except (binascii.Error, ValueError):
        raise invalid("Invalid NextToken: use the value of the previous answer unchanged.") from None
    if sorted_by != member:
        raise invalid("Invalid NextToken: it was made by a request that sorts by something else.")
    return value, serial
