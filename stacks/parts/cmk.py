"""A customer-managed key with a written policy."""

from __future__ import annotations

from collections.abc import Sequence

from cdktf import TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.kms_alias import KmsAlias
from cdktf_cdktf_provider_aws.kms_key import KmsKey
from constructs import Construct

from policies.statement import Statement
from sagekeep import names
from sagekeep.settings import Settings
from stacks.parts.policy import policy_json


class Cmk(Construct):
    """A key that rotates yearly and waits 30 days before it is gone (controls K1, K2, K4), under an alias."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        purpose: str,
        description: str,
        statements: Sequence[Statement],
    ) -> None:
        super().__init__(scope, id)
        self.key = KmsKey(
            self,
            "key",
            description=description,
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=policy_json(self, "policy", statements),
            lifecycle=TerraformResourceLifecycle(prevent_destroy=settings.protected),
        )
        KmsAlias(self, "alias", name=names.key_alias(settings, purpose), target_key_id=self.key.key_id)
        self.arn = self.key.arn
