"""The data bucket and the bucket of its access logs; either may be brought."""

from __future__ import annotations

from constructs import Construct

from policies import buckets
from policies.buckets import Perimeter
from sagekeep import names
from sagekeep.settings import Settings
from stacks.base import EstateStack
from stacks.keys import KeysStack
from stacks.network import NetworkStack
from stacks.parts.brought import known
from stacks.parts.brought_bucket import BroughtBucket
from stacks.parts.lockout import LockoutCheck
from stacks.parts.sealed_bucket import BucketOptions, Keep, SealedBucket

PREFIXES = ("raw", "processed", "models", "code", "evaluation")


class StorageStack(EstateStack):
    """Data under our key, reachable from the VPC only (controls S1 to S7, N9)."""

    NAME = "storage"

    def __init__(self, scope: Construct, settings: Settings, *, keys: KeysStack, network: NetworkStack) -> None:
        super().__init__(scope, settings, reads=[keys, network])
        s = self.settings = known(self, settings, "data_bucket", "access_log_bucket", "roles.pipeline")
        around = buckets.perimeter_of(s, self.read(NetworkStack).text("vpc_id"))
        logs = self._logs()
        data = self._brought_data(around) if s.existing.data_bucket else self._data(around, logs)
        self.output("data_bucket", data.name, "Data bucket: raw/, processed/, models/, code/, evaluation/")
        self.output("data_bucket_arn", data.arn, "ARN of the data bucket")
        self.output("access_log_bucket", logs.name if logs else "", "Bucket of the data bucket's access logs")
        for prefix in PREFIXES:
            self.output(f"{prefix}_uri", f"s3://{data.name}/{prefix}/", f"Where {prefix} objects lie")

    def _logs(self) -> SealedBucket | BroughtBucket | None:
        """None where the data bucket alone is brought: its owner says where its access logs go."""
        s = self.settings
        arn, logs_arn = names.bucket_arn(s, "data"), names.bucket_arn(s, "access-logs")
        if s.existing.access_log_bucket:
            return BroughtBucket(self, "access-logs", settings=s, purpose="access-logs")
        if s.existing.data_bucket:
            return None
        return SealedBucket(
            self,
            "access-logs",
            settings=s,
            options=BucketOptions(names.bucket(s, "access-logs"), keep=Keep(current=s.log_retention_days)),
            statements=[
                *buckets.closed(s, logs_arn),
                buckets.untouched_logs(logs_arn),
                buckets.log_delivery(s, logs_arn, [arn]),
            ],
        )

    def _data(self, around: Perimeter, logs: SealedBucket | BroughtBucket | None) -> SealedBucket:
        s = self.settings
        arn, key_arn = names.bucket_arn(s, "data"), self.read(KeysStack).text("data_key_arn")
        lockout = LockoutCheck(self, "deployer", exempt=(*around.writers, *s.deploy.plan_roles))
        return SealedBucket(
            self,
            "data",
            settings=s,
            options=BucketOptions(
                names.bucket(s, "data"),
                key_arn,
                locked_days=s.storage.object_lock_days,
                checks=lockout.preconditions,
            ),
            statements=[
                *buckets.closed(s, arn),
                *buckets.our_key_only(arn, key_arn),
                *buckets.perimeter(arn, around),
                *buckets.users_places(s, arn),
            ],
            logs=logs.name if logs else "",
        )

    def _brought_data(self, around: Perimeter) -> BroughtBucket:
        """The plan fails where the bucket's policy does not hold data to our VPC, with the statements to add."""
        data = BroughtBucket(self, "data", settings=self.settings, purpose="data")
        if self.settings.network.sealed:
            ways = (around.vpc_id, self.read(NetworkStack).text("s3_endpoint_id"))
            data.require(buckets.perimeter(data.arn, around), naming=ways)
        return data
