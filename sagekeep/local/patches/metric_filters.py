"""Metric filters that count every event of a log group, and the alarms on what they count.

Other filters are not modelled: they are refused, as they would count nothing.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cloudwatch, cloudwatch_logs


def apply() -> None:
    """Count what is put into a group that has a filter."""
    plain_put, plain_filter = cloudwatch_logs._put_log_events, cloudwatch_logs._put_metric_filter

    def put(data: dict[str, Any]) -> Any:
        answer = plain_put(data)
        if answer[0] == 200:
            _count(data["logGroupName"], len(data.get("logEvents", [])))
        return answer

    def put_filter(data: dict[str, Any]) -> Any:
        values = [made.get("metricValue", "") for made in data.get("metricTransformations", [])]
        if data.get("filterPattern") or not all(value.replace(".", "", 1).isdigit() for value in values):
            message = "the local AWS models metric filters with an empty pattern and a number as their value only"
            return error_response_json("NotImplemented", message, 501)
        return plain_filter(data)

    cloudwatch_logs._put_log_events = put
    cloudwatch_logs._put_metric_filter = put_filter


def _count(group: str, events: int) -> None:
    for (of_group, _), made in list(cloudwatch_logs._metric_filters.items()):
        if of_group == group:
            for metric in made["metricTransformations"]:
                _record(metric, events)


def _record(metric: Mapping[str, Any], events: int) -> None:
    namespace, name = metric["metricNamespace"], metric["metricName"]
    for _ in range(events):
        cloudwatch.record_metric(namespace, name, float(metric["metricValue"]), metric.get("unit", "None"))
    for alarm in list(cloudwatch._alarms.values()):
        if (alarm.get("Namespace"), alarm.get("MetricName")) == (namespace, name):
            cloudwatch._evaluate_alarm(alarm)
