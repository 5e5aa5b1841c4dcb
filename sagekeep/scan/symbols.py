"""Terraform expressions in policies, replaced by values of the same shape: scanners read ARNs, not references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_EXPRESSION = re.compile(r"(?<!\$)\$\{([^{}]+)\}")
_OUTPUT = re.compile(r"data\.terraform_remote_state\.(\w+)\.outputs\.(\w+)$")
_ATTRIBUTE = re.compile(r"(?:data\.)?([a-z0-9_]+)\.(\w+)\.(\w+)$")

# The part of an ARN after the account, by resource type: `id` is what AWS chooses.
_ARNS = {
    "aws_kms_key": ("kms", "key/00000000-0000-0000-0000-000000000000"),
    "aws_sagemaker_domain": ("sagemaker", "domain/d-0000000000000"),
    "aws_vpc_endpoint": ("ec2", "vpc-endpoint/vpce-00000000000000000"),
}
_IDS = {
    "aws_vpc": "vpc-00000000000000000",
    "aws_subnet": "subnet-00000000000000000",
    "aws_security_group": "sg-00000000000000000",
    "aws_vpc_endpoint": "vpce-00000000000000000",
    "aws_kms_key": "00000000-0000-0000-0000-000000000000",
    "aws_sagemaker_domain": "d-0000000000000",
}


@dataclass(frozen=True)
class Symbols:
    """Stand-ins for what AWS chooses.

    Attributes:
        documents: each stack's Terraform JSON; outputs are followed from one to another.
    """

    documents: Mapping[str, Mapping[str, Any]]
    partition: str = "aws"
    region: str = "us-east-1"
    account_id: str = "123456789012"

    def render(self, text: str) -> str:
        """The text as IAM would read it: expressions replaced, Terraform's escapes of policy variables undone."""
        known = _EXPRESSION.sub(lambda match: self._value(match.group(1)), text)
        return known.replace("$${", "${").replace("&{", "${")

    def _value(self, expression: str) -> str:
        if output := _OUTPUT.match(expression):
            outputs = self.documents.get(output.group(1), {}).get("output", {})
            value = outputs.get(output.group(2), {}).get("value", "")
            return self.render(value) if isinstance(value, str) and value else f"symbol-{output.group(2)}"
        if attribute := _ATTRIBUTE.match(expression):
            return self._attribute(attribute.group(1), attribute.group(2), attribute.group(3))
        return "symbol-" + re.sub(r"\W+", "-", expression).strip("-")

    def _attribute(self, kind: str, name: str, attribute: str) -> str:
        if attribute == "arn":
            service, rest = _ARNS.get(kind, (kind.split("_")[1], name))
            return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{rest}"
        return _IDS.get(kind, f"symbol-{name}")
