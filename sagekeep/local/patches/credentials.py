"""Root: ministack takes the key "test", any account id and no key at all for it, unsigned. Here nobody is root."""

from __future__ import annotations

import os

from ministack.core import iam_evaluator
from ministack.services import sts


def _is_root_access_key(access_key_id: str) -> bool:
    """Only the gateway's own random key, which no client knows."""
    return access_key_id == os.environ["AWS_ACCESS_KEY_ID"]


def apply() -> None:
    """Replace the rule where it is defined and where it was imported by name."""
    iam_evaluator.is_root_access_key = _is_root_access_key
    sts.is_root_access_key = _is_root_access_key
