"""Takes into a state what an interrupted apply made and did not write down: buckets, key aliases and their keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sagekeep import aws
from sagekeep.synthesis import Stack
from sagekeep.terraform import Terraform

_KEY_OF_ALIAS = re.compile(r"aws_kms_key\.(\w+)\.")


def adopt(terraform: Terraform, stack: Stack, region: str, *, known: Collection[str]) -> list[str]:
    """Imports what exists under the names that the stack declares, but for `known` addresses; returns the imported.

    Raises:
        TerraformError: an import failed.
        OperationError: a name belongs to another account.
    """
    adopted = []
    for address, identifier in _existing(stack.document().get("resource", {}), region, terraform.environ):
        if address in known:
            continue
        code, report = terraform.run(stack, "import", "-input=false", "-no-color", address, identifier)
        if code:
            raise terraform.explain(stack, report)
        adopted.append(address)
    return adopted


def _existing(
    resources: Mapping[str, Mapping[str, Any]], region: str, environ: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    for name, body in resources.get("aws_s3_bucket", {}).items():
        if aws.bucket_exists(body["bucket"], region, environ):
            yield f"aws_s3_bucket.{name}", body["bucket"]
    for name, body in resources.get("aws_kms_alias", {}).items():
        target = aws.key_behind(body["name"], region, environ)
        key = _KEY_OF_ALIAS.search(body.get("target_key_id", ""))
        if target is None:
            continue
        if target.usable and key:
            yield f"aws_kms_key.{key.group(1)}", target.id
        yield f"aws_kms_alias.{name}", body["name"]
