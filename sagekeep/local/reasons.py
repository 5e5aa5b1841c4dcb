"""Why IAM denies, in AWS's words.

https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_evaluator as evaluator


def reason(verdict: Any, service: str, context: Any) -> str:
    """What follows "not authorized to perform ... on resource ..."; `context` is what was evaluated."""
    if verdict.decision == "Deny":
        kind = "a resource-based policy" if verdict.resource_policy_arn else "an identity-based policy"
        return f"with an explicit deny in {kind}"
    return f"because no {_missing(service, context)}-based policy allows the {context.action} action"


def _missing(service: str, context: Any) -> str:
    """Where a policy that allows the request is missing: resource or identity.

    The resource's own must allow for a key, and for a caller of another account; the identity's is named otherwise.
    """
    found = evaluator._resource_policy(service, context.resource_arn)
    if found is None or (service != "kms" and found[1] in (None, context.principal_account)):
        return "identity"
    own = evaluator.evaluate_resource_policy(found[0], context)
    return "identity" if own.decision == "Allow" else "resource"
