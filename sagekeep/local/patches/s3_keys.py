"""Condition keys of S3 requests that ministack leaves out: the key that an upload names."""

from __future__ import annotations

from typing import Any

from ministack.core import iam_actions

HEADER = "x-amz-server-side-encryption-aws-kms-key-id"


def apply() -> None:
    """Wrap the collection of S3's condition keys; ministack imports the function at each request."""
    plain = iam_actions.s3_service_context

    def context(action: str, query: Any, path: str = "", headers: Any = None) -> dict[str, Any]:
        found = dict(plain(action, query, path, headers) or {})
        named = (headers or {}).get(HEADER)
        if action == "s3:PutObject" and named:
            found[f"s3:{HEADER}"] = named
        return found

    iam_actions.s3_service_context = context
