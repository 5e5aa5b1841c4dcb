"""A key that is brought: read, never changed."""

from __future__ import annotations

from cdktf import Postcondition, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.data_aws_kms_key import DataAwsKmsKey
from constructs import Construct

from sagekeep.settings import Settings
from sagekeep.settings_existing import KEY, Reference
from stacks.parts.existing import Source, resolve

# What a plan can know of a key: condition of Terraform, and what is wrong where it does not hold.
RULES = (
    ('self.key_state == "Enabled"', "is ${self.key_state}: nothing could be encrypted or read with it. Enable it"),
    (
        'self.key_usage == "ENCRYPT_DECRYPT" && self.customer_master_key_spec == "SYMMETRIC_DEFAULT"',
        "is no symmetric key for encryption, which S3, EBS, EFS, SNS and Lambda ask for. Bring another",
    ),
    ('self.key_manager == "CUSTOMER"', "is managed by AWS, so that its policy cannot be written. Bring another"),
)


class BroughtKey(Construct):
    """`arn` is the key's; the plan fails where the key cannot serve. What its policy lacks says `estate check`."""

    def __init__(self, scope: Construct, id: str, *, settings: Settings, key: str, reference: Reference) -> None:
        super().__init__(scope, id)
        found = resolve(self, "existing", reference, Source(key, KEY))
        where = f'split(":", self.arn)[3] == "{settings.region}" && split(":", self.arn)[4] == "{settings.account_id}"'
        rules = (*RULES, (where, f"is not of the account {settings.account_id} in {settings.region}. Bring another"))
        self.key = DataAwsKmsKey(
            self,
            "key",
            key_id=found,
            lifecycle=TerraformResourceLifecycle(
                postcondition=[
                    Postcondition(condition=f"${{{condition}}}", error_message=f"{key}: ${{self.arn}} {wrong}.")
                    for condition, wrong in rules
                ]
            ),
        )
        self.arn = self.key.arn
