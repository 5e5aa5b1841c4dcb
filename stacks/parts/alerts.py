"""A failed run reaches people and programs: rules, an encrypted topic, its subscriptions, dead letters, and alarms."""

from __future__ import annotations

import json

from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import (
    CloudwatchEventTarget,
    CloudwatchEventTargetDeadLetterConfig,
    CloudwatchEventTargetInputTransformer,
    CloudwatchEventTargetRetryPolicy,
)
from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from constructs import Construct

from policies import alerts
from policies.statement import Statement
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.alert_rules import AlertRule, run_failed, step_failed
from stacks.parts.policy import policy_json

TWO_WEEKS = 14 * 24 * 3600  # seconds, the longest that SQS keeps a message


class Alerts(Construct):
    """The topic hears of failed steps and runs of the pipeline, and so does `queue` where settings want one.

    Controls E1, E2, E3 and E4.
    """

    def __init__(self, scope: Construct, id: str, *, settings: Settings, key_arn: str) -> None:
        super().__init__(scope, id)
        self.settings = settings
        topic = SnsTopic(self, "topic", name=names.name(settings, "pipeline-alerts"), kms_master_key_id=key_arn)
        self.topic_arn = str(topic.arn)
        policy = SnsTopicPolicy(
            self,
            "topic-policy",
            arn=self.topic_arn,
            policy=policy_json(self, "topic-statements", alerts.topic(settings)),
        )
        rules = {"step": step_failed(settings), "run": run_failed(settings)}
        arns = [names.arn(settings, "events", f"rule/{rule.name}") for rule in rules.values()]
        undelivered = self._queue("undelivered", "undelivered-alerts", key_arn, alerts.undelivered(settings, arns))
        for kind, rule in rules.items():
            self._route(kind, rule, undelivered, policy)
        self.queue = self._subscribed_queue(key_arn) if settings.alerts.queue else None
        for at, email in enumerate(settings.alerts.emails):
            SnsTopicSubscription(self, f"email-{at + 1}", topic_arn=self.topic_arn, protocol="email", endpoint=email)

    def _route(self, kind: str, rule: AlertRule, undelivered: SqsQueue, policy: SnsTopicPolicy) -> None:
        """From the event to the topic, with an alarm for what does not arrive."""
        made = CloudwatchEventRule(
            self,
            f"{kind}-rule",
            name=rule.name,
            description=rule.description,
            event_pattern=json.dumps(rule.pattern, sort_keys=True),
        )
        CloudwatchEventTarget(
            self,
            f"{kind}-target",
            rule=made.name,
            target_id="topic",
            arn=self.topic_arn,
            dead_letter_config=CloudwatchEventTargetDeadLetterConfig(arn=undelivered.arn),
            retry_policy=CloudwatchEventTargetRetryPolicy(maximum_event_age_in_seconds=3600, maximum_retry_attempts=10),
            input_transformer=CloudwatchEventTargetInputTransformer(
                input_paths=dict(rule.reads), input_template=rule.template
            ),
            depends_on=[policy],
        )
        self._alarm(f"{kind}-alarm", made, rule)

    def _queue(self, id: str, purpose: str, key_arn: str, statements: list[Statement]) -> SqsQueue:
        return SqsQueue(
            self,
            id,
            name=names.name(self.settings, purpose),
            kms_master_key_id=key_arn,
            message_retention_seconds=TWO_WEEKS,
            # Inline: a policy resource of its own makes Terraform wait another 25 seconds.
            policy=policy_json(self, f"{id}-statements", statements),
        )

    def _subscribed_queue(self, key_arn: str) -> SqsQueue:
        queue = self._queue("queue", "pipeline-alerts", key_arn, alerts.queue(self.settings))
        SnsTopicSubscription(
            self,
            "queue-subscription",
            topic_arn=self.topic_arn,
            protocol="sqs",
            endpoint=queue.arn,
            raw_message_delivery=True,
        )
        return queue

    def _alarm(self, id: str, made: CloudwatchEventRule, rule: AlertRule) -> None:
        CloudwatchMetricAlarm(
            self,
            id,
            alarm_name=f"{rule.name}-not-delivered",
            alarm_description=f"EventBridge could not deliver an alert of {rule.name}; see the queue of dead letters",
            namespace="AWS/Events",
            metric_name="FailedInvocations",
            dimensions={"RuleName": made.name},
            statistic="Sum",
            period=300,
            evaluation_periods=1,
            threshold=0,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[self.topic_arn],
        )
