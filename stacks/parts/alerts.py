"""A failed run reaches a topic: EventBridge rule, encrypted topic, dead letters, and an alarm on failed deliveries."""

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
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.policy import policy_json

# Field names of the event: SageMaker developer guide, EventBridge events. It has no pipelineName.
DETAIL_TYPE = "SageMaker Model Building Pipeline Execution Status Change"


class Alerts(Construct):
    """Topic, rule and target; `topic` hears of each failed run of the pipeline (controls E1, E2, E4)."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, key_arn: str) -> None:
        super().__init__(scope, id)
        self.settings = settings
        self.topic = SnsTopic(self, "topic", name=names.name(settings, "pipeline-alerts"), kms_master_key_id=key_arn)
        policy = SnsTopicPolicy(
            self,
            "topic-policy",
            arn=self.topic.arn,
            policy=policy_json(self, "topic-statements", alerts.topic(settings)),
        )
        rule = self._rule()
        self._target(rule, self._queue(key_arn), policy)
        self._alarm(rule)
        for at, email in enumerate(settings.alerts.emails):
            SnsTopicSubscription(self, f"email-{at + 1}", topic_arn=self.topic.arn, protocol="email", endpoint=email)

    def _rule(self) -> CloudwatchEventRule:
        pattern = {
            "source": ["aws.sagemaker"],
            "detail-type": [DETAIL_TYPE],
            "detail": {
                "pipelineArn": [names.pipeline_arn(self.settings)],
                "currentPipelineExecutionStatus": ["Failed"],
            },
        }
        return CloudwatchEventRule(
            self,
            "rule",
            name=names.name(self.settings, "pipeline-failed"),
            description=f"Failed runs of the pipeline {self.settings.pipeline.name}",
            event_pattern=json.dumps(pattern, sort_keys=True),
        )

    def _queue(self, key_arn: str) -> SqsQueue:
        s = self.settings
        rule_arn = names.arn(s, "events", f"rule/{names.name(s, 'pipeline-failed')}")
        return SqsQueue(
            self,
            "undelivered",
            name=names.name(s, "undelivered-alerts"),
            kms_master_key_id=key_arn,
            message_retention_seconds=14 * 24 * 3600,
            # Inline: a policy resource of its own makes Terraform wait another 25 seconds.
            policy=policy_json(self, "undelivered-statements", alerts.undelivered(s, rule_arn)),
        )

    def _target(self, rule: CloudwatchEventRule, queue: SqsQueue, policy: SnsTopicPolicy) -> None:
        CloudwatchEventTarget(
            self,
            "target",
            rule=rule.name,
            target_id="topic",
            arn=self.topic.arn,
            dead_letter_config=CloudwatchEventTargetDeadLetterConfig(arn=queue.arn),
            retry_policy=CloudwatchEventTargetRetryPolicy(maximum_event_age_in_seconds=3600, maximum_retry_attempts=10),
            input_transformer=CloudwatchEventTargetInputTransformer(
                input_paths={
                    "execution": "$.detail.pipelineExecutionArn",
                    "name": "$.detail.pipelineExecutionDisplayName",
                    "pipeline": "$.detail.pipelineArn",
                    "status": "$.detail.currentPipelineExecutionStatus",
                    "time": "$.time",
                },
                input_template=json.dumps(
                    "Pipeline <pipeline>: execution <name> is <status> since <time>. Execution: <execution>"
                ),
            ),
            depends_on=[policy],
        )

    def _alarm(self, rule: CloudwatchEventRule) -> None:
        CloudwatchMetricAlarm(
            self,
            "failed-deliveries",
            alarm_name=names.name(self.settings, "alerts-not-delivered"),
            alarm_description="EventBridge could not deliver an alert of a failed run; see the queue of dead letters",
            namespace="AWS/Events",
            metric_name="FailedInvocations",
            dimensions={"RuleName": rule.name},
            statistic="Sum",
            period=300,
            evaluation_periods=1,
            threshold=0,
            comparison_operator="GreaterThanThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[self.topic.arn],
        )
