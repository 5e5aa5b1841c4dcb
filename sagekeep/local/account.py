"""The account as it is before anyone touches it: one administrator role, and its sessions."""

from __future__ import annotations

import json
import re
import secrets
import time

from ministack.services import iam, sts

ADMIN_ROLE = "sagekeep-local-admin"
ADMIN_POLICY = "Administrator"
SESSION_SECONDS = 12 * 3600  # the longest that STS grants
_ROLE_ARN = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role(/(?:[\w+=,.@-]+/)*)([\w+=,.@-]{1,64})")


def prepare(account_id: str, deploy_role: str | None) -> str:
    """Create the administrator's role (the deploy role where one is named) and return its ARN.

    Raises:
        ValueError: `deploy_role` is no role ARN of this account.
    """
    arn = deploy_role or f"arn:aws:iam::{account_id}:role/{ADMIN_ROLE}"
    parsed = _ROLE_ARN.fullmatch(arn)
    if parsed is None or parsed[2] != account_id:
        raise ValueError(f"the deploy role must be a role of account {account_id}, not {arn}")
    name = parsed[4]
    trust = _document("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{account_id}:root"})
    everything = _document("*", Resource="*")
    iam._create_role(
        {
            "RoleName": name,
            "Path": parsed[3],
            "AssumeRolePolicyDocument": trust,
            "MaxSessionDuration": str(SESSION_SECONDS),
        }
    )
    iam._put_role_policy({"RoleName": name, "PolicyName": ADMIN_POLICY, "PolicyDocument": everything})
    return arn


def _document(action: str, **members: object) -> str:
    statement = {"Effect": "Allow", "Action": action, **members}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def open_session(role_arn: str, session_name: str) -> dict[str, str]:
    """Credentials of the role for twelve hours, under their environment variables' names."""
    account_id, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    role = iam._roles[name]
    key = "ASIA" + secrets.token_hex(8).upper()
    session = {
        "Arn": f"arn:aws:sts::{account_id}:assumed-role/{name}/{session_name}",
        "UserId": f"{role['RoleId']}:{session_name}",
        "AccountId": account_id,
        "SecretAccessKey": secrets.token_urlsafe(30),
        "SessionToken": secrets.token_urlsafe(120),
        "Expiration": time.time() + SESSION_SECONDS,
    }
    sts.register_session(key, session)
    return {
        "AWS_ACCESS_KEY_ID": key,
        "AWS_SECRET_ACCESS_KEY": str(session["SecretAccessKey"]),
        "AWS_SESSION_TOKEN": str(session["SessionToken"]),
    }
