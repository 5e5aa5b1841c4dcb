"""Takes into a state what an interrupted apply made and did not write down: buckets, key aliases and their keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sagekeep import aws
from sagekeep.synthesis import Stack
from sagekeep.terraform import Terraform

_KEY_OF_ALIAS = re.compile(r"aws_kms_key\.(\w+)\.")


def adopt(terraform: Terraform, stack: Stack, region: str, *, known: Collection[str], again: bool) -> list[str]:
    """Imports what exists under the names that the stack declares, but for `known` addresses; returns the imported.

    `again` says that an earlier attempt may have been killed between making a key and naming it: then a key without
    a name is looked for too, by its description and tags.

    Raises:
        TerraformError: an import failed.
        OperationError: a name belongs to another account.
    """
    document, environ = stack.document(), terraform.environ
    found = dict(_named(document.get("resource", {}), region, environ))
    if again:
        missing = [name for name in document.get("resource", {}).get("aws_kms_key", {}) if _key(name) not in found]
        found |= _nameless(document, [name for name in missing if _key(name) not in known], region, environ)
    adopted = [address for address in found if address not in known]
    for address in adopted:
        code, report = terraform.run(stack, "import", "-input=false", "-no-color", address, found[address])
        if code:
            raise terraform.explain(stack, report, code)
    return adopted


def _key(name: str) -> str:
    return f"aws_kms_key.{name}"


def _named(
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
            yield _key(key.group(1)), target.id
        yield f"aws_kms_alias.{name}", body["name"]


def _nameless(
    document: Mapping[str, Any], names: Collection[str], region: str, environ: Mapping[str, str]
) -> dict[str, str]:
    defaults = document["provider"]["aws"][0].get("default_tags", [{}])[0].get("tags", {})
    found = {}
    for name in names:
        body = document["resource"]["aws_kms_key"][name]
        tags = {**defaults, **body.get("tags", {})}
        key = aws.nameless_key(body["description"], tags, region, environ) if tags else None
        if key:
            found[_key(name)] = key
    return found
