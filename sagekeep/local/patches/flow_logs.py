"""Flow logs: ministack keeps neither the role nor the interval, format, log group and tags, and delivers whatever.

What the role must be allowed: https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html. Making a group
is asked of a role whose group is missing: public modules let flow logs write into a group of theirs without it.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, ec2

from sagekeep.local import delegates

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


def _delivery(record: dict[str, Any], group: str) -> dict[str, str]:
    """Whether lines arrive: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_FlowLog.html."""
    if record["LogDestinationType"] != "cloud-watch-logs" or _delivers(record, group):
        return {"deliverLogsStatus": "SUCCESS"}
    return {"deliverLogsStatus": "FAILED", "deliverLogsErrorMessage": "Access error"}


def _delivers(record: dict[str, Any], group: str) -> bool:
    source = f"arn:aws:ec2:{get_region()}:{get_account_id()}:vpc-flow-log/{record['FlowLogId']}"
    if not delegates.role_trusts(record["Role"], "vpc-flow-logs.amazonaws.com", source):
        return False
    arn = cloudwatch_logs._make_group_arn(group).removesuffix(":*")
    stream = f"{arn}:log-stream:{record['ResourceId']}"
    needed = {
        "logs:DescribeLogGroups": "*",
        "logs:DescribeLogStreams": f"{arn}:log-stream:",
        "logs:CreateLogStream": stream,
        "logs:PutLogEvents": stream,
    }
    if group not in cloudwatch_logs._log_groups:
        needed["logs:CreateLogGroup"] = f"{arn}:log-stream:"
    return all(delegates.role_may(record["Role"], "flow-logs", action, on) for action, on in needed.items())


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
        **_delivery(record, group),
        "creationTime": record["CreationTime"],
    }
    xml = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in members.items() if value)
    return f"<item>{xml}{ec2._tag_set_xml(record['FlowLogId'])}</item>"
