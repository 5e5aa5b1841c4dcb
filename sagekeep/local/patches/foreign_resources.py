"""The policy of a thing of another account: ministack looks for it in the caller's, for keys, functions and images.

Both accounts must allow then (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html).
What does not exist here belongs to somebody else's account, and is its owner's to protect.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region, request_scope


def apply() -> None:
    """Look in the account that the ARN names."""
    plain = iam_evaluator._resource_policy

    def policy(service: str, resource_arn: str) -> Any:
        account = iam_evaluator._account_from_arn(resource_arn)
        if account is None or account == get_account_id():
            return plain(service, resource_arn)
        with request_scope(account, get_region()):
            return plain(service, resource_arn)

    iam_evaluator._resource_policy = policy
