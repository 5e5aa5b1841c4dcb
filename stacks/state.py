"""Where Terraform keeps the state of all stacks, this one's included."""

from __future__ import annotations

from constructs import Construct

from policies import buckets, keys
from sagekeep import names
from sagekeep.settings import Settings
from stacks.base import EstateStack
from stacks.parts.brought_key import BroughtKey
from stacks.parts.cmk import Cmk
from stacks.parts.lockout import LockoutCheck
from stacks.parts.sealed_bucket import BucketOptions, Keep, SealedBucket


class StateStack(EstateStack):
    """The state bucket with its own key and its own log bucket (control S8)."""

    NAME = "state"

    def __init__(self, scope: Construct, settings: Settings) -> None:
        super().__init__(scope, settings)
        brought = names.brought_key(settings, "state")
        arn, logs_arn = names.bucket_arn(settings, "state"), names.bucket_arn(settings, "state-logs")
        key = (
            BroughtKey(self, "state", settings=settings, key="existing.keys.state", reference=brought)
            if brought
            else Cmk(
                self,
                "state",
                settings=settings,
                purpose="state",
                description="Terraform state",
                statements=keys.state_key(settings),
            )
        )
        logs = SealedBucket(
            self,
            "log-bucket",
            settings=settings,
            options=BucketOptions(names.bucket(settings, "state-logs"), keep=Keep(current=settings.log_retention_days)),
            statements=[
                *buckets.closed(settings, logs_arn),
                buckets.untouched_logs(logs_arn),
                buckets.log_delivery(settings, logs_arn, [arn]),
            ],
        )
        lockout = LockoutCheck(self, "deployer", exempt=(*settings.deploy.roles, *settings.deploy.plan_roles))
        bucket = SealedBucket(
            self,
            "state-bucket",
            settings=settings,
            options=BucketOptions(
                names.bucket(settings, "state"), key.arn, Keep(noncurrent=365), checks=lockout.preconditions
            ),
            statements=[
                *buckets.closed(settings, arn),
                # Backends name the key by its alias: its ARN is unknown when they are written.
                *buckets.our_key_only(arn, key.arn, *([] if brought else [names.key_alias(settings, "state")])),
                *buckets.state_perimeter(settings, arn),
            ],
            logs=logs.name,
        )
        self.output("state_bucket", bucket.name, "Bucket of the Terraform state of all stacks")
        self.output("state_key_arn", key.arn, "Key that encrypts the Terraform state")
