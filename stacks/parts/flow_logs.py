"""Flow logs of the VPC, encrypted and kept (control N3)."""

from __future__ import annotations

from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from cdktf_cdktf_provider_aws.flow_log import FlowLog
from constructs import Construct

from policies import roles
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.policy import ScopedRole


class FlowLogs(Construct):
    """All traffic of the VPC, accepted and rejected, in a log group of its own."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, vpc_id: str, key_arn: str) -> None:
        super().__init__(scope, id)
        group = CloudwatchLogGroup(
            self,
            "group",
            name=names.flow_log_group(settings),
            kms_key_id=key_arn,
            retention_in_days=settings.log_retention_days,
        )
        role = ScopedRole(
            self,
            "access",
            settings=settings,
            purpose="flow-logs",
            trust=roles.trust(settings, "vpc-flow-logs.amazonaws.com"),
            description="Writes the VPC's flow logs",
        )
        policy = role.attach(roles.flow_logs(settings))
        FlowLog(
            self,
            "log",
            vpc_id=vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            tags={"Name": names.name(settings, "flow-logs")},
            depends_on=policy,
        )
