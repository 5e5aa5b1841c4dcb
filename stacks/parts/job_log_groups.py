"""Log groups of jobs and of the endpoint: SageMaker would make them without a key, to be kept for ever (control E5)."""

from __future__ import annotations

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_aws.cloudwatch_log_group import CloudwatchLogGroup
from constructs import Construct

from policies import job_logs
from sagekeep.settings import Settings


class JobLogGroups(Construct):
    """`groups` are what the pipeline must wait for: its role makes none, and they go after what writes to them."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, key_arn: str) -> None:
        super().__init__(scope, id)
        named = {"endpoint": job_logs.endpoint_group(settings), **job_logs.own_job_groups(settings)}
        self.groups: list[ITerraformDependable] = [
            CloudwatchLogGroup(self, kind, name=name, kms_key_id=key_arn, retention_in_days=settings.log_retention_days)
            for kind, name in named.items()
        ]
