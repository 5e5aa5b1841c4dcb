"""Alarms in the Query protocol, which Terraform speaks: ministack describes a third of their members in it."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from ministack.services import cloudwatch

_TIMES = ("AlarmConfigurationUpdatedTimestamp", "StateUpdatedTimestamp")


def apply() -> None:
    """Answer from the whole record that the JSON protocol gets."""
    plain = cloudwatch._describe_alarms

    def describe(params: Any, data: dict[str, Any], is_cbor: bool, is_json: bool = False) -> Any:  # noqa: FBT001, FBT002
        if is_cbor or is_json:
            return plain(params, data, is_cbor, is_json)
        status, _, body = plain(params, _asked(params), is_cbor, True)  # noqa: FBT003
        if status != 200:
            return plain(params, data, is_cbor, is_json)
        document = json.loads(body)
        members = "".join(f"<{name}>{_xml(name, value)}</{name}>" for name, value in document.items())
        return cloudwatch._xml(200, "DescribeAlarmsResponse", f"<DescribeAlarmsResult>{members}</DescribeAlarmsResult>")

    cloudwatch._describe_alarms = describe


def _asked(params: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in params.items():
        text = value[0] if isinstance(value, list) else value
        if ".member." in name:
            found.setdefault(name.partition(".")[0], []).append(text)
        else:
            found[name] = text
    return found


def _xml(name: str, value: Any) -> str:
    if isinstance(value, dict):
        parts = ((key, member) for key, member in value.items() if member is not None)
        return "".join(f"<{key}>{_xml(key, member)}</{key}>" for key, member in parts)
    if isinstance(value, list):
        return "".join(f"<member>{_xml(name, member)}</member>" for member in value)
    if isinstance(value, bool):
        return str(value).lower()
    if name in _TIMES:
        return datetime.datetime.fromtimestamp(float(value), datetime.UTC).isoformat()
    return escape(str(value))
