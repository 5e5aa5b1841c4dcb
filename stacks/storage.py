"""The data bucket and the bucket of its access logs."""

from __future__ import annotations

from constructs import Construct

from policies import buckets
from sagekeep import names
from sagekeep.settings import Settings
from stacks.base import EstateStack
from stacks.keys import KeysStack
from stacks.network import NetworkStack
from stacks.parts.lockout import LockoutCheck
from stacks.parts.sealed_bucket import BucketOptions, Keep, SealedBucket

PREFIXES = ("raw", "processed", "models", "code", "evaluation")


class StorageStack(EstateStack):
    """Data under our key, reachable from the VPC only (controls S1 to S7, N9)."""

    NAME = "storage"

    def __init__(self, scope: Construct, settings: Settings, *, keys: KeysStack, network: NetworkStack) -> None:
        super().__init__(scope, settings, reads=[keys, network])
        arn, logs_arn = names.bucket_arn(settings, "data"), names.bucket_arn(settings, "access-logs")
        key_arn = self.read(KeysStack).text("data_key_arn")
        around = buckets.perimeter_of(settings, self.read(NetworkStack).text("vpc_id"))
        logs = SealedBucket(
            self,
            "access-logs",
            settings=settings,
            options=BucketOptions(
                names.bucket(settings, "access-logs"), keep=Keep(current=settings.log_retention_days)
            ),
            statements=[
                *buckets.closed(settings, logs_arn),
                buckets.untouched_logs(logs_arn),
                buckets.log_delivery(settings, logs_arn, [arn]),
            ],
        )
        lockout = LockoutCheck(self, "deployer", exempt=(*around.writers, *settings.deploy.plan_roles))
        data = SealedBucket(
            self,
            "data",
            settings=settings,
            options=BucketOptions(
                names.bucket(settings, "data"),
                key_arn,
                locked_days=settings.storage.object_lock_days,
                checks=lockout.preconditions,
            ),
            statements=[
                *buckets.closed(settings, arn),
                *buckets.our_key_only(arn, key_arn),
                *buckets.perimeter(arn, around),
                *buckets.users_places(settings, arn),
            ],
            logs=logs,
        )
        self.output("data_bucket", data.name, "Data bucket: raw/, processed/, models/, code/, evaluation/")
        self.output("data_bucket_arn", data.bucket.arn, "ARN of the data bucket")
        self.output("access_log_bucket", logs.name, "Bucket of the data bucket's access logs")
        for prefix in PREFIXES:
            self.output(f"{prefix}_uri", f"s3://{data.name}/{prefix}/", f"Where {prefix} objects lie")
