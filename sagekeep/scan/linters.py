"""parliament and cloudsplaining over every policy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sagekeep.errors import OperationError
from sagekeep.scan.documents import Kind, Policy
from sagekeep.scan.environment import INSIDE, Scanners
from sagekeep.scan.findings import Finding

# What each tool reads. cloudsplaining judges what an identity may do; in a resource policy `*` is the resource itself.
READS: dict[str, tuple[Kind, ...]] = {
    "parliament": ("identity", "trust", "endpoint", "resource"),
    "cloudsplaining": ("identity",),
}
# RESOURCE_STAR means "name the resources": a resource policy has one, and an endpoint's names accounts instead.
_NOT_ASKED: dict[Kind, tuple[str, ...]] = {"resource": ("RESOURCE_STAR",), "endpoint": ("RESOURCE_STAR",)}
# Documented keys that parliament 1.6.4 does not know (IAM User Guide, "AWS global condition context keys"; the last
# one: Lambda Developer Guide, "Working with Lambda execution environment credentials").
_KNOWN_KEYS = (
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceVpcArn",
    "aws:ViaAWSService",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:VpceOrgPaths",
    "lambda:SourceFunctionArn",
)

_FEW = 4  # a statement with `s3:*` has over a hundred faults of one name


def lint(scanners: Scanners, tool: str, policies: Sequence[Policy]) -> list[Finding]:
    """What `parliament` or `cloudsplaining` finds, named `<tool>:<fault>`.

    Raises:
        OperationError: the tool failed, or did not answer for every policy.
    """
    read = [policy for policy in policies if policy.kind in READS[tool]]
    asked = json.dumps([_as_read(policy) for policy in read])
    script = str(INSIDE / "lint_policies.py")
    answers = json.loads(scanners.run("python", ["-I", script, tool], stdin=asked))
    if len(answers) != len(read):
        raise OperationError(f"{tool} read {len(answers)} of {len(read)} policies")
    return [
        Finding(f"{tool}:{fault['id']}", policy.stack, policy.address, fault["statement"], detail=said)
        for policy, faults in zip(read, answers, strict=True)
        for fault in faults
        if (said := _said(fault)) and fault["id"] not in _NOT_ASKED.get(policy.kind, ())
    ]


def _said(fault: Mapping[str, Any]) -> str:
    """The tool's words, without keys that it ought to know; "" where nothing is left."""
    unknown = tuple(f"Unknown condition {key} for " for key in _KNOWN_KEYS)
    told = [detail for detail in fault["details"] if not detail.startswith(unknown)]
    more = [f"and {len(told) - _FEW} more"] if len(told) > _FEW else []
    return "; ".join([*told[:_FEW], *more])


def _as_read(policy: Policy) -> dict[str, Any]:
    """A trust policy has no resources, and parliament wants some: any role's ARN."""
    if policy.kind != "trust":
        return dict(policy.document)
    role = {"Resource": ["arn:aws:iam::123456789012:role/trusted"]}
    return {**policy.document, "Statement": [{**statement, **role} for statement in policy.statements]}
