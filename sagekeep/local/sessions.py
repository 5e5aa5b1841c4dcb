"""Sessions of roles: their credentials, and what is peculiar to one of them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any

from ministack.core import iam_evaluator as evaluator
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import iam, sts

from sagekeep.local import account

REHEARSED = "DryRunOperation"  # EC2's word for it: API_RunInstances, DryRun

_keys: dict[str, Mapping[str, Any]] = {}  # access key -> condition keys that the session's requests have
_rehearsing: set[str] = set()


def open_session(
    role_arn: str, session_name: str, *, keys: Mapping[str, Any] | None = None, rehearse: bool = False
) -> dict[str, str]:
    """Credentials of the role for twelve hours, under their environment variables' names.

    A role of another account is made where it does not exist, with every right: that account's owner is not us.

    Args:
        keys: condition keys of the session's requests, as SageMaker gives them to those of a Studio user.
        rehearse: every request is decided as ever, but one that is allowed is not carried out: it fails with
            DryRunOperation.

    Raises:
        KeyError: this account has no such role.
    """
    account_id, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    foreign = account_id != get_account_id()
    with request_scope(account_id, get_region()):
        if foreign and name not in iam._roles:
            account.prepare(account_id, role_arn)
        role = iam._roles[name]
    key = "ASIA" + secrets.token_hex(8).upper()
    session = {
        "Arn": f"arn:aws:sts::{account_id}:assumed-role/{name}/{session_name}",
        "UserId": f"{role['RoleId']}:{session_name}",
        "AccountId": account_id,
        "SecretAccessKey": secrets.token_urlsafe(30),
        "SessionToken": secrets.token_urlsafe(120),
        "Expiration": time.time() + account.SESSION_SECONDS,
    }
    sts.register_session(key, session)
    if keys:
        _keys[key] = dict(keys)
    if rehearse:
        _rehearsing.add(key)
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": str(session["SecretAccessKey"]),
        "AWS_SESSION_TOKEN": str(session["SessionToken"]),
    }


def keys_of(access_key_id: str) -> Mapping[str, Any]:
    """The condition keys that the session brings."""
    return _keys.get(access_key_id, {})


def rehearsed(access_key_id: str) -> Any:
    """What a rehearsing session is told in the place of the answer; None for all others."""
    if access_key_id not in _rehearsing:
        return None
    return evaluator.AuthError(REHEARSED, "Request would have succeeded, but this session only rehearses.")


def principal(access_key_id: str) -> str:
    """The session's ARN; "anonymous" without a key, the account's root for other callers."""
    session = sts._sessions.get(access_key_id)
    return str(session["Arn"]) if session else evaluator.caller_arn() if access_key_id else "anonymous"
