"""Route tables by the filter `route-table-id`, which ministack does not read: it answers with all of them."""

from __future__ import annotations

from typing import Any

from ministack.services import ec2

FILTER = "route-table-id"


def apply() -> None:
    """Wrap describe: the filter's ids become the call's, of which those that do not exist are no error."""
    plain = ec2._describe_route_tables

    def describe(p: dict[str, Any]) -> Any:
        wanted = ec2._parse_filters(p).get(FILTER)
        if wanted is None:
            return plain(p)
        given = ec2._parse_member_list(p, "RouteTableId") or wanted
        ids = [table_id for table_id in wanted if table_id in given]
        if not ids:
            return ec2._xml(200, "DescribeRouteTablesResponse", "<routeTableSet/>")
        rest = {name: value for name, value in p.items() if not name.startswith("RouteTableId.")}
        return plain({**rest, **{f"RouteTableId.{at}": table_id for at, table_id in enumerate(ids, 1)}})

    ec2._ACTION_MAP["DescribeRouteTables"] = describe
