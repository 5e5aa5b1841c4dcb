"""An alert's way from an event of the pipeline to the queue, with the template's own rules, messages and policies.

Events of AWS's own sources cannot be put from outside, so the rules listen to another source here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from botocore.exceptions import ClientError

from policies import alerts, keys
from policies.statement import Statement
from sagekeep import names
from sagekeep.local.instance import Instance
from sagekeep.settings import Settings, parse
from stacks.parts.alert_rules import RUN, STEP, run_failed, step_failed
from tests.local.gateway_cloud import ACCOUNT, DEPLOYER, REGION, Cloud, message_of

SOURCE = "tested.pipeline"
SETTINGS = parse(
    {
        "prefix": "told",
        "account_id": ACCOUNT,
        "region": REGION,
        "deploy": {"roles": [DEPLOYER]},
        "alerts": {"queue": True, "email_domains": ["example.com"]},
        "pipeline": {"name": "churn"},
    },
    environment="test",
)
EXECUTION = f"{names.pipeline_arn(SETTINGS)}/execution/abc123"
AWKWARD = "AlgorithmError: ValueError('no column \"age\"'),\nexit code: 1 \\ <b>{x}</b>"


def policy(statements: Sequence[Statement]) -> str:
    """The document that Terraform makes of the statements."""
    rendered = []
    for statement in statements:
        conditions: dict[str, dict[str, list[str]]] = {}
        for condition in statement.conditions:
            conditions.setdefault(condition.test, {})[condition.variable] = list(condition.values)
        rendered.append(
            {
                "Sid": statement.sid,
                "Effect": statement.effect,
                "Action": list(statement.actions),
                "Resource": list(statement.resources),
                "Principal": {p.type: list(p.identifiers) for p in statement.principals if p.type != "*"} or "*",
                "Condition": conditions,
            }
        )
    return json.dumps({"Version": "2012-10-17", "Statement": rendered})


def listen(admin: Cloud, settings: Settings) -> None:
    """Both rules, with their targets."""
    for rule in (step_failed(settings), run_failed(settings)):
        pattern = {**rule.pattern, "source": [SOURCE]}
        admin("events").put_rule(Name=rule.name, EventPattern=json.dumps(pattern))
        transformer = {"InputPathsMap": dict(rule.reads), "InputTemplate": rule.template}
        target = {"Id": "topic", "Arn": names.topic_arn(settings), "InputTransformer": transformer}
        assert admin("events").put_targets(Rule=rule.name, Targets=[target])["FailedEntryCount"] == 0


@pytest.fixture(scope="module")
def queue(admin: Cloud) -> Iterator[str]:
    """URL of the queue; key, topic, queue and rules are as the stack makes them."""
    kms, sns, sqs, events = (admin(name) for name in ("kms", "sns", "sqs", "events"))
    key = kms.create_key(Policy=policy(keys.logs_key(SETTINGS)))["KeyMetadata"]["Arn"]
    name = names.name(SETTINGS, "pipeline-alerts")
    topic = sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key, "Policy": policy(alerts.topic(SETTINGS))})
    made = sqs.create_queue(
        QueueName=name, Attributes={"KmsMasterKeyId": key, "Policy": policy(alerts.queue(SETTINGS))}
    )
    arn = names.arn(SETTINGS, "sqs", name)
    attributes = {"RawMessageDelivery": "true"}
    subscription = sns.subscribe(TopicArn=topic["TopicArn"], Protocol="sqs", Endpoint=arn, Attributes=attributes)
    listen(admin, SETTINGS)
    yield made["QueueUrl"]
    for rule in (step_failed(SETTINGS), run_failed(SETTINGS)):
        events.remove_targets(Rule=rule.name, Ids=["topic"])
        events.delete_rule(Name=rule.name)
    sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    sns.delete_topic(TopicArn=topic["TopicArn"])
    sqs.delete_queue(QueueUrl=made["QueueUrl"])
    kms.schedule_key_deletion(KeyId=key)


def told(admin: Cloud, queue: str, detail_type: str, **detail: str) -> list[dict[str, Any]]:
    """The messages that an event of our pipeline leaves in the queue."""
    body = {"pipelineArn": names.pipeline_arn(SETTINGS), "pipelineExecutionArn": EXECUTION, **detail}
    entry = {"Source": SOURCE, "DetailType": detail_type, "Detail": json.dumps(body)}
    assert admin("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    sqs = admin("sqs")
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    for message in found:
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
    return [json.loads(message["Body"]) for message in found]


def step(**changes: str) -> dict[str, str]:
    return {"stepName": "Train", "stepType": "Training", "currentStepStatus": "Failed"} | changes


def test_a_failed_step_says_pipeline_step_reason_execution_and_where_to_look(admin: Cloud, queue: str) -> None:
    (message,) = told(admin, queue, STEP, **step(failureReason="OutOfMemoryError: 8 GiB"))
    assert message["pipeline"] == "churn"
    assert (message["step"], message["step_type"]) == ("Train", "Training")
    assert message["reason"] == "OutOfMemoryError: 8 GiB"
    assert message["execution"] == EXECUTION
    assert message["console"].startswith("https://console.aws.amazon.com/sagemaker/")
    assert message["time"]


def test_a_reason_with_quotes_and_lines_arrives_as_it_is(admin: Cloud, queue: str) -> None:
    (message,) = told(admin, queue, STEP, **step(failureReason=AWKWARD))
    assert message["reason"] == AWKWARD


def test_a_failed_run_is_told_without_a_step(admin: Cloud, queue: str) -> None:
    (message,) = told(admin, queue, RUN, currentPipelineExecutionStatus="Failed")
    assert (message["pipeline"], message["execution"]) == ("churn", EXECUTION)
    assert "DescribePipelineExecution" in message["alert"]
    assert message["console"].startswith("https://")


def test_alerts_arrive_where_services_have_an_account_of_their_own_too(
    running: Instance, admin: Cloud, queue: str
) -> None:
    running.ask("variants", **{"service-account": "sent"})
    try:
        (message,) = told(admin, queue, STEP, **step(failureReason="x"))
    finally:
        running.ask("variants", reset="true")
    assert message["reason"] == "x"


QUIET = {
    "a run that succeeded": (RUN, {"currentPipelineExecutionStatus": "Succeeded"}),
    "a run that was stopped": (RUN, {"currentPipelineExecutionStatus": "Stopped"}),
    "a step that succeeded": (STEP, step(currentStepStatus="Succeeded")),
    "a step without a reason, whose run is told": (STEP, step()),
    "another pipeline": (STEP, step(failureReason="x", pipelineArn=f"{names.pipeline_arn(SETTINGS)}-2")),
}


@pytest.mark.parametrize("what", QUIET)
def test_nobody_is_told_of_what_is_no_failure_of_ours(admin: Cloud, queue: str, what: str) -> None:
    detail_type, detail = QUIET[what]
    assert told(admin, queue, detail_type, **detail) == []


SUBSCRIPTIONS = {
    "a mailbox of our domain": ("email", "team@example.com", True),
    "a mailbox of another domain": ("email", "team@example.org", False),
    "a mailbox whose domain only ends like ours": ("email-json", "team@not-example.com", False),
    "another queue of the account": ("sqs", names.arn(SETTINGS, "sqs", "told-pipeline-alerts"), True),
    "a queue of another account": ("sqs", f"arn:aws:sqs:{REGION}:999999999999:told-pipeline-alerts", False),
    "a web server": ("https", "https://example.com/alerts", False),
    "a telephone": ("sms", "+15555550100", False),
    "a function": ("lambda", names.arn(SETTINGS, "lambda", "function:leak"), False),
}


@pytest.mark.parametrize("what", SUBSCRIPTIONS)
def test_alerts_go_to_queues_of_ours_and_mailboxes_of_our_domains_only(admin: Cloud, queue: str, what: str) -> None:
    protocol, endpoint, allowed = SUBSCRIPTIONS[what]
    asked = {"TopicArn": names.topic_arn(SETTINGS), "Protocol": protocol, "Endpoint": endpoint}
    if allowed:
        assert admin("sns").subscribe(**asked)["SubscriptionArn"]
        return
    with pytest.raises(ClientError) as refused:
        admin("sns").subscribe(**asked)
    assert "explicit deny in a resource-based policy" in message_of(refused)
