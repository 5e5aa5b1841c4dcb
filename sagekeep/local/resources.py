"""Which resource a request is about: the ARNs that IAM checks, where ministack's differ from AWS's.

Source: the tables of https://docs.aws.amazon.com/service-authorization/latest/reference/.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from ministack.core import iam_actions
from ministack.services import iam, kms

from sagekeep.local.creation import ec2_resource


@dataclass(frozen=True)
class Asked:
    """A request as the rules below read it; `action` without its service, `members` the request's parameters."""

    action: str
    path: str
    members: Mapping[str, Any]
    region: str
    account_id: str

    def text(self, *names: str) -> str:
        """The first of these parameters that is there, "" if none is."""
        return next((str(self.members[name]) for name in names if self.members.get(name)), "")

    def arn(self, service: str, resource: str) -> str:
        """An ARN of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"


Rule = Callable[[Asked], str | None]  # None: ministack's answer stands


def members_of(body: bytes, query: Mapping[str, Any]) -> dict[str, Any]:
    """A request's parameters: a JSON body's members, else the query's and the form's first values."""
    flat = {name: value[0] if isinstance(value, list) and value else value for name, value in query.items()}
    try:
        document = json.loads(body) if body[:1] == b"{" else {}
    except ValueError:
        document = {}
    return {**flat, **document} if isinstance(document, dict) else flat


def _lambda(asked: Asked) -> str | None:
    if asked.action == "CreateFunction":
        return asked.arn("lambda", f"function:{asked.text('FunctionName').split(':')[-1]}")
    named = re.match(r"/\d{4}-\d\d-\d\d/functions/([^/]+)", asked.path)
    if named is None:
        return None
    parts = unquote(named[1]).split(":")
    whole = parts[0] == "arn"
    name, qualifier = (parts[6], parts[7:]) if whole else (parts[0], parts[1:])
    version = "".join(qualifier) or asked.text("Qualifier")
    found = f"function:{name}" + (f":{version}" if version else "")
    return ":".join([*parts[:5], found]) if whole else asked.arn("lambda", found)


def _ecr(asked: Asked) -> str | None:
    name, registry = asked.text("repositoryName"), asked.text("registryId") or asked.account_id
    return f"arn:aws:ecr:{asked.region}:{registry}:repository/{name}" if name else None


def _iam(asked: Asked) -> str | None:
    name = asked.text("RoleName")
    if name:
        role = iam._roles.get(name)
        path = (role["Path"] if role else asked.text("Path")) or "/"
        return f"arn:aws:iam::{asked.account_id}:role{path}{name}"
    if asked.action == "CreatePolicy":
        return f"arn:aws:iam::{asked.account_id}:policy{asked.text('Path') or '/'}{asked.text('PolicyName')}"
    if asked.text("InstanceProfileName"):
        return f"arn:aws:iam::{asked.account_id}:instance-profile/{asked.text('InstanceProfileName')}"
    return None


def _logs(asked: Asked) -> str | None:
    tagged = asked.text("resourceArn")
    if tagged:
        return tagged
    # A group's ARN as IAM sees it ends in ":log-stream:<name or nothing>", so policies need "<group>:*".
    group = asked.text("logGroupName") or asked.text("logGroupIdentifier").split(":log-group:")[-1].removesuffix(":*")
    if group or asked.action in {"DescribeLogGroups", "ListLogGroups"}:
        return asked.arn("logs", f"log-group:{group}:log-stream:{asked.text('logStreamName')}")
    return None


def _kms(asked: Asked) -> str | None:
    if asked.action in {"CreateKey", "ListKeys", "ListAliases", "GenerateRandom"}:
        return "*"
    alias = asked.text("AliasName")
    if alias:
        return asked.arn("kms", alias)
    # IAM checks the key behind an alias, never the alias.
    key = asked.text("KeyId", "SourceKeyId")
    record = kms._resolve_key(key)
    if record is None and key.startswith("arn:") and ":key/" in key:
        return key  # another account's
    return str(record["Arn"]) if record else None


def _sns(asked: Asked) -> str | None:
    subscription = asked.text("SubscriptionArn")
    if subscription.startswith("arn:"):
        return subscription.rsplit(":", 1)[0]
    return asked.text("ResourceArn") or None


def _events(asked: Asked) -> str | None:
    if asked.text("ResourceARN"):
        return asked.text("ResourceARN")
    name = asked.text("Rule") or (asked.text("Name") if asked.action.endswith("Rule") else "")
    if not name:
        return None
    bus = asked.text("EventBusName").rsplit("/", 1)[-1]
    return asked.arn("events", f"rule/{name}" if bus in {"", "default"} else f"rule/{bus}/{name}")


def _monitoring(asked: Asked) -> str | None:
    if asked.text("ResourceARN"):
        return asked.text("ResourceARN")
    names = asked.members.get("AlarmNames") or [asked.text("AlarmName", "AlarmNames.member.1")]
    return asked.arn("cloudwatch", f"alarm:{names[0]}") if names[0] else None


def _sqs(asked: Asked) -> str | None:
    return asked.arn("sqs", "*") if asked.action == "ListQueues" else None


def _ec2(asked: Asked) -> str | None:
    return ec2_resource(asked.action, asked.members)


_RULES: dict[str, Rule] = {
    "ec2": _ec2,
    "ecr": _ecr,
    "events": _events,
    "iam": _iam,
    "kms": _kms,
    "lambda": _lambda,
    "logs": _logs,
    "monitoring": _monitoring,
    "sns": _sns,
    "sqs": _sqs,
}

# Lambda's paths whose operation ministack's table does not tell apart: (method, last part) -> action.
_LAMBDA_ACTIONS = {
    ("GET", "concurrency"): "GetFunctionConcurrency",
    ("DELETE", "concurrency"): "DeleteFunctionConcurrency",
    ("GET", "event-invoke-config"): "GetFunctionEventInvokeConfig",
    ("PUT", "event-invoke-config"): "PutFunctionEventInvokeConfig",
    ("POST", "event-invoke-config"): "UpdateFunctionEventInvokeConfig",
    ("DELETE", "event-invoke-config"): "DeleteFunctionEventInvokeConfig",
    ("PUT", "code-signing-config"): "PutFunctionCodeSigningConfig",
    ("DELETE", "code-signing-config"): "DeleteFunctionCodeSigningConfig",
    ("GET", "runtime-management-config"): "GetRuntimeManagementConfig",
    ("GET", "recursion-config"): "GetFunctionRecursionConfig",
}


def install() -> None:
    """Put the rules in front of ministack's; every request looks them up."""
    plain_arn, plain_action = iam_actions.extract_resource_arn, iam_actions.extract_iam_action

    def extract_resource_arn(
        service: str,
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        query_params: dict[str, Any],
        region: str,
        account_id: str,
    ) -> str:
        rule = _RULES.get(service)
        found = None
        if rule is not None:
            action = extract_iam_action(service, method, path, headers, body, query_params) or ":"
            members = members_of(body, query_params)
            found = rule(Asked(action.partition(":")[2], path, members, region, account_id))
        return found or str(plain_arn(service, method, path, headers, body, query_params, region, account_id))

    def extract_iam_action(
        service: str, method: str, path: str, headers: dict[str, str], body: bytes, query_params: dict[str, Any]
    ) -> str | None:
        last = path.rstrip("/").rsplit("/", 1)[-1]
        if service == "lambda" and (method, last) in _LAMBDA_ACTIONS:
            return f"lambda:{_LAMBDA_ACTIONS[method, last]}"
        found: str | None = plain_action(service, method, path, headers, body, query_params)
        return found

    iam_actions.extract_resource_arn = extract_resource_arn
    iam_actions.extract_iam_action = extract_iam_action
