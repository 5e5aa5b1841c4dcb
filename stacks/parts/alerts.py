"""A failed run reaches people and programs: rules, an encrypted topic, its subscriptions, dead letters, and alarms."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from constructs import Construct

from policies import alerts
from policies.statement import Statement
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.alert_routes import queue, route
from stacks.parts.alert_rules import run_failed, step_failed
from stacks.parts.policy import policy_json


class Alerts(Construct):
    """The topic hears of failed steps and runs of the pipeline, and so does `queue` where settings want one.

    A topic that is brought keeps its policy and key; subscriptions and the queue are ours all the same.
    Controls E1, E2, E3 and E4.
    """

    def __init__(self, scope: Construct, id: str, *, settings: Settings, key_arn: str) -> None:
        super().__init__(scope, id)
        self.settings = settings
        self.topic_arn = names.topic_arn(settings)
        ready = [] if settings.existing.topic else [self._topic(key_arn)]
        rules = {"step": step_failed(settings), "run": run_failed(settings)}
        arns = [names.arn(settings, "events", f"rule/{rule.name}") for rule in rules.values()]
        undelivered = self._queue("undelivered", "undelivered-alerts", key_arn, alerts.undelivered(settings, arns))
        for kind, rule in rules.items():
            route(self, kind, rule, topic_arn=self.topic_arn, undelivered=undelivered, after=ready)
        self.queue = self._subscribed_queue(key_arn) if settings.alerts.queue else None
        for at, email in enumerate(settings.alerts.emails):
            SnsTopicSubscription(self, f"email-{at + 1}", topic_arn=self.topic_arn, protocol="email", endpoint=email)

    def _topic(self, key_arn: str) -> SnsTopicPolicy:
        """The topic under our key; its policy is what EventBridge must wait for."""
        topic = SnsTopic(self, "topic", name=names.name(self.settings, "pipeline-alerts"), kms_master_key_id=key_arn)
        self.topic_arn = str(topic.arn)
        return SnsTopicPolicy(
            self,
            "topic-policy",
            arn=self.topic_arn,
            policy=policy_json(self, "topic-statements", alerts.topic(self.settings)),
        )

    def _queue(self, id: str, purpose: str, key_arn: str, statements: list[Statement]) -> SqsQueue:
        name = names.name(self.settings, purpose)
        return queue(self, id, name=name, key_arn=key_arn, statements=statements)

    def _subscribed_queue(self, key_arn: str) -> SqsQueue:
        made = self._queue("queue", "pipeline-alerts", key_arn, alerts.queue(self.settings))
        SnsTopicSubscription(
            self,
            "queue-subscription",
            topic_arn=self.topic_arn,
            protocol="sqs",
            endpoint=made.arn,
            raw_message_delivery=True,
        )
        return made
