"""A function's logs are written with its role's permissions; a group that comes back counts as left over."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sagekeep.local import leftovers
from sagekeep.local.instance import Instance
from tests.local.gateway_cloud import ACCOUNT, REGION, Cloud, allow, drop_role, make_role

GROUP = "/aws/lambda/logger"
ARN = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{GROUP}:*"
WRITE = ("logs:CreateLogStream", "logs:PutLogEvents")


@pytest.fixture
def run(admin: Cloud) -> Iterator[Callable[..., None]]:
    """run(*statements): invoke a function whose role has these statements, once."""

    def once(*statements: dict[str, Any]) -> None:
        role = make_role(admin, "logger", "lambda.amazonaws.com", *statements)
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as file:
            file.writestr("app.py", "def handler(event, _context):\n    print('said')\n    return 1\n")
        functions = admin("lambda")
        functions.create_function(
            FunctionName="logger",
            Runtime="python3.12",
            Role=role,
            Handler="app.handler",
            Code={"ZipFile": out.getvalue()},
        )
        functions.get_waiter("function_active_v2").wait(FunctionName="logger", WaiterConfig={"Delay": 0.2})
        assert json.loads(functions.invoke(FunctionName="logger")["Payload"].read()) == 1

    yield once
    admin("lambda").delete_function(FunctionName="logger")
    drop_role(admin, "logger")
    for group in admin("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
        admin("logs").delete_log_group(logGroupName=group["logGroupName"])


def test_a_role_that_may_not_create_its_group_leaves_none(admin: Cloud, run: Callable[..., None]) -> None:
    run(allow(*WRITE, on=ARN))
    assert admin("logs").describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"] == []


def test_a_role_that_may_leaves_a_group_that_counts(running: Instance, admin: Cloud, run: Callable[..., None]) -> None:
    run(allow(*WRITE, "logs:CreateLogGroup", on=ARN))
    assert f"log group {GROUP}" in leftovers.left(running)
    streams = admin("logs").describe_log_streams(logGroupName=GROUP)["logStreams"]
    events = admin("logs").get_log_events(logGroupName=GROUP, logStreamName=streams[0]["logStreamName"])["events"]
    assert any("said" in event["message"] for event in events)


def test_everything_that_is_left_is_named(running: Instance, admin: Cloud) -> None:
    before = set(leftovers.left(running))
    topic = admin("sns").create_topic(Name="forgotten")["TopicArn"]
    queue = admin("sqs").create_queue(QueueName="forgotten")["QueueUrl"]
    admin("s3").create_bucket(Bucket="forgotten")
    role = make_role(admin, "forgotten", "lambda.amazonaws.com")
    group = admin("sagemaker").create_model_package_group(ModelPackageGroupName="forgotten")["ModelPackageGroupArn"]
    left = set(leftovers.left(running)) - before
    assert left == {
        f"topic {topic}",
        f"queue {queue}",
        "bucket forgotten",
        f"role {role.rsplit('/', 1)[-1]}",
        f"sagemaker ModelPackageGroups {group}",
    }
    admin("sns").delete_topic(TopicArn=topic)
    admin("sqs").delete_queue(QueueUrl=queue)
    admin("s3").delete_bucket(Bucket="forgotten")
    drop_role(admin, "forgotten")
    admin("sagemaker").delete_model_package_group(ModelPackageGroupName="forgotten")
    assert set(leftovers.left(running)) == before
