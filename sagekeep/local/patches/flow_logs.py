"""Flow logs: ministack keeps neither the role nor the interval, format, log group and tags."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from ministack.services import ec2

Params = dict[str, Any]

# https://docs.aws.amazon.com/vpc/latest/userguide/flow-log-records.html, the default format
_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} "
    "${bytes} ${start} ${end} ${action} ${log-status}"
)


def apply() -> None:
    """Replace create and describe."""
    plain_create = ec2._create_flow_logs

    def create(p: Params) -> Any:
        before = set(ec2._flow_logs)
        answer = plain_create(p)
        for flow_log_id in set(ec2._flow_logs) - before:
            ec2._flow_logs[flow_log_id] |= {
                "Role": ec2._p(p, "DeliverLogsPermissionArn"),
                "Interval": ec2._p(p, "MaxAggregationInterval") or "600",
                "Format": ec2._p(p, "LogFormat") or _FORMAT,
            }
            ec2._parse_tag_specs(p, "vpc-flow-log", flow_log_id)  # the resource type as it travels
        return answer

    ec2._ACTION_MAP |= {"CreateFlowLogs": create, "DescribeFlowLogs": _describe}


def _describe(p: Params) -> Any:
    wanted = ec2._parse_member_list(p, "FlowLogId")
    filters = ec2._parse_filters(p)
    resources = filters.get("resource-id")
    items = "".join(
        _item(record)
        for record in ec2._flow_logs.values()
        if (not wanted or record["FlowLogId"] in wanted)
        and (not resources or record["ResourceId"] in resources)
        and ec2._resource_matches_tag_filters(record["FlowLogId"], filters)
    )
    return ec2._xml(200, "DescribeFlowLogsResponse", f"<flowLogSet>{items}</flowLogSet>")


def _item(record: dict[str, Any]) -> str:
    destination = record.get("LogDestination") or ""
    group = destination.split(":log-group:")[-1].removesuffix(":*") if ":log-group:" in destination else destination
    members = {
        "flowLogId": record["FlowLogId"],
        "resourceId": record["ResourceId"],
        "trafficType": record["TrafficType"],
        "logDestinationType": record["LogDestinationType"],
        "logDestination": destination,
        "logGroupName": group if record["LogDestinationType"] == "cloud-watch-logs" else "",
        "deliverLogsPermissionArn": record["Role"],
        "maxAggregationInterval": record["Interval"],
        "logFormat": record["Format"],
        "flowLogStatus": "ACTIVE",
        "deliverLogsStatus": "SUCCESS",
        "creationTime": record["CreationTime"],
    }
    xml = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in members.items() if value)
    return f"<item>{xml}{ec2._tag_set_xml(record['FlowLogId'])}</item>"
