"""Checks of the promises about functions, alerts and logs, L1 to L6 and E1 to E6."""

from __future__ import annotations

from collections.abc import Iterator

from sagekeep.controls.storage import FOREIGNER
from sagekeep.controls.view import Check, Fact, View, absent
from sagekeep.iam.request import Caller
from sagekeep.prove.terraform import Resource

# https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html, read in November 2026
SUPPORTED = {"python3.11", "python3.12", "python3.13", "python3.14"}
_SECRETS = ("secret", "password", "token", "access_key")


def no_public_invoke(view: View) -> Iterator[Fact]:
    """L1."""
    for permission in view.resources("aws_lambda_permission"):
        bound = permission.text("source_arn") or permission.text("source_account")
        service = permission.text("principal").endswith(".amazonaws.com")
        fault = "" if not service or bound else "lets a service invoke it for any account"
        yield Fact(permission.address, "lets anybody invoke it" if permission.text("principal") == "*" else fault)
    yield from absent(view, ("aws_lambda_function_url",), "gives a function a public address")


def runtimes(view: View) -> Iterator[Fact]:
    """L2."""
    for function in _functions(view):
        runtime = function.text("runtime")
        yield Fact(function.address, "" if runtime in SUPPORTED else f"runs {runtime}, which Lambda does not support")


def _functions(view: View) -> Iterator[Resource]:
    return view.resources("aws_lambda_function")


def functions_in_the_vpc(view: View) -> Iterator[Fact]:
    """L3."""
    ours = {subnet.id for subnet in view.estate.subnets}
    brought = {subnet.id for subnet in view.estate.subnets if subnet.brought}  # one may stand for a list
    for function in view.estate.functions:
        inside = set(function.place.subnet_ids)
        if function.purpose in OUTSIDE:
            yield Fact(function.address, "is in the VPC, and need not be excepted" if inside else "")
        elif len(inside) < 2 and not inside & brought:
            yield Fact(function.address, f"has {len(inside)} subnets" if inside else "runs outside the VPC")
        else:
            yield Fact(function.address, "" if inside <= ours else "is in another's subnets")


# docs/decisions/0018 and 0037: they call EC2, for which the VPC has no endpoint, and read no data.
OUTSIDE = ("job-sweeper", "studio-sweeper")


def environments(view: View) -> Iterator[Fact]:
    """L4."""
    for function in _functions(view):
        variables = function.block("environment").get("variables") or {}
        telling = [name for name in variables if any(word in name.lower() for word in _SECRETS)]
        if not function.text("kms_key_arn"):
            fault = "has an environment under no key of ours"
        elif not variables:
            fault = "has a key and no variable, and Lambda then forgets the key"
        else:
            fault = f"has {telling[0]} in its environment" if telling else ""
        yield Fact(function.address, fault)


def tracing(view: View) -> Iterator[Fact]:
    """L5."""
    for function in _functions(view):
        active = function.block("tracing_config").get("mode") == "Active"
        yield Fact(function.address, "" if active else "is not traced")


def code_signing(view: View) -> Iterator[Fact]:
    """L6."""
    if view.setting("functions.code_signing_profile_arns"):
        for function in _functions(view):
            yield Fact(function.address, "" if function.text("code_signing_config_arn") else "takes unsigned code")


def topics_are_encrypted(view: View) -> Iterator[Fact]:
    """E1."""
    keys = view.every_key()
    for topic in view.resources("aws_sns_topic"):
        key = keys.get(topic.text("kms_master_key_id"))
        if key is None:
            yield Fact(topic.address, "is encrypted with no key of ours")
            continue
        service = Caller("events.amazonaws.com", "", "service")
        let = all(
            view.ask(service, action, key.arn, policy=key.policy).allowed
            for action in ("kms:Decrypt", "kms:GenerateDataKey")
        )
        yield Fact(topic.address, "" if let else f"has a key that EventBridge may not use: {key.address}")


def topic_policies(view: View) -> Iterator[Fact]:
    """E2."""
    service = Caller("events.amazonaws.com", "", "service")
    root = Caller(
        f"arn:{view.terraform.known['partition']}:iam::{view.estate.account}:root", view.estate.account, "root"
    )
    for topic in view.holders("aws_sns_topic"):
        plain = {"aws:SecureTransport": ("false",)}
        faults = (
            "" if view.ask(service, "sns:Publish", topic.arn, policy=topic.policy).allowed else "refuses EventBridge",
            ""
            if view.ask(root, "sns:Publish", topic.arn, policy=topic.policy, context=plain).explicit
            else "takes messages without TLS",
            ""
            if view.ask(FOREIGNER, "sns:Publish", topic.arn, policy=topic.policy).explicit
            else "does not deny other accounts",
        )
        yield Fact(topic.address, ", ".join(filter(None, faults)))


def subscriptions(view: View) -> Iterator[Fact]:
    """E3."""
    root = Caller(
        f"arn:{view.terraform.known['partition']}:iam::{view.estate.account}:root", view.estate.account, "root"
    )
    stranger = {"sns:Protocol": ("email",), "sns:Endpoint": ("somebody@elsewhere.invalid",)}
    for topic in view.holders("aws_sns_topic"):
        verdict = view.ask(root, "sns:Subscribe", topic.arn, policy=topic.policy, context=stranger)
        yield Fact(topic.address, "" if verdict.explicit else "takes e-mail subscriptions of any domain")


def queues(view: View) -> Iterator[Fact]:
    """E4."""
    keys = view.every_key()
    policies = {queue.address: queue for queue in view.holders("aws_sqs_queue")}
    for queue in view.resources("aws_sqs_queue"):
        if queue.text("kms_master_key_id") not in keys:
            yield Fact(queue.address, "is encrypted with no key of ours")
            continue
        holder = policies[queue.address]
        verdict = view.ask(FOREIGNER, "sqs:SendMessage", holder.arn, policy=holder.policy)
        closed = holder.policy is not None and not verdict.allowed
        yield Fact(queue.address, "" if closed else "takes messages from other accounts")


def log_groups(view: View) -> Iterator[Fact]:
    """E5."""
    keys = view.every_key()
    for group in view.resources("aws_cloudwatch_log_group"):
        days = int(group.body.get("retention_in_days") or 0)
        if group.text("kms_key_id") not in keys:
            yield Fact(group.address, "is encrypted with no key of ours")
        else:
            yield Fact(group.address, "" if days >= 365 else f"keeps logs for {days or 'no known number of'} days")


def default_bus_only(view: View) -> Iterator[Fact]:
    """E6."""
    return absent(view, ("aws_cloudwatch_event_bus",), "is an event bus of its own")


CHECKS: dict[str, Check] = {
    "L1": no_public_invoke,
    "L2": runtimes,
    "L3": functions_in_the_vpc,
    "L4": environments,
    "L5": tracing,
    "L6": code_signing,
    "E1": topics_are_encrypted,
    "E2": topic_policies,
    "E3": subscriptions,
    "E4": queues,
    "E5": log_groups,
    "E6": default_bus_only,
}
