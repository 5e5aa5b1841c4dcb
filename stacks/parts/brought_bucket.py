"""A bucket that is brought: read, never changed."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import Postcondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_s3_bucket import DataAwsS3Bucket
from cdktf_cdktf_provider_aws.data_aws_s3_bucket_policy import DataAwsS3BucketPolicy
from constructs import Construct

from policies.statement import Statement
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.policy import policy_json


class BroughtBucket(Construct):
    """`name` and `arn` of the bucket. What it lacks otherwise says `estate check`, which reads more than plans can."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, purpose: str) -> None:
        super().__init__(scope, id)
        self._key = f"existing.{'data' if purpose == 'data' else 'access_log'}_bucket"
        wrong = f"{self._key}: ${{self.bucket}} is in ${{self.region}}, not in {settings.region}. Bring another."
        self.bucket = DataAwsS3Bucket(
            self,
            "bucket",
            bucket=names.bucket(settings, purpose),
            lifecycle=_must(f'self.region == "{settings.region}"', wrong),
        )
        self.name, self.arn = self.bucket.id, self.bucket.arn

    def require(self, statements: Sequence[Statement], *, naming: Sequence[str]) -> None:
        """Fail the plan where the bucket's policy names none of `naming`, such as the VPC's id.

        A policy may say the same in many ways; that it knows the VPC is what a plan can tell. The error has the
        statements to add, with the ids that only Terraform knows.
        """
        wanted = policy_json(self, "required", statements)
        named = " || ".join(f"strcontains(self.policy, {text})" for text in naming)
        DataAwsS3BucketPolicy(
            self,
            "policy",
            bucket=self.name,
            lifecycle=_must(
                named,
                f"{self._key}: the policy of ${{self.bucket}} does not hold data to this environment's VPC. "
                f"Add these statements to it:\n{wanted}",
            ),
        )


def _must(condition: str, otherwise: str) -> TerraformResourceLifecycle:
    return TerraformResourceLifecycle(
        postcondition=[Postcondition(condition=f"${{{condition}}}", error_message=otherwise)]
    )
