"""An event's way to a queue, through an encrypted topic, and to the dead letters when a policy is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.local.gateway_cloud import ACCOUNT, REGION, Cloud, document

ROOT = f"arn:aws:iam::{ACCOUNT}:root"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:tested"
RULE = "tested"


def service(name: str, *actions: str, on: str = "*") -> dict[str, Any]:
    principal = {"Service": f"{name}.amazonaws.com"}
    return {"Effect": "Allow", "Principal": principal, "Action": list(actions), "Resource": on}


@dataclass
class Way:
    """A rule with an encrypted topic as its target; an encrypted queue subscribed, another for dead letters."""

    cloud: Cloud
    key: str
    inbox: str
    dead: str

    def let_key(self, *services: str) -> None:
        own = {"Effect": "Allow", "Principal": {"AWS": ROOT}, "Action": "kms:*", "Resource": "*"}
        users = [service(name, "kms:GenerateDataKey*", "kms:Decrypt") for name in services]
        self.cloud("kms").put_key_policy(KeyId=self.key, Policy=document(own, *users))

    def let_topic(self, *statements: dict[str, Any]) -> None:
        self.cloud("sns").set_topic_attributes(
            TopicArn=TOPIC, AttributeName="Policy", AttributeValue=document(*statements)
        )

    def send(self) -> dict[str, list[dict[str, Any]]]:
        """Put an event; what is in the two queues afterwards."""
        entry = {"Source": "tested", "DetailType": "x", "Detail": json.dumps({"n": 1})}
        assert self.cloud("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
        return {"inbox": self._take(self.inbox), "dead": self._take(self.dead)}

    def _take(self, url: str) -> list[dict[str, Any]]:
        sqs = self.cloud("sqs")
        found = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages", [])
        for message in found:
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return list(found)


@pytest.fixture(scope="module")
def way(admin: Cloud) -> Iterator[Way]:
    kms, sns, sqs, events = (admin(name) for name in ("kms", "sns", "sqs", "events"))
    key = kms.create_key()["KeyMetadata"]["Arn"]
    sns.create_topic(Name="tested", Attributes={"KmsMasterKeyId": key})
    urls = {}
    for name, sender in (("inbox", "sns"), ("dead", "events")):
        attributes = {"Policy": document(service(sender, "sqs:SendMessage"))}
        if name == "inbox":
            attributes["KmsMasterKeyId"] = key
        urls[name] = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{ACCOUNT}:"
    subscription = sns.subscribe(TopicArn=TOPIC, Protocol="sqs", Endpoint=f"{arn}inbox")["SubscriptionArn"]
    events.put_rule(Name=RULE, EventPattern=json.dumps({"source": ["tested"]}))
    target = {"Id": "t", "Arn": TOPIC, "DeadLetterConfig": {"Arn": f"{arn}dead"}}
    events.put_targets(Rule=RULE, Targets=[target])
    yield Way(admin, key, urls["inbox"], urls["dead"])
    events.remove_targets(Rule=RULE, Ids=["t"])
    events.delete_rule(Name=RULE)
    sns.unsubscribe(SubscriptionArn=subscription)
    sns.delete_topic(TopicArn=TOPIC)
    for url in urls.values():
        sqs.delete_queue(QueueUrl=url)
    kms.schedule_key_deletion(KeyId=key)


PUBLISH = service("events", "sns:Publish", on=TOPIC)


def test_an_event_arrives_when_every_policy_lets_it(way: Way) -> None:
    way.let_key("events", "sns")
    way.let_topic(PUBLISH)
    sent = way.send()
    assert [json.loads(json.loads(m["Body"])["Message"])["detail"] for m in sent["inbox"]] == [{"n": 1}]
    assert sent["dead"] == []


def test_without_the_topics_policy_it_becomes_a_dead_letter(way: Way) -> None:
    way.let_key("events", "sns")
    way.let_topic(service("cloudwatch", "sns:Publish", on=TOPIC))
    sent = way.send()
    assert sent["inbox"] == []
    assert [m["MessageAttributes"]["TARGET_ARN"]["StringValue"] for m in sent["dead"]] == [TOPIC]


def test_a_condition_on_the_source_stops_delivery_to_an_encrypted_topic(way: Way) -> None:
    way.let_key("events", "sns")
    way.let_topic({**PUBLISH, "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}}})
    assert len(way.send()["dead"]) == 1


def test_without_the_topics_key_it_becomes_a_dead_letter(way: Way) -> None:
    way.let_key("sns")
    way.let_topic(PUBLISH)
    sent = way.send()
    assert (sent["inbox"], len(sent["dead"])) == ([], 1)


def test_without_the_queues_key_the_topic_cannot_deliver(way: Way) -> None:
    way.let_key("events")
    way.let_topic(PUBLISH)
    assert way.send() == {"inbox": [], "dead": []}


def test_nobody_outside_aws_sends_events_of_aws(way: Way) -> None:
    entry = {"Source": "aws.sagemaker", "DetailType": "x", "Detail": "{}"}
    answer = way.cloud("events").put_events(Entries=[entry])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
