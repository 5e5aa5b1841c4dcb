"""A bucket that meets the promises of the control matrix: S1 to S7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cdktf import Precondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.s3_bucket import S3Bucket
from cdktf_cdktf_provider_aws.s3_bucket_lifecycle_configuration import (
    S3BucketLifecycleConfiguration,
    S3BucketLifecycleConfigurationRule,
    S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload,
    S3BucketLifecycleConfigurationRuleExpiration,
    S3BucketLifecycleConfigurationRuleFilter,
    S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration,
)
from cdktf_cdktf_provider_aws.s3_bucket_logging import S3BucketLoggingA
from cdktf_cdktf_provider_aws.s3_bucket_object_lock_configuration import (
    S3BucketObjectLockConfigurationA,
    S3BucketObjectLockConfigurationRuleA,
    S3BucketObjectLockConfigurationRuleDefaultRetentionA,
)
from cdktf_cdktf_provider_aws.s3_bucket_ownership_controls import (
    S3BucketOwnershipControls,
    S3BucketOwnershipControlsRule,
)
from cdktf_cdktf_provider_aws.s3_bucket_policy import S3BucketPolicy
from cdktf_cdktf_provider_aws.s3_bucket_public_access_block import S3BucketPublicAccessBlock
from cdktf_cdktf_provider_aws.s3_bucket_server_side_encryption_configuration import (
    S3BucketServerSideEncryptionConfigurationA,
    S3BucketServerSideEncryptionConfigurationRuleA,
    S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA,
)
from cdktf_cdktf_provider_aws.s3_bucket_versioning import (
    S3BucketVersioningA,
    S3BucketVersioningVersioningConfiguration,
)
from constructs import Construct

from policies.statement import Statement
from sagekeep.settings import Settings
from stacks.parts.policy import policy_json


@dataclass(frozen=True)
class Keep:
    """How long objects live, in days; 0: for ever. Old versions and unfinished uploads always go."""

    current: int = 0
    noncurrent: int = 90
    unfinished: int = 7


@dataclass(frozen=True)
class BucketOptions:
    """What differs between buckets. An empty `key_arn` is SSE-S3, the only encryption that log delivery allows.

    `locked_days`: days that object lock keeps every version, in governance mode; 0: no object lock.
    """

    name: str
    key_arn: str = ""
    keep: Keep = field(default_factory=Keep)
    locked_days: int = 0
    checks: tuple[Precondition, ...] = ()


class SealedBucket(Construct):
    """Private, versioned, encrypted, owned by the bucket's owner, logged to `logs`, and closed by a policy."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        options: BucketOptions,
        statements: Sequence[Statement],
        logs: str = "",
    ) -> None:
        super().__init__(scope, id)
        self.options = options
        self.bucket = S3Bucket(
            self,
            "bucket",
            bucket=options.name,
            force_destroy=not settings.protected,
            lifecycle=TerraformResourceLifecycle(prevent_destroy=settings.protected),
        )
        self.name, self.arn = self.bucket.id, self.bucket.arn
        block = self._close()
        self._encrypt()
        self._version()
        if logs:
            S3BucketLoggingA(self, "logging", bucket=self.name, target_bucket=logs, target_prefix=f"{options.name}/")
        self.policy = S3BucketPolicy(
            self,
            "policy",
            bucket=self.name,
            policy=policy_json(self, "statements", statements),
            depends_on=[block],
            lifecycle=TerraformResourceLifecycle(precondition=list(options.checks)) if options.checks else None,
        )

    def _close(self) -> S3BucketPublicAccessBlock:
        ownership = S3BucketOwnershipControls(
            self,
            "ownership",
            bucket=self.name,
            rule=S3BucketOwnershipControlsRule(object_ownership="BucketOwnerEnforced"),
        )
        return S3BucketPublicAccessBlock(
            self,
            "public-access",
            bucket=self.name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            depends_on=[ownership],  # S3 refuses two changes of one bucket's configuration at once
        )

    def _encrypt(self) -> None:
        default = S3BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultA(
            sse_algorithm="aws:kms" if self.options.key_arn else "AES256",
            kms_master_key_id=self.options.key_arn or None,
        )
        S3BucketServerSideEncryptionConfigurationA(
            self,
            "encryption",
            bucket=self.name,
            rule=[
                S3BucketServerSideEncryptionConfigurationRuleA(
                    apply_server_side_encryption_by_default=default, bucket_key_enabled=bool(self.options.key_arn)
                )
            ],
        )

    def _version(self) -> None:
        keep = self.options.keep
        versioning = S3BucketVersioningA(
            self,
            "versioning",
            bucket=self.name,
            versioning_configuration=S3BucketVersioningVersioningConfiguration(status="Enabled"),
        )
        if self.options.locked_days:
            self._lock(versioning)
        S3BucketLifecycleConfiguration(
            self,
            "lifecycle",
            bucket=self.name,
            depends_on=[versioning],
            rule=[
                S3BucketLifecycleConfigurationRule(
                    id="expire",
                    status="Enabled",
                    filter=[S3BucketLifecycleConfigurationRuleFilter(prefix="")],
                    expiration=[S3BucketLifecycleConfigurationRuleExpiration(days=keep.current)]
                    if keep.current
                    else None,
                    noncurrent_version_expiration=[
                        S3BucketLifecycleConfigurationRuleNoncurrentVersionExpiration(noncurrent_days=keep.noncurrent)
                    ],
                    abort_incomplete_multipart_upload=[
                        S3BucketLifecycleConfigurationRuleAbortIncompleteMultipartUpload(
                            days_after_initiation=keep.unfinished
                        )
                    ],
                )
            ],
        )

    def _lock(self, versioning: S3BucketVersioningA) -> None:
        """Object lock, which needs versioning. Who may bypass governance mode stands in IAM: nobody of ours."""
        S3BucketObjectLockConfigurationA(
            self,
            "object-lock",
            bucket=self.name,
            rule=S3BucketObjectLockConfigurationRuleA(
                default_retention=S3BucketObjectLockConfigurationRuleDefaultRetentionA(
                    mode="GOVERNANCE", days=self.options.locked_days
                )
            ),
            depends_on=[versioning],
        )
