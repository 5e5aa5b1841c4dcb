"""The account as it is before anyone touches it: one administrator role, and its sessions."""

from __future__ import annotations

import json
import re

from ministack.services import iam

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
