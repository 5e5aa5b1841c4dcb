"""s3:x-amz-server-side-encryption-aws-kms-key-id: ministack leaves it out, so a deny on foreign keys never holds.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html. It is the header as it came: an alias
stays an alias.
"""

from __future__ import annotations

from typing import Any

from ministack.core import iam_actions

_KEY = "x-amz-server-side-encryption-aws-kms-key-id"


def apply() -> None:
    """Add the key to the context of writes."""
    plain = iam_actions.s3_service_context

    def context(iam_action: str, query_params: Any, path: str = "", headers: dict[str, str] | None = None) -> Any:
        keys = dict(plain(iam_action, query_params, path, headers) or {})
        if iam_action == "s3:PutObject" and (headers or {}).get(_KEY):
            keys[f"s3:{_KEY}"] = (headers or {})[_KEY]
        return keys

    iam_actions.s3_service_context = context
