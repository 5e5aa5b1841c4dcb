"""What becomes of a grant that a service asks for: the service uses the key by it, from an account of AWS's own.

A grant allows what it names, and a denial in the key's policy beats it: the volume or file system cannot be made.
https://docs.aws.amazon.com/kms/latest/developerguide/grants.html, https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
"""

from __future__ import annotations

from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import get_region
from ministack.services import kms

from sagekeep.local import variants

_SERVICE = f"arn:aws:iam::{variants.AWS_ACCOUNT}:role/a-service-of-aws"
_USES = (
    "kms:DescribeKey",
    "kms:GenerateDataKeyWithoutPlaintext",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "kms:CreateGrant",
)


def stopped(action: str, key: str) -> str:
    """Why a grant that this action has just given would be of no use, in AWS's words; "" where it is of use."""
    record = kms._resolve_key(key) if action == "kms:CreateGrant" else None
    if record is None:
        return ""
    for use in _USES:
        context = evaluator.EvalContext(
            principal_arn=_SERVICE,
            principal_type="AssumedRole",
            principal_account=variants.AWS_ACCOUNT,
            action=use,
            resource_arn=record["Arn"],
            region=get_region(),
            secure_transport=True,
            service_context={"kms:viaservice": f"ec2.{get_region()}.amazonaws.com"},
        )
        if evaluator.evaluate_resource_policy(record["Policy"], context).decision == "Deny":
            return (
                f"The service that was granted the key may not use it: {use} on resource: {record['Arn']} with an "
                "explicit deny in a resource-based policy"
            )
    return ""
