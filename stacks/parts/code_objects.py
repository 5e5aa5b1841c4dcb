"""The scripts that run in SageMaker's containers, uploaded under a path that their contents name."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from cdktf import ITerraformDependable, TerraformResourceLifecycle
from cdktf_cdktf_provider_aws.s3_object import S3Object
from constructs import Construct

from stacks.base import EstateStack
from stacks.parts.archive import files_of, tree_hash

LOCK = ["object_lock_mode", "object_lock_retain_until_date"]
ML_SRC = Path(__file__).parents[2] / "ml_src"


class CodeObjects(Construct):
    """Objects below `code/<content hash>/`.

    Step caching compares URIs, not contents, so other contents need another path; going back to older scripts gives
    their old path again. `locked`: whether the bucket has object lock, which these copies of files need not.
    """

    def __init__(
        self, scope: Construct, id: str, *, bucket: str, key_arn: str, locked: bool = False, folder: Path = ML_SRC
    ) -> None:
        super().__init__(scope, id)
        self.prefix = f"code/{tree_hash(folder)}"
        files = cast("EstateStack", EstateStack.of(self)).files
        self.objects: list[ITerraformDependable] = []
        for name, content in files_of(folder):
            if "/" not in name:
                continue  # the folder's own README
            asset = f"assets/{self.prefix}/{name}"
            files[asset] = content
            identifier = name.replace("/", "-").replace(".", "-")
            self.objects.append(
                S3Object(
                    self,
                    identifier,
                    bucket=bucket,
                    key=f"{self.prefix}/{name}",
                    source=asset,
                    kms_key_id=key_arn,
                    server_side_encryption="aws:kms",
                    # Bypasses governance mode when they go; the bucket's retention would otherwise be a difference.
                    force_destroy=True if locked else None,
                    # The pipeline is pointed at the new scripts before the old ones go.
                    lifecycle=TerraformResourceLifecycle(
                        create_before_destroy=True, ignore_changes=LOCK if locked else None
                    ),
                )
            )
