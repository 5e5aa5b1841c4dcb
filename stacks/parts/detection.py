"""Changes reach people at once; denied calls, of which a few are noise, are kept and counted."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.cloudwatch_event_target import CloudwatchEventTarget
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.cloudwatch_log_metric_filter import (
    CloudwatchLogMetricFilter,
    CloudwatchLogMetricFilterMetricTransformation,
)
from cdktf_cdktf_provider_aws.cloudwatch_log_resource_policy import CloudwatchLogResourcePolicy
from cdktf_cdktf_provider_aws.cloudwatch_metric_alarm import CloudwatchMetricAlarm
from cdktf_cdktf_provider_aws.sns_topic import SnsTopic
from cdktf_cdktf_provider_aws.sns_topic_policy import SnsTopicPolicy
from cdktf_cdktf_provider_aws.sns_topic_subscription import SnsTopicSubscription
from constructs import Construct

from policies import alerts, detection
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.alert_routes import event_rule, not_delivered, queue, route
from stacks.parts.alert_rules import AlertRule
from stacks.parts.detection_rules import change, denied_call, root_use
from stacks.parts.detection_table import Ours, watches
from stacks.parts.policy import policy_json

UNDELIVERED = "undelivered-security-alerts"
METRIC = "DeniedCalls"
FIVE_MINUTES = 300  # seconds


class SecurityAlerts(Construct):
    """The topic hears of every change that a row of the table describes, and of root (controls E1, E2, E3 and E4)."""

    def __init__(self, scope: Construct, id: str, *, ours: Ours, key_arn: str) -> None:
        super().__init__(scope, id)
        s = ours.settings
        topic = SnsTopic(self, "topic", name=names.name(s, "security-alerts"), kms_master_key_id=key_arn)
        self.topic_arn = str(topic.arn)
        policy = SnsTopicPolicy(
            self,
            "topic-policy",
            arn=self.topic_arn,
            policy=policy_json(
                self,
                "topic-statements",
                alerts.topic(s, names.security_topic_arn(s), s.detection.emails or s.alerts.emails),
            ),
        )
        rules = {watch.name: change(ours, watch) for watch in watches(s)} | {"root-use": root_use(ours)}
        arns = [names.arn(s, "events", f"rule/{rule.name}") for rule in rules.values()]
        undelivered = queue(
            self,
            "undelivered",
            name=names.name(s, UNDELIVERED),
            key_arn=key_arn,
            statements=alerts.undelivered(s, arns, UNDELIVERED),
        )
        for name, rule in rules.items():
            route(self, name, rule, topic_arn=self.topic_arn, undelivered=undelivered, after=[policy])
        for at, email in enumerate(s.detection.emails or s.alerts.emails):
            SnsTopicSubscription(self, f"email-{at + 1}", topic_arn=self.topic_arn, protocol="email", endpoint=email)


class DeniedCalls(Construct):
    """A log group of denied calls, and an alarm on how many there are in five minutes.

    The alarm counts log events: EventBridge's own metrics are best effort (user guide, monitoring).
    """

    def __init__(self, scope: Construct, id: str, *, ours: Ours, key_arn: str, topic_arn: str) -> None:
        super().__init__(scope, id)
        s, rule = ours.settings, denied_call(ours)
        group = CloudwatchLogGroup(
            self,
            "group",
            name=names.denied_calls_group(s),
            kms_key_id=key_arn,
            retention_in_days=s.log_retention_days,
        )
        self._write(s, rule, group, topic_arn)
        metric = CloudwatchLogMetricFilter(
            self,
            "metric",
            name=METRIC,
            log_group_name=group.name,
            pattern="",  # every event: the rule has chosen them
            metric_transformation=CloudwatchLogMetricFilterMetricTransformation(
                name=METRIC, namespace=names.stem(s), value="1", unit="Count"
            ),
        )
        CloudwatchMetricAlarm(
            self,
            "alarm",
            alarm_name=names.name(s, "denied-calls"),
            alarm_description=(
                f"{s.detection.denied_calls} or more calls were denied within five minutes to roles of the "
                f"environment {s.environment}, or about its keys and buckets: see the log group {group.name}"
            ),
            namespace=names.stem(s),
            metric_name=METRIC,
            statistic="Sum",
            period=FIVE_MINUTES,
            evaluation_periods=1,
            threshold=s.detection.denied_calls,
            comparison_operator="GreaterThanOrEqualToThreshold",
            treat_missing_data="notBreaching",
            alarm_actions=[topic_arn],
            depends_on=[metric],
        )

    def _write(self, s: Settings, rule: AlertRule, group: CloudwatchLogGroup, topic_arn: str) -> None:
        """From the event to the log group; there is no dead-letter queue where everything is already kept apart."""
        made = event_rule(self, "rule", rule)
        statements = detection.denied_calls_group(s, names.arn(s, "events", f"rule/{rule.name}"))
        policy = CloudwatchLogResourcePolicy(
            self,
            "policy",
            policy_name=names.name(s, "denied-calls"),
            policy_document=policy_json(self, "statements", statements),
        )
        CloudwatchEventTarget(self, "target", rule=made.name, target_id="log", arn=group.arn, depends_on=[policy])
        not_delivered(self, "not-delivered", rule, made, topic_arn)
