"""What services may do here: with a role they were given, or under a resource's own policy."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, kms

from sagekeep.local import calls, reasons
from sagekeep.local.request import Denial


def role_trusts(role_arn: str, service: str, source_arn: str = "") -> bool:
    """Whether the role exists and its trust policy lets the service assume it for this account."""
    role = iam._roles.get(role_arn.rsplit("/", 1)[-1])
    if role is None or role["Arn"] != role_arn:
        return False
    return policy_allows(trust_policy(role), service, "sts:AssumeRole", role_arn, _source(source_arn))


def trust_policy(role: Mapping[str, Any]) -> dict[str, Any]:
    """A role's trust policy as one of a resource: it names none, since the role is the resource."""
    trust = json.loads(role["AssumeRolePolicyDocument"])
    statements = trust["Statement"] if isinstance(trust["Statement"], list) else [trust["Statement"]]
    return {"Statement": [{**statement, "Resource": "*"} for statement in statements]}


def policy_allows(
    policy: str | dict[str, Any], service: str, action: str, resource: str, keys: Mapping[str, Any]
) -> bool:
    """Whether a resource's policy lets an AWS service act on it; `keys` are the condition keys it sends."""
    return not refusal(policy, service, action, resource, keys)


def refusal(policy: str | dict[str, Any], service: str, action: str, resource: str, keys: Mapping[str, Any]) -> str:
    """Why a resource's policy does not let an AWS service act on it, as `policy_allows`; "" where it does."""
    verdict = evaluator.evaluate_resource_policy(
        policy, _context(service, "AWSService", action, resource, keys), service
    )
    if verdict.decision == "Allow":
        calls.record(service, action, calls.SERVICE, resource, "")
        return ""
    calls.record(service, action, calls.SERVICE, resource, "by the resource's policy")
    if verdict.decision == "Deny":
        return "with an explicit deny in a resource-based policy"
    return f"because no resource-based policy allows the {action} action"


def role_may(role_arn: str, session: str, action: str, resource: str, keys: Mapping[str, Any] | None = None) -> bool:
    """Whether the policies of a role, and the resource's own, allow an action of its session."""
    return not denial(role_arn, session, action, resource, keys)


def denial(role_arn: str, session: str, action: str, resource: str, keys: Mapping[str, Any] | None = None) -> str:
    """Why a role's session may not do this, in AWS's words; "" when it may."""
    name, service = role_arn.rsplit("/", 1)[-1], action.partition(":")[0]
    account_id = get_account_id()
    principal = f"arn:aws:sts::{account_id}:assumed-role/{name}/{session}"
    limits = evaluator._permissions_boundary(iam._roles, name, account_id)
    # A request that names no tags has no aws:TagKeys.
    context = _context(principal, "AssumedRole", action, resource, {"aws:TagKeys": None, **(keys or {})})
    verdict = evaluator.evaluate(context, evaluator._gather_role_policies(name, account_id), *limits)
    own = evaluator._resource_policy(service, resource)
    if own is not None:
        verdict = evaluator.combine_resource_policy(verdict, context, *own, required=service == "kms", limits=limits)
    reason = "" if verdict.decision == "Allow" else reasons.reason(verdict, service, context)
    calls.record(principal, action, calls.SERVICE, resource, reason)
    return Denial(principal, action, resource, reason).message if reason else ""


def service_may_encrypt(service: str, key: str, keys: Mapping[str, Any]) -> bool:
    """Whether a service may write data under a key: make data keys and read them again."""
    record = kms._resolve_key(key)
    if record is None:
        return key.startswith("alias/aws/") or key.endswith(":alias/aws/" + service.partition(".")[0])
    if record["KeyState"] != "Enabled":
        return False
    wanted = ("kms:GenerateDataKey", "kms:Decrypt")
    return all(policy_allows(record["Policy"], service, action, record["Arn"], keys) for action in wanted)


def _source(arn: str) -> dict[str, Any]:
    return {"aws:SourceAccount": get_account_id(), **({"aws:SourceArn": arn} if arn else {})}


def _context(principal: str, kind: str, action: str, resource: str, keys: Mapping[str, Any]) -> Any:
    service = {"aws:principalisawsservice": "true", "aws:principalservicename": principal}
    known = service if kind == "AWSService" else {"aws:principalisawsservice": "false"}
    return evaluator.EvalContext(
        principal_arn=principal,
        principal_type=kind,
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource,
        region=get_region(),
        source_ip=None if kind == "AWSService" else evaluator._request_origin.get()[0],
        secure_transport=True,
        service_context={**known, **{k.lower(): v for k, v in keys.items()}},
    )
