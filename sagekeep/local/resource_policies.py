"""Policies of keys, buckets, topics and queues: AWS refuses one that names a principal which does not exist.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from ministack.services import iam


@dataclass(frozen=True)
class Refusal:
    """The error code and message that a service answers."""

    code: str
    message: str


_KEY = Refusal("MalformedPolicyDocumentException", "Policy contains a statement with one or more invalid principals.")
_TOPIC = Refusal("InvalidParameter", "Invalid parameter: Policy Error: PrincipalNotFound")
_QUEUE = Refusal("InvalidAttributeValue", "Invalid value for the parameter Policy.")
_MESSAGES = {
    "kms:CreateKey": _KEY,
    "kms:PutKeyPolicy": _KEY,
    "s3:PutBucketPolicy": Refusal("MalformedPolicy", "Invalid principal in policy"),
    "sns:CreateTopic": _TOPIC,
    "sns:SetTopicAttributes": _TOPIC,
    "sqs:CreateQueue": _QUEUE,
    "sqs:SetQueueAttributes": _QUEUE,
}


def refusal(action: str, body: bytes, account_id: str) -> Refusal | None:
    """Why the service refuses this request's policy, or None."""
    if action not in _MESSAGES:
        return None
    policy = _policy(action, body)
    unknown = next((arn for arn in _principals(policy) if not _exists(arn, account_id)), None)
    if unknown is None:
        return None
    known = _MESSAGES[action]
    return Refusal(known.code, f"{known.message} ({unknown} does not exist)")


def _policy(action: str, body: bytes) -> Mapping[str, Any]:
    text = body.decode("utf-8", "replace")
    if action != "s3:PutBucketPolicy":
        text = _member(text)
    try:
        document = json.loads(text or "{}")
    except ValueError:
        return {}  # the service itself says what is wrong with it
    return document if isinstance(document, dict) else {}


def _member(text: str) -> str:
    """The policy in a JSON request (KMS, SQS) or in a form (SNS)."""
    try:
        document = json.loads(text)
        return str(document.get("Policy") or document.get("Attributes", {}).get("Policy") or "")
    except ValueError:
        pairs = dict(parse_qsl(text))
        if pairs.get("AttributeName") == "Policy":
            return pairs.get("AttributeValue", "")
        names = [key for key, value in pairs.items() if key.endswith(".key") and value == "Policy"]
        return pairs.get(names[0].removesuffix("key") + "value", "") if names else ""


def _principals(policy: Mapping[str, Any]) -> Iterator[str]:
    statements = policy.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        for element in ("Principal", "NotPrincipal"):
            named = statement.get(element)
            aws = named.get("AWS", []) if isinstance(named, dict) else []
            yield from [aws] if isinstance(aws, str) else aws


def _exists(principal: str, account_id: str) -> bool:
    """Other accounts' principals cannot be looked up here, and pass."""
    parts = principal.split(":", 5)
    if len(parts) < 6 or parts[4] != account_id:
        return principal == "*" or len(parts) == 6 or (principal.isdigit() and len(principal) == 12)
    kind, _, name = parts[5].partition("/")
    if kind == "root":
        return True
    found = {"role": iam._roles, "user": iam._users}.get(kind, {}).get(name.rsplit("/", 1)[-1])
    return found is not None and found["Arn"] == principal
