"""From an event to a topic: rule, target, dead letters, and an alarm for what does not arrive."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.cloudwatch_event_rule import CloudwatchEventRule
from cdktf_cdktf_provider_aws.cloudwatch_event_target import (
    CloudwatchEventTarget,
    CloudwatchEventTargetDeadLetterConfig,
    CloudwatchEventTargetInputTransformer,
    CloudwatchEventTargetRetryPolicy,
)
from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from cdktf_cdktf_provider_aws.sqs_queue import SqsQueue
from constructs import Construct

from policies.statement import Statement
from stacks.parts.alert_rules import AlertRule
from stacks.parts.policy import policy_json

TWO_WEEKS = 14 * 24 * 3600  # seconds, the longest that SQS keeps a message


def event_rule(scope: Construct, id: str, rule: AlertRule) -> CloudwatchEventRule:
    """The rule on the default bus."""
    return CloudwatchEventRule(
        scope,
        id,
        name=rule.name,
        description=rule.description,
        event_pattern=json.dumps(rule.pattern, sort_keys=True, separators=(",", ":")),
        state=rule.state or None,
    )


def route(
    scope: Construct,
    kind: str,
    rule: AlertRule,
    *,
    topic_arn: str,
    undelivered: SqsQueue,
    after: Sequence[ITerraformDependable],
) -> None:
    """Let the topic hear of what the rule matches; `after`: the policy that lets EventBridge publish."""
    made = event_rule(scope, f"{kind}-rule", rule)
    CloudwatchEventTarget(
        scope,
        f"{kind}-target",
        rule=made.name,
        target_id="topic",
        arn=topic_arn,
        dead_letter_config=CloudwatchEventTargetDeadLetterConfig(arn=undelivered.arn),
        retry_policy=CloudwatchEventTargetRetryPolicy(maximum_event_age_in_seconds=3600, maximum_retry_attempts=10),
        input_transformer=CloudwatchEventTargetInputTransformer(
            input_paths=dict(rule.reads), input_template=rule.template
        ),
        depends_on=list(after),
    )
    not_delivered(scope, f"{kind}-alarm", rule, made, topic_arn)


def not_delivered(
    scope: Construct, id: str, rule: AlertRule, made: CloudwatchEventRule, topic_arn: str
) -> CloudwatchMetricAlarm:
    """An alarm for events that the rule matched and that reached nobody."""
    return CloudwatchMetricAlarm(
        scope,
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
        alarm_actions=[topic_arn],
    )


def queue(scope: Construct, id: str, *, name: str, key_arn: str, statements: Sequence[Statement]) -> SqsQueue:
    """A queue of alerts or of dead letters, under our key (control E4)."""
    return SqsQueue(
        scope,
        id,
        name=name,
        kms_master_key_id=key_arn,
        message_retention_seconds=TWO_WEEKS,
        # Inline: a policy resource of its own makes Terraform wait another 25 seconds.
        policy=policy_json(scope, f"{id}-statements", statements),
    )
